"""An acceptance from the request to its end: edges of reason and date, second names, the calendar, and what ends it early."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cases.company import ALICE, BOB, CHARLIE, JUN, KEV, MIRA, Company, person, quiet, seen
from watchbill.base.loop import run_turns
from watchbill.base.problem import Problem
from watchbill.base.trail import events
from watchbill.cases.findings import queries, services
from watchbill.cases.findings.acceptance import Signer, check_reason, check_second_look, check_signer, check_until, is_over
from watchbill.cases.limits import ACCEPTANCE_DAYS, REASON_CHARS
from watchbill.roster import queries as roster
from watchbill.roster.services import set_active, set_role

REASON = "Only the harbour office reaches it until May."
NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
instants = st.integers(0, 20 * 366 * 86_400).map(lambda seconds: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds))


def ask(saltmarsh: Company, days: float = 30, by: str = ALICE, reason: str = REASON) -> int:
    if queries.search("is:all").total == 0:
        saltmarsh.scan(seen())
    return services.accept_risk(saltmarsh.only().id, reason, saltmarsh.clock.now() + timedelta(days=days), by=person(by))


def accepted(saltmarsh: Company, days: float = 30) -> int:
    request = ask(saltmarsh, days)
    services.sign_acceptance(request, by=person(BOB))
    return saltmarsh.only().id


@pytest.mark.parametrize("reason", ["", "   ", "too short", "\n\t  ninechars\n"])
def test_a_request_without_a_reason_is_refused_at_the_reason(saltmarsh: Company, reason: str):
    with pytest.raises(Problem) as caught:
        ask(saltmarsh, reason=reason)

    assert (caught.value.code, caught.value.field, caught.value.status) == ("invalid", "reason", 422)
    assert queries.waiting_acceptances() == ()


@pytest.mark.parametrize("length", [10, 11, REASON_CHARS - 1, REASON_CHARS])
def test_a_reason_within_its_bounds_is_kept_whole(length: int):
    assert check_reason("x" * length) == "x" * length


@pytest.mark.parametrize("length", [0, 9, REASON_CHARS + 1])
def test_a_reason_outside_its_bounds_is_refused(length: int):
    with pytest.raises(Problem) as caught:
        check_reason("x" * length)
    assert caught.value.field == "reason"


@given(st.text(max_size=60))
def test_a_reason_is_measured_without_its_outer_spaces(text: str):
    try:
        assert check_reason(f"  {text}\n") == text.strip()
    except Problem:
        assert len(text.strip()) < 10


@pytest.mark.parametrize("days", [0, -1, -0.0001])
def test_an_end_that_is_not_ahead_is_refused_at_the_date(saltmarsh: Company, days: float):
    with pytest.raises(Problem) as caught:
        ask(saltmarsh, days=days)

    assert (caught.value.field, caught.value.status) == ("until", 422)


@given(instants, st.integers(-400, 400), st.integers(0, 86_399))
def test_no_end_is_ever_further_than_180_days(now: datetime, days: int, seconds: int):
    until = now + timedelta(days=days, seconds=seconds)
    if until <= now or until >= now + timedelta(days=ACCEPTANCE_DAYS + 1):
        with pytest.raises(Problem) as caught:
            check_until(until, now)
        assert caught.value.field == "until"
        return
    kept = check_until(until, now)
    assert now < kept <= now + timedelta(days=ACCEPTANCE_DAYS)
    assert kept <= until


def test_an_end_in_another_zone_is_the_same_instant(saltmarsh: Company):
    saltmarsh.scan(seen())
    tokyo = (saltmarsh.clock.now() + timedelta(days=3)).astimezone(ZoneInfo("Asia/Tokyo"))

    services.sign_acceptance(services.accept_risk(saltmarsh.only().id, REASON, tokyo, by=person(ALICE)), by=person(BOB))

    assert saltmarsh.only().due == tokyo


def test_a_request_that_waited_past_its_own_end_is_not_signed(saltmarsh: Company):
    request = ask(saltmarsh, days=2)
    saltmarsh.later(days=3)

    with pytest.raises(Problem) as caught:
        services.sign_acceptance(request, by=person(BOB))

    assert caught.value.field == "until"
    assert saltmarsh.only().state == "open"


@pytest.mark.parametrize(
    ("signer", "others", "fine"),
    [
        (Signer("bob@x", "security"), 3, True),
        (Signer("bob@x", "security"), 0, True),
        (Signer("mira@x", "admin"), 0, True),
        (Signer("jun@x", "engineer", owns=True), 0, True),
        (Signer("jun@x", "engineer", owns=True), 1, False),
        (Signer("jun@x", "engineer", owns=False), 0, False),
        (Signer("charlie@x", "viewer", owns=False), 0, False),
        (Signer("alice@x", "security"), 3, False),
        (Signer("ALICE@X", "admin", owns=True), 0, False),
    ],
)
def test_who_may_sign_as_a_table(signer: Signer, others: int, fine: bool):
    if fine:
        check_signer("alice@x", signer, others)
        return
    with pytest.raises(Problem) as caught:
        check_signer("alice@x", signer, others)
    assert (caught.value.code, caught.value.status) == ("forbidden", 403)
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("signer", "fine"),
    [
        (Signer("bob@x", "security"), True),
        (Signer("mira@x", "admin"), True),
        (Signer("jun@x", "engineer", owns=True), False),
        (Signer("charlie@x", "viewer"), False),
        (Signer("Alice@x", "security"), False),
    ],
)
def test_who_may_confirm_not_affected_as_a_table(signer: Signer, fine: bool):
    if fine:
        check_second_look("alice@x", signer)
        return
    with pytest.raises(Problem) as caught:
        check_second_look("alice@x", signer)
    assert caught.value.code == "forbidden"


@given(st.sampled_from(["viewer", "engineer", "security", "admin"]), st.booleans(), st.integers(0, 5))
def test_whoever_they_are_nobody_signs_for_themselves(role: str, owns: bool, others: int):
    with pytest.raises(Problem):
        check_signer("Alice@x", Signer("alice@X", role, owns), others)
    with pytest.raises(Problem):
        check_second_look("Alice@x", Signer("alice@X", role, owns))


@given(st.one_of(st.none(), instants), instants)
def test_what_has_no_end_is_never_over_and_the_rest_at_its_instant(until: datetime | None, now: datetime):
    assert is_over(until, now) is (until is not None and until <= now)


def test_a_viewer_does_not_sign(saltmarsh: Company):
    request = ask(saltmarsh, by=BOB)

    with pytest.raises(Problem):
        services.sign_acceptance(request, by=person(CHARLIE))


def test_security_that_left_counts_no_more_so_the_owner_signs(saltmarsh: Company):
    request = ask(saltmarsh, by=MIRA)
    set_active(BOB, active=False, by=person(MIRA))

    services.sign_acceptance(request, by=person(ALICE))

    assert saltmarsh.only().state == "accepted"


def test_an_owner_of_another_service_does_not_sign_for_a_team_of_one(saltmarsh: Company):
    request = ask(saltmarsh, by=MIRA)
    set_active(BOB, active=False, by=person(MIRA))

    with pytest.raises(Problem) as caught:
        services.sign_acceptance(request, by=person(JUN))
    assert caught.value.code == "forbidden"


def test_who_loses_the_role_between_request_and_signature_does_not_sign(saltmarsh: Company):
    request = ask(saltmarsh)
    set_role(BOB, "engineer", by=person(MIRA))

    with pytest.raises(Problem):
        services.sign_acceptance(request, by=person(BOB))
    assert saltmarsh.only().state == "open"


def test_while_it_waits_the_alert_goes_on_ringing(saltmarsh: Company):
    ask(saltmarsh)

    assert [alert.state for alert in saltmarsh.rings()] == ["triggered"]


def test_turned_down_it_may_be_asked_for_again(saltmarsh: Company):
    services.reject_acceptance(ask(saltmarsh), by=person(BOB), reason="No.")

    again = ask(saltmarsh)

    assert [one.id for one in queries.waiting_acceptances()] == [again]
    assert [one.state for one in queries.acceptances(saltmarsh.only().id)] == ["requested", "rejected"]


def test_a_request_for_not_affected_and_one_for_acceptance_do_not_wait_side_by_side(saltmarsh: Company):
    ask(saltmarsh)

    with pytest.raises(Problem) as caught:
        services.not_affected(saltmarsh.only().id, REASON, by=person(JUN))
    assert (caught.value.code, caught.value.status) == ("conflict", 409)


@pytest.mark.parametrize("verb", [services.sign_acceptance, services.reject_acceptance])
def test_a_request_that_does_not_exist_is_not_found(saltmarsh: Company, verb):
    with pytest.raises(Problem) as caught:
        verb(4711, by=person(BOB))
    assert (caught.value.code, caught.value.status) == ("not_found", 404)


@pytest.mark.parametrize("verb", [services.sign_acceptance, services.reject_acceptance])
@pytest.mark.parametrize("first", [services.sign_acceptance, services.reject_acceptance])
def test_what_is_settled_is_neither_signed_nor_turned_down(saltmarsh: Company, first, verb):
    request = ask(saltmarsh)
    first(request, by=person(BOB))

    with pytest.raises(Problem) as caught:
        verb(request, by=person(MIRA))
    assert caught.value.status == 409


def test_the_requester_takes_back_their_own_even_as_an_engineer(saltmarsh: Company):
    request = ask(saltmarsh, by=JUN)

    services.reject_acceptance(request, by=person(JUN), reason="Found a fix.")

    (one,) = queries.acceptances(saltmarsh.only().id)
    assert one.state == "rejected"


def test_another_engineer_does_not_take_it_back(saltmarsh: Company):
    request = ask(saltmarsh, by=ALICE)

    with pytest.raises(Problem):
        services.reject_acceptance(request, by=person(JUN))
    assert len(queries.waiting_acceptances()) == 1


def test_the_minute_before_its_end_it_still_holds_and_at_its_end_it_comes_back(saltmarsh: Company):
    number = accepted(saltmarsh, days=1)
    saltmarsh.later(days=1, minutes=-1)
    assert services.expire_due(saltmarsh.clock.now()) == 0

    saltmarsh.later(minutes=1)

    assert services.expire_due(saltmarsh.clock.now()) == 1
    assert saltmarsh.state(number) == "open"


def test_it_ends_by_the_job_of_the_loop_alone(saltmarsh: Company):
    number = accepted(saltmarsh, days=1)
    run_turns()

    saltmarsh.later(days=1, minutes=2)
    run_turns()
    run_turns()

    assert saltmarsh.state(number) == "open"
    assert saltmarsh.story(number).count("finding.acceptance_expired") == 1


def test_what_ends_and_is_only_for_the_digest_comes_back_silently(saltmarsh: Company):
    saltmarsh.scan(quiet(1), service="tide-feed", repo="")
    accepted(saltmarsh, days=1)
    saltmarsh.later(days=2)

    services.expire_due(saltmarsh.clock.now())

    assert (saltmarsh.only().state, saltmarsh.rings()) == ("open", [])


def test_what_ends_is_nobodys_any_more_until_somebody_takes_it(saltmarsh: Company):
    saltmarsh.scan(seen())
    services.take(saltmarsh.only().id, by=person(ALICE))
    accepted(saltmarsh, days=1)
    saltmarsh.later(days=2)

    services.expire_due(saltmarsh.clock.now())

    assert (saltmarsh.only().taken_by, saltmarsh.only().taken_at) == ("", None)


def test_many_end_in_one_run_and_each_once(saltmarsh: Company):
    saltmarsh.scan(*[seen(f"package-{n}", advisory=f"CVE-2025-2{n:04}") for n in range(5)])
    for row in queries.search("is:all").rows:
        until = saltmarsh.clock.now() + timedelta(days=1)
        services.sign_acceptance(services.accept_risk(row.id, REASON, until, by=person(ALICE)), by=person(BOB))
    saltmarsh.later(days=2)

    ended = [services.expire_due(saltmarsh.clock.now(), limit=2) for _ in range(4)]

    assert ended == [2, 2, 1, 0]
    assert set(saltmarsh.states().values()) == {"open"}


def test_growing_no_worse_than_what_was_signed_leaves_it_accepted(saltmarsh: Company):
    saltmarsh.scan(seen())
    number = accepted(saltmarsh)

    saltmarsh.later(days=1).scan(seen(kev=None, exploit=True))
    outcome = saltmarsh.later(days=1).scan(seen(kev=KEV))

    assert (saltmarsh.state(number), outcome.paged) == ("accepted", ())


def test_outgrown_it_can_be_asked_for_again(saltmarsh: Company):
    saltmarsh.scan(seen(kev=None, exploit=True))
    accepted(saltmarsh)
    saltmarsh.later(days=1).scan(seen(kev=KEV))

    again = ask(saltmarsh)
    services.sign_acceptance(again, by=person(BOB))

    assert [one.state for one in queries.acceptances(saltmarsh.only().id)] == ["signed", "outgrown"]


def test_outgrown_it_does_not_also_expire_later(saltmarsh: Company):
    saltmarsh.scan(seen(kev=None, exploit=True))
    number = accepted(saltmarsh, days=10)
    saltmarsh.later(days=1).scan(seen(kev=KEV))
    saltmarsh.later(days=20)

    assert services.expire_due(saltmarsh.clock.now()) == 0
    assert "finding.acceptance_expired" not in saltmarsh.story(number)


def test_not_affected_never_ends_by_the_calendar(saltmarsh: Company):
    saltmarsh.scan(seen())
    services.not_affected(saltmarsh.only().id, REASON, by=person(BOB))
    saltmarsh.later(days=4000)

    assert services.expire_due(saltmarsh.clock.now()) == 0
    assert saltmarsh.only().state == "not_affected"


def test_taking_back_a_not_affected_ends_its_request_so_that_it_can_be_asked_again(saltmarsh: Company):
    saltmarsh.scan(seen())
    number = saltmarsh.only().id
    services.not_affected(number, REASON, by=person(BOB))

    services.reopen(number, "The parser is called after all.", by=person(ALICE))
    services.not_affected(number, REASON, by=person(BOB))

    assert [one.state for one in queries.acceptances(number)] == ["signed", "ended"]


def test_what_was_accepted_then_fixed_and_came_back_can_be_accepted_again(saltmarsh: Company):
    accepted(saltmarsh)
    saltmarsh.later(days=1).scan()
    saltmarsh.later(days=1).scan(seen())
    assert saltmarsh.only().state == "open"

    services.sign_acceptance(ask(saltmarsh), by=person(BOB))

    assert saltmarsh.only().state == "accepted"


@pytest.mark.parametrize("way", ["retired", "withdrawn"])
def test_what_was_accepted_then_closed_otherwise_holds_no_acceptance(saltmarsh: Company, way: str):
    number = accepted(saltmarsh)
    if way == "retired":
        services.retire(number, "The kiosk app was deleted.", by=person(BOB))
    else:
        services.withdraw_advisories(["CVE-2025-55182"], by=person(BOB))

    (one,) = queries.acceptances(number)
    assert one.state == "ended"


@pytest.mark.parametrize("signed", [True, False])
def test_the_trail_tells_that_an_acceptance_ended_with_its_finding(saltmarsh: Company, signed: bool):
    accepted(saltmarsh) if signed else ask(saltmarsh)
    assert events(action="finding.acceptance_ended") == []

    saltmarsh.later(days=1).scan()

    assert len(events(action="finding.acceptance_ended")) == 1


def test_a_request_does_not_wait_for_a_finding_that_is_fixed(saltmarsh: Company):
    ask(saltmarsh)

    saltmarsh.later(days=1).scan()

    assert saltmarsh.only().state == "fixed"
    assert queries.waiting_acceptances() == ()


def test_a_request_for_what_was_fixed_meanwhile_is_not_signed(saltmarsh: Company):
    request = ask(saltmarsh)
    saltmarsh.later(days=1).scan()

    with pytest.raises(Problem) as caught:
        services.sign_acceptance(request, by=person(BOB))
    assert (caught.value.status, saltmarsh.only().state) == (409, "fixed")


def test_accepting_what_somebody_claimed_as_fixed_and_ending_asks_for_no_proof_of_the_old_claim(saltmarsh: Company):
    saltmarsh.scan(seen())
    services.claim_fix(saltmarsh.only().id, by=person(ALICE))
    number = accepted(saltmarsh, days=1)
    saltmarsh.later(days=2)

    services.expire_due(saltmarsh.clock.now())

    assert (saltmarsh.state(number), saltmarsh.only().claimed_by) == ("open", "")
    assert queries.wanting_verification() == ()


def test_hostile_words_in_a_reason_stay_words(saltmarsh: Company):
    hostile = "<script>alert(1)</script> '; DROP TABLE findings_finding;--"
    request = ask(saltmarsh, reason=hostile)

    (waiting,) = queries.waiting_acceptances()
    assert (waiting.id, waiting.reason) == (request, hostile)


def test_requests_wait_oldest_first(saltmarsh: Company):
    saltmarsh.scan(seen(), quiet(1))
    numbers = [row.id for row in queries.search("is:all sort:id").rows]
    asked = []
    for number in reversed(numbers):
        asked.append(services.accept_risk(number, REASON, saltmarsh.clock.now() + timedelta(days=9), by=person(ALICE)))
        saltmarsh.later(minutes=1)

    assert [one.id for one in queries.waiting_acceptances()] == asked


def test_the_row_says_who_asked_when_and_who_signed_when(saltmarsh: Company):
    request = ask(saltmarsh)
    at = saltmarsh.clock.now()
    saltmarsh.later(hours=3)
    services.sign_acceptance(request, by=person(BOB))

    (one,) = queries.acceptances(saltmarsh.only().id)
    assert (one.requested_by, one.requested_at) == (ALICE, at)
    assert (one.signed_by, one.signed_at) == (BOB, at + timedelta(hours=3))
    assert roster.person(one.signed_by).role == "security"
