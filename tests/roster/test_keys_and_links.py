"""Tokens and sign-in links at their edges: scopes, ends, revoking, last use; a link that opens once, for a day."""

from datetime import timedelta
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import SettableClock
from tests.roster.conftest import BY_TEST
from watchbill.base.acting import Actor
from watchbill.base.models import Fact
from watchbill.base.problem import Problem
from watchbill.base.trail import events
from watchbill.base.trail import size as trail_size
from watchbill.roster import limits, models, queries
from watchbill.roster.facts import PersonInfo
from watchbill.roster.rules import ALLOWS, SCOPES, TOKEN_PREFIX, allowed_scopes, check_days, check_scopes, may, token_hash, token_hint
from watchbill.roster.services import create_token, note_token_used, revoke_token, set_active, set_role
from watchbill.roster.sign_in_links import issue, look, redeem

ALICE, BOB, DORA, VERA = (f"{name}@saltmarsh.example" for name in ("alice", "bob", "dora", "vera"))
HOLDERS = {"viewer": VERA, "engineer": ALICE, "security": BOB, "admin": DORA}
MAY_HAVE = {
    "viewer": {"read"},
    "engineer": {"read", "act", "send"},
    "security": {"read", "act", "send"},
    "admin": {"read", "act", "send", "admin"},
}


def somebody(role: str, active: bool = True) -> PersonInfo:
    return PersonInfo(1, "x@saltmarsh.example", "X", role, "UTC", active)


@pytest.mark.parametrize("role", HOLDERS)
@pytest.mark.parametrize("scope", SCOPES)
def test_which_role_may_have_which_scope(company: None, role: str, scope: str) -> None:
    if scope in MAY_HAVE[role]:
        token, raw = create_token("ci", HOLDERS[role], (scope,), by=BY_TEST)
        found = queries.token_holder(raw)
        assert found is not None
        assert (found.id, found.scopes) == (token.id, (scope,))
        return
    with pytest.raises(Problem) as caught:
        create_token("ci", HOLDERS[role], (scope,), by=BY_TEST)
    assert (caught.value.code, caught.value.status) == ("forbidden", 403)


@pytest.mark.parametrize("role", HOLDERS)
def test_every_set_of_scopes_is_taken_only_if_each_is(role: str) -> None:
    for size in range(1, len(SCOPES) + 1):
        for wanted in combinations(SCOPES, size):
            if set(wanted) <= MAY_HAVE[role]:
                assert check_scopes(reversed(wanted), somebody(role)) == wanted
            else:
                with pytest.raises(Problem):
                    check_scopes(wanted, somebody(role))


@pytest.mark.parametrize("scopes", [(), ("",), ("write",), ("read", "root"), ("READ",), ("*",)])
def test_no_scope_or_an_unknown_one_is_refused_at_its_field(company: None, scopes: tuple[str, ...]) -> None:
    with pytest.raises(Problem) as caught:
        create_token("ci", DORA, scopes, by=BY_TEST)
    assert (caught.value.code, caught.value.field, caught.value.status) == ("invalid", "scopes", 422)
    assert not models.ApiToken.objects.exists()


@pytest.mark.parametrize(
    ("days", "fine"), [(-1, False), (0, False), (1, True), (limits.TOKEN_MAX_DAYS, True), (limits.TOKEN_MAX_DAYS + 1, False)]
)
def test_how_long_a_token_may_live(days: int, fine: bool) -> None:
    if fine:
        assert check_days(days) == timedelta(days=days)
        return
    with pytest.raises(Problem) as caught:
        check_days(days)
    assert caught.value.field == "days"


def test_the_second_before_its_end_it_opens_and_at_its_end_it_does_not(company: None, clock: SettableClock) -> None:
    token, raw = create_token("ci", ALICE, days=1, by=BY_TEST)
    assert token.expires == clock.now() + timedelta(days=1)

    clock.set(token.expires - timedelta(seconds=1))
    assert queries.token_holder(raw) is not None
    clock.set(token.expires)
    assert queries.token_holder(raw) is None


@pytest.mark.parametrize(
    "raw", ["", TOKEN_PREFIX, "x", TOKEN_PREFIX + "x" * 5_000, "\x00", "\u202e", "Bearer x", TOKEN_PREFIX + "\u00fc", "' OR 1=1 --"]
)
def test_letters_from_outside_open_nothing_and_break_nothing(company: None, raw: str) -> None:
    create_token("ci", ALICE, by=BY_TEST)

    assert queries.token_holder(raw) is None


def test_a_token_with_one_letter_changed_opens_nothing(company: None) -> None:
    _, raw = create_token("ci", ALICE, by=BY_TEST)

    assert queries.token_holder(raw[:-1] + ("a" if raw[-1] != "a" else "b")) is None
    assert queries.token_holder(raw.upper()) is None
    assert queries.token_holder(raw + " ") is None


def test_no_two_tokens_are_alike_and_none_stands_in_the_tables_or_the_trail(company: None) -> None:
    raws = {create_token(f"ci-{number}", ALICE, by=BY_TEST)[1] for number in range(20)}

    assert len(raws) == 20
    kept = "".join(f"{row.hash}{row.hint}{row.name}" for row in models.ApiToken.objects.all())
    told = "".join(str(event) for event in events(limit=100))
    assert not any(raw in kept or raw in told or raw.removeprefix(TOKEN_PREFIX) in told for raw in raws)


@given(st.text(max_size=80))
def test_a_hint_never_gives_the_whole_away_and_a_hash_has_64_digits(secret: str) -> None:
    raw = TOKEN_PREFIX + secret

    assert len(token_hint(raw)) <= len(TOKEN_PREFIX) + 4
    if secret.isascii():
        assert len(token_hash(raw)) == 64


@given(st.sampled_from(sorted(ALLOWS)), st.lists(st.sampled_from([*SCOPES, "root", ""]), max_size=6), st.booleans())
def test_a_token_never_may_more_than_its_holder(role: str, scopes: list[str], active: bool) -> None:
    left = allowed_scopes(scopes, somebody(role, active))

    assert set(left) <= (MAY_HAVE[role] if active else set())
    assert set(left) <= set(scopes)


def test_making_and_revoking_is_one_event_each_in_the_name_of_who_did_it(company: None) -> None:
    token, _ = create_token("ci", ALICE, by=BY_TEST)
    revoke_token(token.id, by=Actor("person", BOB, "web"))
    revoke_token(token.id, by=Actor("person", BOB, "web"))

    told = [(event.action, event.actor) for event in reversed(events(target=f"token:{token.id}"))]
    assert told == [("token.created", BY_TEST.name), ("token.revoked", BOB)]


def test_revoking_one_leaves_the_others(company: None) -> None:
    first, _ = create_token("one", ALICE, by=BY_TEST)
    _, raw = create_token("two", ALICE, by=BY_TEST)

    revoke_token(first.id, by=BY_TEST)

    assert queries.token_holder(raw) is not None


def test_revoking_what_never_was_is_not_found(company: None) -> None:
    with pytest.raises(Problem) as caught:
        revoke_token(4711, by=BY_TEST)
    assert (caught.value.code, caught.value.status) == ("not_found", 404)


def test_tokens_that_ended_make_room_for_new_ones(company: None, clock: SettableClock) -> None:
    made = [create_token(f"ci-{number}", ALICE, days=1, by=BY_TEST)[0] for number in range(limits.TOKENS_PER_PERSON)]
    with pytest.raises(Problem) as caught:
        create_token("one too many", ALICE, by=BY_TEST)
    assert caught.value.status == 409

    revoke_token(made[0].id, by=BY_TEST)
    create_token("in its place", ALICE, days=1, by=BY_TEST)
    clock.forward(days=1)
    create_token("the day after", ALICE, by=BY_TEST)


@pytest.mark.parametrize("what", ["deactivated", "let in again", "made a viewer"])
def test_what_happens_to_the_holder_happens_to_the_token(company: None, what: str) -> None:
    _, raw = create_token("ci", ALICE, ("read", "act"), by=BY_TEST)
    if what == "made a viewer":
        set_role(ALICE, "viewer", by=BY_TEST)
    else:
        set_active(ALICE, active=False, by=BY_TEST)
    if what == "let in again":
        set_active(ALICE, active=True, by=BY_TEST)

    found = queries.token_holder(raw)

    assert (found.scopes if found else ()) == {"deactivated": (), "let in again": ("read", "act"), "made a viewer": ("read",)}[what]


def test_somebody_deactivated_gets_no_token(company: None) -> None:
    set_active(ALICE, active=False, by=BY_TEST)

    with pytest.raises(Problem):
        create_token("ci", ALICE, by=BY_TEST)


def test_the_last_use_is_written_once_in_five_minutes(company: None, clock: SettableClock) -> None:
    token, _ = create_token("ci", ALICE, by=BY_TEST)
    assert token.last_used is None
    uses = []
    for _ in range(4):
        note_token_used(queries.token(token.id))
        uses.append(queries.token(token.id).last_used)
        clock.forward(seconds=limits.TOKEN_USE_NOTED_SECONDS / 2)

    assert uses[0] == uses[1]
    assert uses[2] == uses[3]
    assert uses[2] is not None
    assert uses[0] is not None
    assert uses[2] - uses[0] == timedelta(seconds=limits.TOKEN_USE_NOTED_SECONDS)


def test_a_use_is_no_event(company: None) -> None:
    token, _ = create_token("ci", ALICE, by=BY_TEST)
    before = trail_size()

    note_token_used(token)

    assert trail_size() == before


@pytest.mark.parametrize("name", ["a\x00b", "a\u202eb", "x" * (limits.NAME_CHARS + 1), "a\nb"])
def test_a_tokens_name_is_printable_and_short(company: None, name: str) -> None:
    with pytest.raises(Problem) as caught:
        create_token(name, ALICE, by=BY_TEST)
    assert caught.value.field == "name"


# -- sign-in links ------------------------------------------------------------------------------------------------------------------


def secret_of(path: str) -> str:
    assert path.startswith("/welcome/")
    return path.removeprefix("/welcome/")


@pytest.mark.parametrize(("kind", "email"), [("set_up", ""), ("sign_in", ALICE)])
def test_a_link_says_what_it_is_good_for_and_until_when(company: None, clock: SettableClock, kind: str, email: str) -> None:
    link = look(secret_of(issue(kind, by=BY_TEST, email=email)))  # type: ignore[arg-type]

    assert (link.kind, link.email, link.expires) == (kind, email, clock.now() + timedelta(hours=24))


def test_looking_any_number_of_times_spends_nothing(company: None) -> None:
    token = secret_of(issue("sign_in", by=BY_TEST, email=ALICE))
    before = trail_size()

    assert len({look(token) for _ in range(5)}) == 1
    assert trail_size() == before
    assert redeem(token, by=BY_TEST).email == ALICE


@pytest.mark.parametrize("again", [look, lambda token: redeem(token, by=BY_TEST)])
def test_a_spent_link_is_spent(company: None, again) -> None:
    token = secret_of(issue("sign_in", by=BY_TEST, email=ALICE))
    redeem(token, by=BY_TEST)

    with pytest.raises(Problem) as caught:
        again(token)
    assert (caught.value.code, caught.value.status) == ("link_spent", 410)
    assert caught.value.remedy


@pytest.mark.parametrize(("hours", "opens"), [(0, True), (23.99, True), (24, False), (24 * 365, False)])
def test_a_link_opens_for_a_day(company: None, clock: SettableClock, hours: float, opens: bool) -> None:
    token = secret_of(issue("sign_in", by=BY_TEST, email=ALICE))
    clock.forward(hours=hours)

    if opens:
        assert redeem(token, by=BY_TEST).email == ALICE
        return
    with pytest.raises(Problem) as caught:
        redeem(token, by=BY_TEST)
    assert caught.value.status == 410


@pytest.mark.parametrize("token", ["", "x", "../../etc/passwd", "\x00", "x" * 10_000, "{}", "\u00fc"])
def test_a_link_of_nobody_opens_nothing(company: None, token: str) -> None:
    for ask in (look, lambda token: redeem(token, by=BY_TEST)):
        with pytest.raises(Problem) as caught:
            ask(token)
        assert caught.value.status == 410


def test_the_answers_to_a_spent_an_old_and_an_unknown_link_are_the_same(company: None, clock: SettableClock) -> None:
    spent, old = (secret_of(issue("sign_in", by=BY_TEST, email=ALICE)) for _ in range(2))
    redeem(spent, by=BY_TEST)
    clock.forward(hours=25)

    told = []
    for token in (spent, old, "never"):
        with pytest.raises(Problem) as caught:
            look(token)
        told.append(caught.value.as_dict())
    assert told[0] == told[1] == told[2]


def test_two_links_for_one_person_are_spent_apart(company: None) -> None:
    first, second = (secret_of(issue("sign_in", by=BY_TEST, email=ALICE)) for _ in range(2))
    redeem(first, by=BY_TEST)

    assert first != second
    assert look(second).email == ALICE


def test_neither_the_facts_nor_the_trail_hold_the_link(company: None) -> None:
    token = secret_of(issue("sign_in", by=BY_TEST, email=ALICE))
    redeem(token, by=BY_TEST)

    assert not any(token in str(value) for row in Fact.objects.values_list() for value in row)
    assert not any(token in str(event) for event in events(limit=100))


def test_issuing_and_redeeming_is_one_event_each_about_the_person(company: None) -> None:
    redeem(secret_of(issue("sign_in", by=BY_TEST, email=ALICE)), by=Actor("link", ALICE, "web"))

    told = [(event.action, event.actor_kind) for event in reversed(events(target=f"person:{ALICE}", action="sign_in_link."))]
    assert told == [("sign_in_link.issued", "person"), ("sign_in_link.redeemed", "link")]


def test_a_promised_link_is_the_one_that_was_promised(company: None) -> None:
    assert issue("set_up", by=BY_TEST, token="promised-words") == "/welcome/promised-words"
    assert redeem("promised-words", by=BY_TEST).kind == "set_up"


@pytest.mark.parametrize("action", sorted({action for allowed in ALLOWS.values() for action in allowed}))
@pytest.mark.parametrize("role", HOLDERS)
def test_the_matrix_of_roles_only_grows_towards_the_administrator(role: str, action: str) -> None:
    order = ["viewer", "engineer", "security", "admin"]
    above = order[order.index(role) :]

    if may(somebody(role), action):
        assert all(may(somebody(other), action) for other in above)
    assert not may(somebody(role, active=False), action)
