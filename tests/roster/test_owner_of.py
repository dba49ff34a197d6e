"""Who owns it, from the tables: the right repository, the right service, and the sentence."""

import pytest

from tests.roster.conftest import BY_TEST
from watchbill.base.problem import Problem
from watchbill.roster import queries
from watchbill.roster.services import apply_roster, import_codeowners

pytestmark = pytest.mark.django_db


def test_codeowners_of_the_services_one_repository_decides(company: None) -> None:
    found = queries.owner_of(service="berth-board", path="apps/board/package-lock.json")
    assert (found.team, found.service, found.origin, found.line) == ("berths", "berth-board", "codeowners", 2)
    assert found.rule == "`/apps/**` belongs to Berths (CODEOWNERS, line 2)."


def test_a_repository_of_one_service_stands_for_it(company: None) -> None:
    assert queries.owner_of(repo="saltmarsh/berth-board", path="free/x").service == "berth-board"


def test_a_repository_of_two_services_stands_for_neither(company: None) -> None:
    apply_roster("[[service]]\nslug='tide-feed'\nrepos=['saltmarsh/berth-board']", by=BY_TEST)
    assert queries.owner_of(repo="saltmarsh/berth-board", path="apps/x").service == ""


def test_a_service_with_two_repositories_needs_the_repository_named(company: None) -> None:
    apply_roster(
        "[[repo]]\nname='saltmarsh/other'\n[[service]]\nslug='berth-board'\nrepos=['saltmarsh/berth-board','saltmarsh/other']", by=BY_TEST
    )
    assert queries.owner_of(service="berth-board", path="apps/x").origin == "service"
    assert queries.owner_of(service="berth-board", repo="saltmarsh/berth-board", path="apps/x").origin == "codeowners"


def test_an_explicit_rule_wins(company: None) -> None:
    found = queries.owner_of(service="berth-board", path=".github/workflows/build.yml")
    assert (found.team, found.origin) == ("platform", "rule")


def test_a_person_in_codeowners_stands_for_their_one_team(company: None) -> None:
    assert queries.owner_of(service="berth-board", path="mine.txt").team == "berths"


def test_a_person_in_two_teams_stands_for_neither(company: None) -> None:
    apply_roster("[[team]]\nslug='platform'\nmembers=['alice@saltmarsh.example']", by=BY_TEST)
    found = queries.owner_of(service="berth-board", path="mine.txt")
    assert found.origin == "service"
    assert "whom the roster doesn't know" in found.rule


def test_a_handle_in_codeowners_is_the_person(company: None) -> None:
    import_codeowners("saltmarsh/berth-board", "* @Alice\n", by=BY_TEST)
    assert queries.owner_of(service="berth-board", path="x").team == "berths"


def test_an_unknown_team_in_codeowners_is_named_and_passed_over(company: None) -> None:
    found = queries.owner_of(service="berth-board", path="odd/x")
    assert found.team == "berths"
    assert "@saltmarsh/nobody-knows (CODEOWNERS, line 3)" in found.rule


def test_a_service_without_a_path_is_its_teams(company: None) -> None:
    found = queries.owner_of(service="tide-feed")
    assert (found.team, found.origin) == ("platform", "service")


def test_what_nobody_knows_goes_to_the_security_team(company: None) -> None:
    found = queries.owner_of(service="ghost", repo="elsewhere/x", path="a/b")
    assert (found.team, found.service, found.origin) == ("security", "ghost", "fallback")


def test_before_there_is_a_company_security_is_there_already(db: None) -> None:
    found = queries.owner_of(path="x")
    assert (found.team, found.origin) == ("security", "fallback")
    assert queries.team("security").name == "Security"
    assert queries.schedule(queries.security_schedule()).layers == ()
    assert [step.targets for step in queries.policy("security").steps] == [("schedule:security",), ("team:security",)]


def test_reading_codeowners_again_changes_the_owner(company: None) -> None:
    assert import_codeowners("saltmarsh/berth-board", "* @saltmarsh/platform\n", by=BY_TEST) == 1
    assert queries.owner_of(service="berth-board", path="apps/x").team == "platform"


def test_codeowners_that_can_not_be_used_leaves_the_former_one(company: None) -> None:
    with pytest.raises(Problem, match="Line 1"):
        import_codeowners("saltmarsh/berth-board", "[oops @x\n", by=BY_TEST)
    assert queries.owner_of(service="berth-board", path="apps/x").line == 2


def test_codeowners_makes_a_new_repository_known(company: None) -> None:
    import_codeowners("saltmarsh/new", "* @saltmarsh/platform\n", by=BY_TEST)
    assert queries.owner_of(repo="saltmarsh/new", path="x").team == "platform"


def test_policies_go_from_the_service_to_its_team_to_security(company: None) -> None:
    assert queries.policy_for_service("berth-board").slug == "berths-urgent"
    assert queries.policy_for_service("tide-feed").slug == "security"
    assert queries.policy_for_service("ghost").slug == "security"
    apply_roster("[[service]]\nslug='tide-feed'\npolicy='berths-urgent'", by=BY_TEST)
    assert queries.policy_for_service("tide-feed").slug == "berths-urgent"


def test_a_policy_is_told_with_its_steps(company: None) -> None:
    found = queries.policy("berths-urgent")
    assert (found.name, found.repeat) == ("Berths, urgent", 2)
    assert found.steps == (
        queries.PolicyStep(600, ("schedule:berths",)),
        queries.PolicyStep(30, ("schedule:security", "person:dora@saltmarsh.example")),
    )


def test_an_unknown_policy_is_not_found(company: None) -> None:
    with pytest.raises(Problem) as told:
        queries.policy("nope")
    assert told.value.status == 404
    assert [found.slug for found in queries.policies()] == ["berths-urgent", "security"]
