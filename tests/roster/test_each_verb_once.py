"""The roster's verbs: each is one event in the name of who did it, once however often it is asked; and the last administrator stays."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.roster.conftest import BY_TEST
from watchbill.base.acting import Actor
from watchbill.base.models import News
from watchbill.base.problem import Problem
from watchbill.base.trail import events
from watchbill.base.trail import size as trail_size
from watchbill.roster import limits, models, queries
from watchbill.roster.facts import PersonInfo
from watchbill.roster.rules import ROLES, check_email, check_exposure, check_role, check_slug, check_text, check_tier, last_admin_leaves
from watchbill.roster.services import (
    add_person,
    apply_roster,
    import_codeowners,
    join_team,
    set_active,
    set_role,
    set_service_context,
)
from watchbill.roster.watch import team

ALICE, BOB, DORA, VERA = (f"{name}@saltmarsh.example" for name in ("alice", "bob", "dora", "vera"))
BY_BOB = Actor("token", BOB, "api")

Deed = Callable[[], object]
DEEDS: dict[str, tuple[Deed, str, str]] = {
    "add somebody": (lambda: add_person("eve@saltmarsh.example", "Eve", by=BY_BOB), "person.added", "person:eve@saltmarsh.example"),
    "give a role": (lambda: set_role(ALICE, "security", by=BY_BOB), "person.role_given", f"person:{ALICE}"),
    "let somebody go": (lambda: set_active(ALICE, active=False, by=BY_BOB), "person.deactivated", f"person:{ALICE}"),
    "join a team": (lambda: join_team("platform", ALICE, by=BY_BOB), "team.joined", "team:platform"),
    "answer for a service": (
        lambda: set_service_context("tide-feed", "open", 2, by=BY_BOB),
        "service.changed",
        "service:tide-feed",
    ),
    "read CODEOWNERS": (
        lambda: import_codeowners("saltmarsh/new", "* @saltmarsh/berths", by=BY_BOB),
        "repo.codeowners_read",
        "repo:saltmarsh/new",
    ),
}
REPEATABLE = ["give a role", "let somebody go", "join a team", "read CODEOWNERS"]
NEWS = {"answer for a service": "service.changed", "read CODEOWNERS": "ownership.changed"}


@pytest.mark.parametrize("name", DEEDS)
def test_it_is_one_event_in_the_name_of_who_did_it(company: None, name: str) -> None:
    deed, action, target = DEEDS[name]
    before = trail_size()

    deed()

    (event,) = events(limit=trail_size() - before)
    assert (event.action, event.target) == (action, target)
    assert (event.actor, event.actor_kind, event.source) == (BOB, "token", "api")


@pytest.mark.parametrize("name", REPEATABLE)
def test_asked_again_it_leaves_no_trace(company: None, name: str) -> None:
    deed, _, _ = DEEDS[name]
    deed()
    before = (trail_size(), News.objects.count())

    deed()

    assert (trail_size(), News.objects.count()) == before


@pytest.mark.parametrize("name", DEEDS)
def test_what_others_must_hear_of_is_one_piece_of_news_and_the_rest_is_none(company: None, name: str) -> None:
    last = News.objects.count()

    DEEDS[name][0]()

    told = list(News.objects.order_by("pk").values_list("topic", "subject"))[last:]
    assert told == ([(NEWS[name], DEEDS[name][2])] if name in NEWS else [])


@pytest.mark.parametrize(
    "deed",
    [
        lambda: set_role("nobody@saltmarsh.example", "viewer", by=BY_TEST),
        lambda: set_active("nobody@saltmarsh.example", active=False, by=BY_TEST),
        lambda: join_team("berths", "nobody@saltmarsh.example", by=BY_TEST),
        lambda: join_team("nobody", ALICE, by=BY_TEST),
        lambda: set_service_context("nothing", "open", by=BY_TEST),
        lambda: queries.person("nobody@saltmarsh.example"),
        lambda: queries.person(4711),
        lambda: queries.service("nothing"),
        lambda: queries.policy("nothing"),
        lambda: queries.token(4711),
    ],
)
def test_what_is_not_there_is_not_found_and_leaves_no_trace(company: None, deed: Deed) -> None:
    before = trail_size()

    with pytest.raises(Problem) as caught:
        deed()
    assert (caught.value.code, caught.value.status) == ("not_found", 404)
    assert trail_size() == before


@pytest.mark.parametrize(
    ("deed", "field"),
    [
        (lambda: add_person("no address", "Eve", by=BY_TEST), "email"),
        (lambda: add_person("eve@saltmarsh.example", "E\x00ve", by=BY_TEST), "name"),
        (lambda: add_person("eve@saltmarsh.example", "x" * (limits.NAME_CHARS + 1), by=BY_TEST), "name"),
        (lambda: add_person("eve@saltmarsh.example", "Eve", role="captain", by=BY_TEST), "role"),
        (lambda: add_person("eve@saltmarsh.example", "Eve", zone="Mars/Olympus", by=BY_TEST), "zone"),
        (lambda: set_role(ALICE, "captain", by=BY_TEST), "role"),
        (lambda: set_role(ALICE, "", by=BY_TEST), "role"),
        (lambda: set_service_context("tide-feed", exposure="wide", by=BY_TEST), "exposure"),
        (lambda: set_service_context("tide-feed", tier=5, by=BY_TEST), "tier"),
        (lambda: set_service_context("tide-feed", tier=-1, by=BY_TEST), "tier"),
        (lambda: import_codeowners("saltmarsh/new", "a*b*c*d* @x/y", by=BY_TEST), "codeowners"),
    ],
)
def test_what_can_not_be_is_refused_at_its_field_and_leaves_no_trace(company: None, deed: Deed, field: str) -> None:
    before = (trail_size(), models.Person.objects.count())

    with pytest.raises(Problem) as caught:
        deed()

    assert (caught.value.code, caught.value.field, caught.value.status) == ("invalid", field, 422)
    assert (trail_size(), models.Person.objects.count()) == before


@pytest.mark.parametrize("email", ["alice@saltmarsh.example", "ALICE@SALTMARSH.EXAMPLE", "  Alice@Saltmarsh.example "])
def test_the_same_address_in_any_spelling_is_there_already(company: None, email: str) -> None:
    with pytest.raises(Problem) as caught:
        add_person(email, "Another Alice", by=BY_TEST)
    assert (caught.value.code, caught.value.status) == ("conflict", 409)
    assert queries.person(ALICE).name == "Alice"


# -- the last administrator ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [role for role in ROLES if role != "admin"])
def test_the_only_administrator_gets_no_other_role(company: None, role: str) -> None:
    with pytest.raises(Problem) as caught:
        set_role(DORA, role, by=BY_TEST)
    assert (caught.value.code, caught.value.status) == ("last_admin", 409)
    assert queries.person(DORA).role == "admin"


@pytest.mark.parametrize("way", ["role", "access"])
def test_once_there_is_another_the_first_may_go_and_the_other_may_not(company: None, way: str) -> None:
    set_role(ALICE, "admin", by=BY_TEST)
    leave = (lambda who: set_role(who, "viewer", by=BY_TEST)) if way == "role" else (lambda who: set_active(who, active=False, by=BY_TEST))

    leave(DORA)

    with pytest.raises(Problem) as caught:
        leave(ALICE)
    assert caught.value.code == "last_admin"


@pytest.mark.parametrize("change", ['role = "viewer"', "active = false"])
def test_a_file_does_not_take_the_only_administrator_either(company: None, change: str) -> None:
    with pytest.raises(Problem) as caught:
        apply_roster(f'[[person]]\nemail = "{DORA}"\n{change}', by=BY_TEST)
    assert caught.value.code == "last_admin"
    assert queries.person(DORA).role == "admin"


people = st.lists(
    st.builds(PersonInfo, st.integers(1, 9), st.just("x@x"), st.just("X"), st.sampled_from(ROLES), st.just("UTC"), st.booleans()),
    min_size=1,
    max_size=8,
    unique_by=lambda one: one.id,
)


@given(people)
def test_who_may_leave_always_leaves_an_administrator_if_there_was_one(everybody: list[PersonInfo]) -> None:
    admins = {one.id for one in everybody if one.active and one.role == "admin"}

    for person in everybody:
        refused = last_admin_leaves(person, everybody)
        assert (refused is not None) == (admins == {person.id})


# -- forms --------------------------------------------------------------------------------------------------------------------------


@given(st.text(max_size=80))
def test_a_short_name_that_is_taken_is_lower_case_and_never_begins_or_ends_with_a_hyphen(text: str) -> None:
    try:
        slug = check_slug(text, "slug")
    except Problem:
        return
    assert slug == text == text.lower()
    assert 0 < len(slug) <= limits.SLUG_CHARS
    assert not slug.startswith("-")
    assert not slug.endswith("-")
    assert slug.isascii()


@given(st.text(max_size=60), st.text(max_size=60))
def test_an_address_that_is_taken_is_in_lower_case_and_taken_again_the_same(name: str, host: str) -> None:
    try:
        email = check_email(f"{name}@{host}")
    except Problem:
        return
    assert check_email(email) == email
    assert email.count("@") == 1
    assert email.isprintable()


@given(st.text(max_size=200))
def test_a_text_that_is_taken_can_be_seen_and_has_no_outer_spaces(text: str) -> None:
    try:
        plain = check_text(text, "name")
    except Problem:
        return
    assert plain == plain.strip()
    assert plain.isprintable()
    assert len(plain) <= limits.NAME_CHARS


@pytest.mark.parametrize("tier", range(-2, 8))
def test_tiers(tier: int) -> None:
    if 0 <= tier <= 4:
        assert check_tier(tier) == tier
    else:
        with pytest.raises(Problem):
            check_tier(tier)


@pytest.mark.parametrize(
    ("word", "fine"), [("", True), ("small", True), ("controlled", True), ("open", True), ("Open", False), (" open", False)]
)
def test_exposures(word: str, fine: bool) -> None:
    if fine:
        assert check_exposure(word) == word
    else:
        with pytest.raises(Problem):
            check_exposure(word)


@pytest.mark.parametrize("word", ["", "Admin", "root", "engineer ", "viewer\x00"])
def test_words_that_are_no_roles(word: str) -> None:
    with pytest.raises(Problem) as caught:
        check_role(word, "person[3].role")
    assert caught.value.field == "person[3].role"


def test_who_joins_a_team_stands_last_in_it(company: None) -> None:
    join_team("security", ALICE, by=BY_TEST)

    assert [member.email for member in team("security").members] == [BOB, DORA, ALICE]
    assert set(queries.teams_of(queries.person(ALICE).id)) == {"berths", "security"}


@pytest.mark.parametrize(("exposure", "tier"), [("open", None), (None, 3), ("small", 4)])
def test_only_what_is_answered_changes_and_says_who_and_when(company: None, exposure: str | None, tier: int | None) -> None:
    before = queries.service("berth-board")

    after = set_service_context("berth-board", exposure, tier, by=BY_BOB)

    assert after.exposure == (before.exposure if exposure is None else exposure)
    assert after.tier == (before.tier if tier is None else tier)
    assert after.exposure_set_by == (before.exposure_set_by if exposure is None else BOB)
    assert after.tier_set_by == (before.tier_set_by if tier is None else BOB)


def test_an_answer_taken_back_is_nobodys_answer_any_more(company: None) -> None:
    after = set_service_context("berth-board", "", 0, by=BY_BOB)

    assert (after.exposure, after.tier, after.exposure_set_by, after.tier_set_by) == ("", 0, "", "")
