"""An alert that nobody answers: step by step, round by round, past the end, and what each way of stopping it leaves."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.paging.bell import SCANNER, Bell
from tests.paging.company import ALICE, BOB, CHARLIE, MIRA, ROSTER
from watchbill.base.acting import SYSTEM, Actor
from watchbill.base.models import News
from watchbill.base.problem import Problem
from watchbill.paging import queries, services
from watchbill.paging.models import Alert, Page
from watchbill.paging.rules.escalation import AFTER_THE_END
from watchbill.roster import queries as roster
from watchbill.roster.services import apply_roster, set_active


def times(bell: Bell, ref: services.AlertRef, email: str, channel: str = "email") -> list[float]:
    """Minutes after the opening at which this person was paged."""
    opened = bell.alert(ref).opened_at
    return [(page.sent_at - opened) / timedelta(minutes=1) for page in bell.pages(ref, email, channel) if page.sent_at]


def through(bell: Bell, minutes: int, by: int = 1) -> None:
    for _ in range(0, minutes, by):
        bell.wait(minutes=by)


def news(topic: str) -> int:
    return News.objects.filter(topic=topic).count()


def repeat(times_again: int) -> None:
    text = ROSTER.replace('slug = "berths"\nname = "Berths, urgent"', f'slug = "berths"\nname = "Berths, urgent"\nrepeat = {times_again}')
    assert text != ROSTER
    apply_roster(text, by=SYSTEM)


def test_each_step_comes_at_its_minute_to_its_people(bell: Bell) -> None:
    ref = bell.ring()
    through(bell, 15)

    assert [times(bell, ref, who) for who in (ALICE, BOB, MIRA, CHARLIE)] == [[0], [5], [10], []]


@pytest.mark.parametrize("rounds", [0, 1, 2])
def test_every_round_is_as_long_as_the_first(bell: Bell, rounds: int) -> None:
    repeat(rounds)
    ref = bell.ring()
    through(bell, 20 * (rounds + 1) - 1)

    assert times(bell, ref, ALICE) == [20 * number for number in range(rounds + 1)]
    assert times(bell, ref, MIRA) == [20 * number + 10 for number in range(rounds + 1)]
    assert bell.alert(ref).state == "triggered"
    assert news("paging.exhausted") == 0


@pytest.mark.parametrize("rounds", [0, 1])
def test_after_the_last_round_it_is_exhausted_once_and_goes_on_at_security(bell: Bell, rounds: int) -> None:
    repeat(rounds)
    ref = bell.ring()
    end = 20 * (rounds + 1)
    through(bell, end + 65)

    every = AFTER_THE_END / timedelta(minutes=1)
    assert times(bell, ref, BOB)[-3:] == [end, end + every, end + 2 * every]
    assert news("paging.exhausted") == 1
    assert Alert.objects.get(pk=ref.id).exhausted_at is not None


def test_exhausted_it_is_never_given_up(bell: Bell) -> None:
    ref = bell.ring()
    through(bell, 5 * 60, by=10)

    assert len(times(bell, ref, BOB)) >= 9
    assert bell.alert(ref).state == "triggered"


def test_an_acknowledgement_after_the_end_ends_it(bell: Bell) -> None:
    ref = bell.ring()
    through(bell, 25)
    bell.acknowledge(ref, BOB)
    count = len(bell.rung(ref))

    through(bell, 120, by=10)

    assert len(bell.rung(ref)) == count


@pytest.mark.parametrize("minute", [0, 4, 5, 9, 10, 19, 21])
def test_whenever_somebody_acknowledges_nobody_is_paged_after_that(bell: Bell, minute: int) -> None:
    ref = bell.ring()
    through(bell, minute)
    bell.acknowledge(ref, BOB)
    before = bell.rung(ref)

    through(bell, 60, by=5)

    assert bell.rung(ref) == before
    assert not Page.objects.filter(alert_id=ref.id, state__in=("planned", "held", "sending")).exists()
    assert bell.alert(ref).state == "acknowledged"


@pytest.mark.parametrize("minute", [0, 5, 12, 25])
def test_whenever_it_is_resolved_nobody_is_paged_after_that(bell: Bell, minute: int) -> None:
    ref = bell.ring()
    through(bell, minute)
    assert services.resolve_alert(ref.id, SCANNER, "Fixed.")
    before = bell.rung(ref)

    through(bell, 60, by=5)

    assert bell.rung(ref) == before


def test_pressing_on_by_hand_goes_through_the_policy_and_past_its_end(bell: Bell) -> None:
    ref = bell.ring()

    for expected in (BOB, MIRA, BOB):
        assert services.escalate_now(ref.id, Actor("person", ALICE, "web"))
        bell.settle()
        assert bell.rung(ref)[-1][0] == roster.person(expected).name.split()[0]

    assert news("paging.exhausted") == 1


def test_pressing_on_gives_the_next_step_its_whole_time(bell: Bell) -> None:
    ref = bell.ring()
    bell.wait(minutes=3)
    services.escalate_now(ref.id, Actor("person", ALICE, "web"))
    bell.settle()
    through(bell, 4)
    assert times(bell, ref, MIRA) == []

    through(bell, 1)

    assert times(bell, ref, MIRA) == [8]


def test_pressing_on_wakes_an_acknowledged_alert(bell: Bell) -> None:
    ref = bell.ring()
    bell.acknowledge(ref, ALICE)

    assert services.escalate_now(ref.id, Actor("person", ALICE, "web"))
    bell.settle()

    assert bell.alert(ref).state == "triggered"
    assert ("Bob", "email") in bell.rung(ref)


def test_a_resolved_alert_is_not_pressed_on(bell: Bell) -> None:
    ref = bell.ring()
    services.resolve_alert(ref.id, SCANNER, "Fixed.")

    with pytest.raises(Problem) as caught:
        services.escalate_now(ref.id, Actor("person", ALICE, "web"))
    assert (caught.value.code, caught.value.status) == ("conflict", 409)


@pytest.mark.parametrize(
    "verb",
    [
        lambda: services.escalate_now(4711, SYSTEM),
        lambda: services.resolve_alert(4711, SYSTEM, "x"),
        lambda: services.acknowledge(4711, by=SYSTEM, person_id=None, channel="web"),
        lambda: queries.alert(4711),
    ],
)
def test_an_alert_that_never_was_is_not_found(bell: Bell, verb) -> None:
    with pytest.raises(Problem) as caught:
        verb()
    assert (caught.value.code, caught.value.status) == ("not_found", 404)


def test_a_step_of_people_who_left_is_passed_over_at_once(bell: Bell) -> None:
    set_active(ALICE, active=False, by=SYSTEM)

    ref = bell.ring()

    assert times(bell, ref, BOB) == [0]
    assert news("paging.gap") == 1


def test_who_leaves_between_two_steps_is_not_paged_by_the_second(bell: Bell) -> None:
    ref = bell.ring()
    set_active(MIRA, active=False, by=SYSTEM)

    through(bell, 11)

    assert times(bell, ref, MIRA) == []
    assert len(times(bell, ref, BOB)) >= 1


def test_a_policy_changed_while_it_rings_changes_nothing_for_this_alert(bell: Bell) -> None:
    ref = bell.ring()
    apply_roster('[[policy]]\nslug = "berths"\nstep = [{ notify = ["person:charlie@saltmarsh.example"], wait = "1m" }]', by=SYSTEM)

    through(bell, 11)

    assert [times(bell, ref, who) for who in (BOB, MIRA, CHARLIE)] == [[5], [10], []]


def test_a_policy_that_does_not_exist_leads_to_security(bell: Bell) -> None:
    ref = bell.ring(policy="no-such-policy")

    assert {name for name, _ in bell.rung(ref)} == {"Bob"}


def test_nobody_anywhere_is_told_and_tried_again(bell: Bell) -> None:
    for who in (ALICE, BOB, MIRA):
        set_active(who, active=False, by=SYSTEM)

    ref = bell.ring()
    through(bell, 61, by=1)

    assert bell.alert(ref).state == "triggered"
    assert Alert.objects.get(pk=ref.id).next_step_at is not None
    assert news("paging.exhausted") >= 1


# -- each verb: one event, one piece of news, the right actor ------------------------------------------------------------------------

BY_BOB = Actor("person", BOB, "web")


@pytest.mark.parametrize(
    ("deed", "action", "topic"),
    [
        (
            lambda n: services.acknowledge(n, by=BY_BOB, person_id=roster.person(BOB).id, channel="web"),
            "alert.acknowledged",
            "paging.acknowledged",
        ),
        (lambda n: services.resolve_alert(n, BY_BOB, "Fixed."), "alert.resolved", "paging.resolved"),
    ],
)
def test_once_or_twice_it_is_one_event_and_one_piece_of_news(bell: Bell, deed, action: str, topic: str) -> None:
    ref = bell.ring()

    deed(ref.id)
    deed(ref.id)

    assert bell.actions(f"alert:{ref.id}").count(action) == 1
    assert news(topic) == 1


def test_opening_the_same_again_is_one_alert_one_event_and_one_piece_of_news(bell: Bell) -> None:
    refs = [bell.open() for _ in range(5)]
    bell.settle()

    assert len({ref.id for ref in refs}) == 1
    assert [ref.created for ref in refs] == [True, False, False, False, False]
    assert bell.actions(f"alert:{refs[0].id}").count("alert.opened") == 1
    assert news("paging.opened") == 1
    assert bell.rung(refs[0]).count(("Alice", "email")) == 1


def test_a_storm_of_different_alerts_is_one_each_and_loses_none(bell: Bell) -> None:
    refs = [bell.open(dedup_key=f"storm:{number}", subject=f"finding:{number}") for number in range(12)]
    for _ in range(10):
        bell.settle()

    assert len({ref.id for ref in refs}) == 12
    assert all(("Alice", "email") in bell.rung(ref) for ref in refs)
    assert len(queries.open_alerts()) == 12


def test_a_storm_of_the_same_alert_pages_one_person_once(bell: Bell) -> None:
    ref = bell.ring()
    for _ in range(100):
        bell.open()
    bell.settle()

    assert bell.rung(ref).count(("Alice", "email")) == 1


@pytest.mark.parametrize("order", [("now", "hours"), ("now", "now"), ("hours", "hours"), ("hours", "now")])
def test_which_second_opening_pages_anew_as_a_table(bell: Bell, order: tuple[str, str]) -> None:
    bell.clock.set(datetime(2026, 11, 28, 3, 0, tzinfo=UTC))  # a Saturday night: nobody of Berths is on watch, Bob of security is
    first, second = order
    ref = bell.ring(decision=first)
    before = len(bell.rung(ref))

    bell.ring(decision=second)

    assert (len(bell.rung(ref)) > before) is (order == ("hours", "now"))
    assert bell.alert(ref).decision == ("now" if "now" in order else "hours")


OPENINGS = [
    ("decision", {"decision": "digest"}),
    ("decision", {"decision": ""}),
    ("decision", {"decision": "NOW"}),
    ("subject", {"subject": ""}),
    ("subject", {"subject": "x" * 201}),
    ("dedup_key", {"dedup_key": "   "}),
    ("dedup_key", {"dedup_key": "x" * 256}),
    ("title", {"title": ""}),
    ("title", {"title": "x" * 2_401}),
    ("link", {"link": "https://elsewhere.example/"}),
    ("link", {"link": "//elsewhere.example/"}),
    ("link", {"link": "javascript:alert(1)"}),
    ("link", {"link": "/" + "x" * 500}),
]


@pytest.mark.parametrize(("field", "given"), OPENINGS)
def test_an_opening_that_can_not_be_is_refused_at_its_field_and_leaves_nothing(bell: Bell, field: str, given: dict[str, str]) -> None:
    with pytest.raises(Problem) as caught:
        bell.open(**given)

    assert (caught.value.code, caught.value.field, caught.value.status) == ("invalid", field, 422)
    assert not Alert.objects.exists()
    assert bell.actions() == []


@pytest.mark.parametrize(
    "given", [{"subject": "x" * 200}, {"dedup_key": "x" * 255}, {"link": "/" + "x" * 499}, {"link": ""}, {"title": "x" * 300}]
)
def test_an_opening_at_a_limit_rings(bell: Bell, given: dict[str, str]) -> None:
    ref = bell.ring(**given)

    assert ("Alice", "email") in bell.rung(ref)


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", "a\r\nBcc: everybody@elsewhere.example", "\x1b[2J", "\u202etxet", "x" * 2_000]
)
def test_hostile_words_ring_all_the_same_as_one_printable_line(bell: Bell, text: str) -> None:
    ref = bell.ring(title=text, why=(text,), guidance=(text,), where=text)

    info = bell.alert(ref)
    assert ("Alice", "email") in bell.rung(ref)
    assert info.title.isprintable()
    assert all(line.isprintable() for line in info.why)


def test_after_a_resolve_the_same_key_is_a_new_alert_with_pages_of_its_own(bell: Bell) -> None:
    first = bell.ring()
    services.resolve_alert("finding:412", SCANNER, "Fixed.")

    second = bell.ring()

    assert (second.created, second.id != first.id) == (True, True)
    assert bell.rung(second) == bell.rung(first)
    assert len({page.idem for page in Page.objects.all()}) == Page.objects.count()
