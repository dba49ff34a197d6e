"""Whatever happens in whatever order, what must hold of the bell holds; and escalation keeps time with a plain calculation beside it."""

import random
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest

from tests.paging.bell import SCANNER, Bell
from tests.paging.company import ALICE, BOB, MIRA, NOOR, ROSTER
from watchbill.base.acting import SYSTEM, Actor
from watchbill.base.problem import Problem
from watchbill.base.trail import events, verify
from watchbill.paging import queries, services
from watchbill.paging.models import Alert, Page
from watchbill.paging.rules.words import ALIVE, WAITING
from watchbill.roster.queries import person
from watchbill.roster.services import apply_roster

PEOPLE = (ALICE, BOB, MIRA, NOOR)
KEYS = ("one", "two", "three")


class Walk:
    """A random day at Saltmarsh."""

    def __init__(self, bell: Bell, dice: random.Random) -> None:
        self.bell, self.dice = bell, dice
        self.steps: tuple[Callable[[], object], ...] = (
            self.open,
            self.open,
            self.wait,
            self.wait,
            self.acknowledge,
            self.escalate,
            self.resolve,
        )

    def step(self) -> None:
        self.dice.choice(self.steps)()
        self.bell.settle()

    def open(self) -> None:
        self.bell.open(
            dedup_key=self.dice.choice(KEYS),
            decision=self.dice.choice(("now", "hours")),
            policy=self.dice.choice(("berths", "security", "gone")),
            team=self.dice.choice(("berths", "security", "gone")),
        )

    def wait(self) -> None:
        self.bell.clock.forward(minutes=self.dice.choice((1, 4, 5, 6, 10, 30, 300, 1440)))

    def acknowledge(self) -> None:
        if alert := self.some():
            self.bell.acknowledge(services.AlertRef(alert, alert, False), self.dice.choice(PEOPLE))

    def escalate(self) -> None:
        if alert := self.some():
            with suppress(Problem):  # resolved meanwhile
                services.escalate_now(alert, Actor("person", ALICE, "web"))

    def resolve(self) -> None:
        if alert := self.some():
            services.resolve_alert(alert, SCANNER, "fixed")

    def some(self) -> int | None:
        return self.dice.choice([*Alert.objects.values_list("id", flat=True)] or [None])


def check_alert(alert: Alert, now: datetime) -> None:
    pages = list(Page.objects.filter(alert=alert))
    rings = alert.state == "triggered"
    assert rings == (alert.next_step_at is not None), "whoever rings has a next step, and nobody else"
    assert pages, "no alert without somebody to page"
    assert rings or not [page for page in pages if page.state in WAITING], "nothing waits once somebody has it"
    assert not rings or alert.next_step_at > now, "what was due has been done"
    for page in pages:
        assert page.why, "every page says why"
        assert (page.state == "sent") == (page.sent_at is not None)
        assert (page.state in ALIVE) == (page.next_at is not None)
        assert page.state != "sent" or page.sent_at >= page.due, "nobody is woken early"
        assert page.state != "held" or alert.decision == "hours", "nothing urgent is held"


@pytest.mark.parametrize("seed", range(8))
def test_whatever_happens_what_must_hold_holds(bell: Bell, seed: int) -> None:
    walk = Walk(bell, random.Random(seed))
    for _ in range(25):
        walk.step()
        for alert in Alert.objects.all():
            check_alert(alert, bell.clock.now())
    keys = [str(message["Message-ID"]) for message in bell.mail.taken]
    assert len(keys) == len(set(keys)), "no page goes twice"
    assert len(keys) == Page.objects.filter(channel="email", state="sent").count()
    assert len(events(action="page.sent", limit=1000)) == min(1000, Page.objects.filter(state="sent").count())
    assert verify().ok


@pytest.mark.parametrize("seed", range(4))
def test_one_key_is_never_open_twice(bell: Bell, seed: int) -> None:
    walk = Walk(bell, random.Random(1000 + seed))
    for _ in range(20):
        walk.step()
        keys = [alert.dedup_key for alert in queries.open_alerts()]
        assert len(keys) == len(set(keys))


def policy_of(dice: random.Random) -> tuple[str, list[tuple[str, int]], int]:
    """A policy of people, as a roster file has it; its steps as (person, seconds); how often it repeats."""
    steps = [(dice.choice(PEOPLE), dice.randint(1, 20) * 60) for _ in range(dice.randint(1, 4))]
    repeat = dice.randint(0, 2)
    text = f'\n[[policy]]\nslug = "walked"\nrepeat = {repeat}\n'
    text += "".join(f'[[policy.step]]\nnotify = ["person:{email}"]\nwait = "{seconds}s"\n' for email, seconds in steps)
    return text, steps, repeat


def timetable(steps: list[tuple[str, int]], repeat: int, start: datetime, end: datetime) -> list[tuple[str, datetime]]:
    """Who is paged when if nobody ever answers: each step after the wait of the one before, then Bob every half hour."""
    rows, at = [], start
    for email, seconds in steps * (repeat + 1):
        rows.append((person(email).name, at))
        at += timedelta(seconds=seconds)
    while at <= end:
        rows.append((person(BOB).name, at))
        at += timedelta(minutes=30)
    return [row for row in rows if row[1] <= end]


@pytest.mark.parametrize("seed", range(6))
def test_escalation_keeps_time_with_a_plain_calculation(bell: Bell, seed: int) -> None:
    text, steps, repeat = policy_of(random.Random(seed))
    apply_roster(ROSTER + text, by=SYSTEM)
    start = bell.clock.now()
    ref = bell.ring(policy="walked")
    for _ in range(180):
        bell.wait(minutes=1)
    desk = [(page.person, page.sent_at) for page in bell.pages(ref, channel="desk") if page.state == "sent"]
    assert sorted(desk, key=lambda row: row[1]) == timetable(steps, repeat, start, bell.clock.now())


@pytest.mark.parametrize(("day", "hour"), [(24, 9), (27, 22), (28, 12), (29, 3), (30, 7)])
def test_at_any_hour_an_urgent_alert_wakes_somebody_at_once(bell: Bell, day: int, hour: int) -> None:
    bell.clock.set(datetime(2026, 11, day, hour, 30, tzinfo=UTC))
    ref = bell.ring()
    assert [page.sent_at for page in bell.pages(ref, channel="email") if page.state == "sent"] == [bell.clock.now()]


@pytest.mark.parametrize(("day", "hour"), [(24, 22), (27, 22), (28, 12), (29, 3)])
def test_at_night_and_at_weekends_what_may_wait_wakes_nobody(bell: Bell, day: int, hour: int) -> None:
    bell.clock.set(datetime(2026, 11, day, hour, 30, tzinfo=UTC))
    ref = bell.ring(decision="hours")
    assert bell.rung(ref) == []
    assert {page.state for page in bell.pages(ref)} == {"held"}
