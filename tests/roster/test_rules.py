"""Roles, names, addresses and tokens: what may be, and who may do what."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchbill.base.problem import Problem
from watchbill.roster import limits, rules
from watchbill.roster.facts import PersonInfo, TokenInfo

NOW = datetime(2026, 6, 1, 9, tzinfo=UTC)


def someone(role: str = "engineer", *, active: bool = True, number: int = 1) -> PersonInfo:
    return PersonInfo(number, f"p{number}@saltmarsh.example", f"Person {number}", role, "UTC", active)


@pytest.mark.parametrize(
    ("role", "actions"),
    [
        ("viewer", {"read"}),
        ("engineer", {"read", "act"}),
        ("security", {"read", "act", "triage", "accept_risk", "configure"}),
        ("admin", {"read", "act", "triage", "accept_risk", "configure", "admin"}),
    ],
)
def test_each_role_may_exactly_this(role: str, actions: set[str]) -> None:
    asked = ["read", "act", "triage", "accept_risk", "configure", "admin"]
    assert {action for action in asked if rules.may(someone(role), action)} == actions


def test_nobody_may_nothing() -> None:
    assert not rules.may(None, "read")


def test_somebody_deactivated_may_nothing() -> None:
    assert not rules.may(someone("admin", active=False), "read")


@given(role=st.text(), action=st.text())
def test_an_unknown_role_or_action_is_never_allowed(role: str, action: str) -> None:
    known = role in rules.ROLES and action in rules.ALLOWS["admin"]
    assert known or not rules.may(someone(role), action)


def test_a_refusal_says_who_may_instead() -> None:
    with pytest.raises(Problem) as told:
        rules.require(someone("engineer"), "accept_risk")
    assert told.value.status == 403
    assert "an engineer, and may not sign an acceptance of risk" in told.value.detail
    assert "an administrator or in the security role" in told.value.remedy


def test_a_refusal_to_nobody_gives_no_name() -> None:
    with pytest.raises(Problem, match="Nobody who may is signed in"):
        rules.require(None, "read")


def test_an_action_that_no_role_may_is_refused_too() -> None:
    with pytest.raises(Problem) as told:
        rules.require(someone("admin"), "fly")
    assert told.value.remedy == "No role may do this."


def test_who_may_is_let_through() -> None:
    rules.require(someone("viewer"), "read")


@pytest.mark.parametrize("slug", ["a", "berth-board", "4x4", "a" * limits.SLUG_CHARS])
def test_a_short_name_is_taken_as_it_is(slug: str) -> None:
    assert rules.check_slug(slug, "team[0].slug") == slug


@pytest.mark.parametrize("slug", ["", "Berths", "a b", "-a", "a-", "a/b", "a\n", "é", "a" * (limits.SLUG_CHARS + 1), "../x"])
def test_what_can_not_be_a_short_name_is_refused_at_its_place(slug: str) -> None:
    with pytest.raises(Problem) as told:
        rules.check_slug(slug, "team[0].slug")
    assert told.value.field == "team[0].slug"


def test_an_address_is_kept_in_lower_case() -> None:
    assert rules.check_email(" Alice@Saltmarsh.Example ") == "alice@saltmarsh.example"


@pytest.mark.parametrize(
    "email", ["", "alice", "alice@", "@x", "a b@x", "a@b@c", "a@x\r\nBcc: y@z", "<a@x>", "a@x,b@y", "a\u202e@x", "a" * 251 + "@x.y"]
)
def test_what_is_no_address_is_refused(email: str) -> None:
    with pytest.raises(Problem, match="not an e-mail address"):
        rules.check_email(email)


@pytest.mark.parametrize("text", ["a\x00b", "a\x1b[31m", "a\u202eb", "a\nb"])
def test_text_with_characters_that_can_not_be_seen_is_refused(text: str) -> None:
    with pytest.raises(Problem, match="can't be seen"):
        rules.check_text(text, "name")


def test_text_of_the_longest_length_is_taken_and_one_more_is_not() -> None:
    assert rules.check_text("x" * limits.NAME_CHARS, "name")
    with pytest.raises(Problem, match="characters long"):
        rules.check_text("x" * (limits.NAME_CHARS + 1), "name")


def test_names_in_any_script_are_taken() -> None:
    assert rules.check_text("  Łukasz 李 ", "name") == "Łukasz 李"


@pytest.mark.parametrize("tier", [0, 1, 4])
def test_tiers_are_one_to_four_and_zero_for_unknown(tier: int) -> None:
    assert rules.check_tier(tier) == tier


@pytest.mark.parametrize("tier", [-1, 5])
def test_other_tiers_are_refused(tier: int) -> None:
    with pytest.raises(Problem, match="not a tier"):
        rules.check_tier(tier)


def test_an_unknown_exposure_is_refused() -> None:
    with pytest.raises(Problem, match="not an exposure"):
        rules.check_exposure("public")


def test_an_unknown_role_is_refused() -> None:
    with pytest.raises(Problem) as told:
        rules.check_role("root", "person[2].role")
    assert told.value.field == "person[2].role"


def test_an_override_lasts_at_most_a_quarter_of_a_year() -> None:
    rules.check_span(NOW, NOW + timedelta(days=limits.OVERRIDE_DAYS))
    with pytest.raises(Problem, match="too long"):
        rules.check_span(NOW, NOW + timedelta(days=limits.OVERRIDE_DAYS, seconds=1))


def test_an_override_ends_after_it_starts() -> None:
    with pytest.raises(Problem, match="ends before it starts"):
        rules.check_span(NOW, NOW)


def test_an_override_without_an_offset_is_refused() -> None:
    with pytest.raises(Problem, match="instants"):
        rules.check_span(NOW.replace(tzinfo=None), NOW)


# ---- tokens


def token(**changes: object) -> TokenInfo:
    fields: dict[str, object] = {
        "id": 1,
        "name": "ci",
        "person_email": "p1@saltmarsh.example",
        "scopes": ("read", "send"),
        "expires": NOW + timedelta(days=1),
        "created": NOW,
        "last_used": None,
        "hint": "wbk_abcd",
    }
    return TokenInfo(**{**fields, **changes})  # type: ignore[arg-type]  # a test's shorthand


def test_a_token_counts_until_it_expires() -> None:
    assert rules.token_counts(token(), someone(), NOW + timedelta(days=1) - timedelta(microseconds=1))
    assert not rules.token_counts(token(), someone(), NOW + timedelta(days=1))


def test_a_revoked_token_counts_for_nothing() -> None:
    assert not rules.token_counts(token(revoked=True), someone(), NOW)


def test_a_token_of_somebody_deactivated_counts_for_nothing() -> None:
    assert not rules.token_counts(token(), someone(active=False), NOW)


def test_a_token_loses_the_scopes_that_its_holder_may_no_longer_use() -> None:
    assert rules.allowed_scopes(("read", "act", "send", "admin"), someone("viewer")) == ("read",)
    assert rules.allowed_scopes(("read", "act", "send", "admin"), someone("admin")) == ("read", "act", "send", "admin")


def test_a_token_with_no_scope_left_counts_for_nothing() -> None:
    assert not rules.token_counts(token(scopes=("admin",)), someone("viewer"), NOW)


def test_scopes_are_put_in_order_and_once() -> None:
    assert rules.check_scopes(["send", "read", "send"], someone()) == ("read", "send")


def test_a_token_without_a_scope_is_refused() -> None:
    with pytest.raises(Problem, match="at least one scope"):
        rules.check_scopes([], someone())


def test_an_unknown_scope_is_refused() -> None:
    with pytest.raises(Problem, match="'write' is not a scope"):
        rules.check_scopes(["write"], someone("admin"))


def test_nobody_makes_a_token_that_may_more_than_they_do() -> None:
    with pytest.raises(Problem) as told:
        rules.check_scopes(["admin"], someone("security"))
    assert told.value.status == 403


@pytest.mark.parametrize("days", [0, -1, limits.TOKEN_MAX_DAYS + 1])
def test_no_token_is_without_an_end(days: int) -> None:
    with pytest.raises(Problem, match="can't live"):
        rules.check_days(days)


def test_the_longest_life_of_a_token_is_allowed() -> None:
    assert rules.check_days(limits.TOKEN_MAX_DAYS) == timedelta(days=limits.TOKEN_MAX_DAYS)


def test_a_hash_tells_nothing_of_the_token_and_a_hint_only_its_first_letters() -> None:
    raw = "wbk_abcdefghijklmnopqrstuvwxyz"
    assert rules.token_hint(raw) == "wbk_abcd"
    assert "abcd" not in rules.token_hash(raw)
    assert len(rules.token_hash(raw)) == 64


# ---- the last administrator


def test_the_last_administrator_can_not_leave() -> None:
    dora, alice = someone("admin", number=1), someone("engineer", number=2)
    problem = rules.last_admin_leaves(dora, [dora, alice])
    assert problem is not None
    assert problem.code == "last_admin"


def test_one_of_two_administrators_can_leave() -> None:
    assert rules.last_admin_leaves(someone("admin", number=1), [someone("admin", number=1), someone("admin", number=2)]) is None


def test_a_deactivated_administrator_does_not_count_as_another() -> None:
    gone = someone("admin", number=2, active=False)
    assert rules.last_admin_leaves(someone("admin", number=1), [someone("admin", number=1), gone]) is not None


def test_who_is_no_administrator_can_leave() -> None:
    assert rules.last_admin_leaves(someone("engineer"), [someone("engineer")]) is None
