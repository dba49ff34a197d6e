"""Applying a roster file: all or nothing, once, in words, and in the trail."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.roster.conftest import BY_TEST, COMPANY
from watchbill.base import clock
from watchbill.base import models as floor
from watchbill.base.newsroom import deliver_due, subscribe
from watchbill.base.problem import Problem
from watchbill.base.subscriptions import NewsItem, remove
from watchbill.base.trail import TrailEvent
from watchbill.base.trail import events as trail_events
from watchbill.roster import models, queries
from watchbill.roster.services import add_override, add_person, apply_roster, set_active, set_service_context

pytestmark = pytest.mark.django_db


@pytest.fixture
def heard() -> Iterator[list[NewsItem]]:
    """News of the roster, as a room above would hear it."""
    items: list[NewsItem] = []
    subscribe("*", "test.listener", items.append)
    yield items
    remove("test.listener")


def apply(text: str, **how: bool) -> tuple[str, ...]:
    return apply_roster(text, by=BY_TEST, **how).lines


def counts() -> dict[str, int]:
    kinds: tuple[Any, ...] = (
        models.Person,
        models.Team,
        models.Service,
        models.Layer,
        models.Override,
        models.PolicyStep,
        models.Membership,
    )
    return {kind.__name__: kind.objects.count() for kind in kinds}


def events(action: str) -> list[TrailEvent]:
    return trail_events(action=action, limit=1000)[::-1]


def test_a_company_stands_after_one_apply(company: None) -> None:
    assert queries.company() == queries.CompanyInfo("Saltmarsh", "security", "security")
    assert [person.name for person in queries.people()] == ["Alice", "Bob", "Dora", "Vera"]
    assert [team.slug for team in queries.teams()] == ["berths", "platform", "security"]
    assert queries.service("berth-board").team == "berths"


def test_the_same_file_again_changes_nothing(company: None) -> None:
    before, trail = counts(), floor.AuditEvent.objects.count()
    diff = apply_roster(COMPANY, by=BY_TEST)
    assert (diff.lines, diff.changed) == ((), 0)
    assert (counts(), floor.AuditEvent.objects.count()) == (before, trail)


def test_the_same_file_again_with_pruning_changes_nothing(company: None) -> None:
    first = apply("prune = true\n" + COMPANY)
    assert apply("prune = true\n" + COMPANY) == ()
    assert first == ()


def test_a_dry_run_says_the_same_as_the_real_one_and_writes_nothing(db: None, clock: object) -> None:
    before = counts()
    tried = apply(COMPANY, dry_run=True)
    assert counts() == before
    assert floor.AuditEvent.objects.count() == 0
    assert apply(COMPANY) == tried


def test_a_change_is_told_in_one_line(company: None) -> None:
    assert apply("[[service]]\nslug='berth-board'\nexposure='small'") == ("~ service berth-board exposure open -> small",)
    assert queries.service("berth-board").exposure == "small"


def test_a_wrong_reference_is_named_with_its_path_and_nothing_is_written(company: None) -> None:
    before = counts()
    with pytest.raises(Problem) as told:
        apply("[[team]]\nslug='new'\n[[service]]\nslug='x'\nteam='new'\n[[service]]\nslug='y'\nteam='nwe'")
    assert told.value.field == "service[1].team"
    assert counts() == before


def test_an_error_in_the_last_line_leaves_the_first_undone(company: None) -> None:
    with pytest.raises(Problem):
        apply("[[team]]\nslug='new'\n[[rule]]\nteam='new'\n")
    assert not models.Team.objects.filter(slug="new").exists()


def test_what_the_file_leaves_out_is_left_alone(company: None) -> None:
    apply("[[person]]\nemail='alice@saltmarsh.example'\nname='Alice Duarte'")
    alice = queries.person("alice@saltmarsh.example")
    assert (alice.name, alice.zone, alice.handle) == ("Alice Duarte", "Europe/Amsterdam", "@alice")
    assert len(queries.people()) == 4


def test_members_are_the_whole_list_and_keep_its_order(company: None) -> None:
    apply("[[team]]\nslug='berths'\nmembers=['vera@saltmarsh.example','alice@saltmarsh.example']")
    assert [person.name for person in queries.team("berths").members] == ["Vera", "Alice"]
    apply("[[team]]\nslug='berths'\nmembers=['vera@saltmarsh.example']")
    assert [person.name for person in queries.team("berths").members] == ["Vera"]


def test_layers_are_the_whole_list_of_a_schedule_that_gives_them(company: None) -> None:
    text = "[[schedule]]\nslug='security'\nlayer=[{name='Days',people=['bob@saltmarsh.example'],every='daily',starts=2026-01-05T08:00:00}]"
    assert apply(text) == ("+ layer security/Days", "- layer security/Always")
    assert [layer.name for layer in queries.schedule("security").layers] == ["Days"]


def test_the_order_of_layers_is_that_of_the_file(company: None) -> None:
    one = "{name='A',people=['bob@saltmarsh.example'],every='daily',starts=2026-01-05T08:00:00}"
    two = one.replace("'A'", "'B'")
    apply(f"[[schedule]]\nslug='security'\nlayer=[{one},{two}]")
    assert apply(f"[[schedule]]\nslug='security'\nlayer=[{two},{one}]") == (
        "~ layer security/B position 1 -> 0",
        "~ layer security/A position 0 -> 1",
    )
    assert [layer.name for layer in queries.schedule("security").layers] == ["B", "A"]


def test_steps_of_a_policy_are_the_whole_list(company: None) -> None:
    apply("[[policy]]\nslug='berths-urgent'\nstep=[{notify=['team:berths'],wait='1m'}]")
    found = queries.policy("berths-urgent")
    assert found.steps == (queries.PolicyStep(60, ("team:berths",)),)
    assert found.repeat == 2


def test_a_pruning_file_removes_the_rest_and_deactivates_people(company: None) -> None:
    lines = apply(
        """
prune = true
[company]
security_team = "security"
[[person]]
email = "dora@saltmarsh.example"
role = "admin"
[[team]]
slug = "security"
policy = ""
members = []
[[schedule]]
slug = "security"
layer = []
"""
    )
    assert "- service berth-board" in lines
    assert "- person alice@saltmarsh.example" in lines
    assert "- policy berths-urgent" in lines
    assert [service.slug for service in queries.services()] == []
    assert not queries.person("alice@saltmarsh.example").active


def test_somebody_deactivated_comes_back_when_the_file_names_them_again(company: None) -> None:
    set_active("alice@saltmarsh.example", False, by=BY_TEST)
    assert apply("[[person]]\nemail='alice@saltmarsh.example'") == ("~ person alice@saltmarsh.example active no -> yes",)


def test_the_last_administrator_can_not_be_taken_by_a_file(company: None) -> None:
    for text in ("[[person]]\nemail='dora@saltmarsh.example'\nrole='viewer'", "[[person]]\nemail='dora@saltmarsh.example'\nactive=false"):
        with pytest.raises(Problem, match="Nobody would be left"):
            apply(text)


def test_the_last_administrator_can_hand_over_in_one_file(company: None) -> None:
    apply("[[person]]\nemail='dora@saltmarsh.example'\nrole='viewer'\n[[person]]\nemail='bob@saltmarsh.example'\nrole='admin'")
    assert queries.person("bob@saltmarsh.example").role == "admin"


def test_a_file_may_not_prune_the_last_administrator(company: None) -> None:
    text = COMPANY.replace('role = "admin"', 'role = "admin"\nactive = true').replace("dora@", "dorothy@")
    assert "- person dora@saltmarsh.example" in apply("prune = true\n" + text)
    with pytest.raises(Problem, match="Nobody would be left"):
        apply("prune = true\n" + text.replace('role = "admin"', 'role = "viewer"'))


def test_overrides_of_a_file_are_added_once_and_kept_unless_pruned(company: None, clock: Any) -> None:
    text = (
        "[[schedule]]\nslug='security'\n[[schedule.override]]\nperson='alice@saltmarsh.example'\n"
        "start=2026-06-02T09:00:00Z\nend=2026-06-02T17:00:00Z\nreason='swap'"
    )
    key = "security/2026-06-02T09:00:00Z..2026-06-02T17:00:00Z alice@saltmarsh.example"
    assert apply(text) == (f"+ override {key}",)
    assert apply(text) == ()
    assert apply(COMPANY) == ()
    assert apply("prune = true\n" + COMPANY) == (f"- override {key}",)


def test_an_override_that_is_over_is_history_and_stays(company: None, clock: Any) -> None:
    start, end = datetime(2026, 6, 1, 10, tzinfo=UTC), datetime(2026, 6, 1, 12, tzinfo=UTC)
    add_override("security", "alice@saltmarsh.example", start, end, by=BY_TEST)
    clock.forward(hours=5)
    assert apply("prune = true\n" + COMPANY) == ()
    assert models.Override.objects.count() == 1


def test_rules_keep_the_order_of_the_file(company: None) -> None:
    apply("[[rule]]\npath='/a/**'\nteam='berths'\n[[rule]]\nservice='berth-*'\nteam='platform'")
    assert queries.owner_of(service="berth-board", path="a/x").team == "platform"
    apply("[[rule]]\nservice='berth-*'\nteam='platform'\n[[rule]]\npath='/a/**'\nteam='berths'")
    assert queries.owner_of(service="berth-board", path="a/x").team == "berths"


def test_who_answers_for_a_service_is_the_files_word_or_who_applied_it(company: None, clock: Any) -> None:
    before = queries.service("berth-board")
    assert (before.tier_set_by, before.exposure_set_by) == ("alice@saltmarsh.example", "alice@saltmarsh.example")
    assert before.tier_set_at == datetime(2026, 3, 11, tzinfo=UTC)
    apply("[[service]]\nslug='berth-board'\nexposure='small'")
    after = queries.service("berth-board")
    assert (after.tier_set_by, after.exposure_set_by) == ("alice@saltmarsh.example", "dora@saltmarsh.example")
    assert after.exposure_set_at == datetime(2026, 6, 1, 9, tzinfo=UTC)


def test_a_file_takes_back_what_was_set_on_a_page(company: None) -> None:
    set_service_context("berth-board", "small", by=BY_TEST)
    lines = apply(COMPANY)
    assert "~ service berth-board exposure small -> open" in lines
    assert queries.service("berth-board").exposure_set_by == "alice@saltmarsh.example"
    assert apply(COMPANY) == ()


def test_every_change_has_its_event_and_the_whole_has_one(company: None) -> None:
    whole = events("roster.applied")
    assert len(whole) == 1
    assert whole[0].actor == "dora@saltmarsh.example"
    assert "+ team berths" in whole[0].body["lines"]
    assert events("person.added")[0].target == "person:alice@saltmarsh.example"
    assert {event.target for event in events("service.added")} == {"service:berth-board", "service:tide-feed"}


def test_the_event_of_a_change_says_before_and_after(company: None) -> None:
    apply("[[service]]\nslug='berth-board'\ntier=2")
    (event,) = events("service.changed")
    assert event.body["tier"] == "1 -> 2"


def test_a_long_text_is_in_the_trail_by_its_hash_only(company: None) -> None:
    (event,) = events("repo.added")
    assert "sha256" in event.body["codeowners"]
    assert "nobody-knows" not in str(event.body)


def test_a_diff_too_long_for_one_event_is_cut_and_says_so(db: None, clock: object) -> None:
    people = "".join(f"[[person]]\nemail='person-number-{number}@saltmarsh.example'\nname='P'\n" for number in range(600))
    assert len(apply(people)) == 600
    (event,) = events("roster.applied")
    assert len("".join(event.body["lines"])) < 16 * 1024
    assert event.body["lines"][-1].endswith("more")


def test_a_file_that_changes_nothing_leaves_no_event(company: None) -> None:
    apply(COMPANY)
    assert len(events("roster.applied")) == 1


def test_a_changed_service_is_news_and_the_whole_file_too(company: None, heard: list[NewsItem]) -> None:
    apply("[[service]]\nslug='berth-board'\nexposure='small'")
    deliver_due(clock.now())
    assert [(item.topic, item.subject) for item in heard] == [("service.changed", "service:berth-board"), ("roster.changed", "company:own")]
    assert heard[0].body["fields"] == ["exposure"]


def test_a_dry_run_is_no_news(company: None, heard: list[NewsItem]) -> None:
    apply("[[service]]\nslug='berth-board'\nexposure='small'", dry_run=True)
    deliver_due(clock.now())
    assert heard == []


def test_a_person_added_by_a_file_has_no_password(company: None) -> None:
    assert not models.Person.objects.get(email="alice@saltmarsh.example").has_usable_password()


def test_a_file_does_not_touch_a_password(company: None) -> None:
    add_person("erik@saltmarsh.example", "Erik", password="correct horse battery", by=BY_TEST)
    apply("[[person]]\nemail='erik@saltmarsh.example'\nname='Erik the Red'")
    erik = models.Person.objects.get(email="erik@saltmarsh.example")
    assert erik.check_password("correct horse battery")
    assert erik.name == "Erik the Red"


def test_an_explicit_rule_can_be_pruned(company: None) -> None:
    text = COMPANY.partition("[[rule]]")[0]
    assert apply("prune = true\n" + text) == ("- rule path=/.github/workflows/**",)


def test_a_step_can_page_a_person_a_schedule_and_a_team(company: None) -> None:
    apply("[[policy]]\nslug='all'\nstep=[{notify=['person:bob@saltmarsh.example','schedule:berths','team:platform']}]")
    assert queries.policy("all").steps[0].targets == ("person:bob@saltmarsh.example", "schedule:berths", "team:platform")
