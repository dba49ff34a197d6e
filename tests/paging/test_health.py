"""The bell watches itself: what is late or stuck is told, and silence is told by a heart that stops beating."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.paging.bell import Bell
from tests.paging.fake_servers import FakeWeb
from watchbill.base import clock as base_clock
from watchbill.base.jobs import JobInfo
from watchbill.base.newsroom import NewsItem
from watchbill.base.writer import write
from watchbill.paging import bell_health, delivery
from watchbill.paging.bell_health import health
from watchbill.paging.jobs import SELF_AUDIT, self_audit


@pytest.fixture(autouse=True)
def still_hands(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test before this one has moved the clock."""
    monkeypatch.setattr(bell_health, "_hands", bell_health._Hands())


def look(bell: Bell) -> None:
    self_audit({}, JobInfo(1, SELF_AUDIT, "", 1, bell.clock.now()))


def test_with_nothing_open_nothing_is_late(bell: Bell) -> None:
    assert health().late == 0


def test_a_page_that_waits_for_its_time_is_not_late(bell: Bell) -> None:
    bell.ring()
    bell.clock.forward(seconds=200)
    assert health().late == 0


def test_pages_nobody_sends_are_late_after_a_minute(bell: Bell) -> None:
    bell.open()
    bell.clock.forward(seconds=60)
    assert health().late == 0
    bell.clock.forward(seconds=1)
    assert (health().late, health().oldest_late_seconds) == (2, 61.0)


def test_a_step_nobody_takes_is_late(bell: Bell) -> None:
    bell.ring()
    bell.clock.forward(seconds=361)
    assert health().late == 1


def test_a_page_stuck_in_sending_is_late_once_its_lease_is_a_minute_over(bell: Bell) -> None:
    bell.open()
    write(lambda: delivery.claim(bell.clock.now(), 64))
    bell.clock.forward(seconds=121)
    assert health().late == 1


def test_what_is_late_is_told_and_audited(bell: Bell, heard: list[NewsItem]) -> None:
    bell.open()
    bell.clock.forward(seconds=90)
    look(bell)
    bell.everything()
    assert [(item.topic, item.body) for item in heard if item.topic == "paging.late"] == [
        ("paging.late", {"late": 2, "oldest_seconds": 90})
    ]
    assert "paging.late" in bell.actions("paging")


def test_with_everything_in_time_nothing_is_told(bell: Bell, heard: list[NewsItem]) -> None:
    bell.ring()
    look(bell)
    bell.everything()
    assert not [item for item in heard if item.topic == "paging.late"]


def test_a_clock_just_moved_makes_nothing_late(bell: Bell) -> None:
    bell.ring()
    base_clock.forward(timedelta(minutes=20))
    assert health().late == 0


def test_the_heart_beats_while_all_is_well(bell: Bell, web: FakeWeb, set_to: Callable[..., None]) -> None:
    set_to(PAGING_HEARTBEAT_URL=web.url + "/beat")
    look(bell)
    assert [taken.path for taken in web.taken] == ["/beat"]


def test_the_heart_stops_when_something_is_late(bell: Bell, web: FakeWeb, set_to: Callable[..., None]) -> None:
    set_to(PAGING_HEARTBEAT_URL=web.url + "/beat")
    bell.open()
    bell.clock.forward(seconds=90)
    look(bell)
    assert web.taken == []


def test_a_heart_nobody_hears_does_no_harm(bell: Bell, set_to: Callable[..., None]) -> None:
    set_to(PAGING_HEARTBEAT_URL="http://127.0.0.1:9/beat", OUTGOING_ALLOW_PRIVATE="true")
    look(bell)


@pytest.mark.parametrize("seconds", [0, 30])
def test_the_self_audit_can_run_at_any_time(bell: Bell, seconds: int) -> None:
    bell.ring()
    bell.clock.forward(seconds=seconds)
    look(bell)
