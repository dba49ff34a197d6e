"""The clock: aware, movable, and never backwards."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from watchbill.base import clock as clocks


@pytest.fixture(autouse=True)
def _the_machines_clock_afterwards() -> Iterator[None]:
    yield
    clocks.use_clock()


class StoppedClock:
    def now(self) -> datetime:
        return datetime(2026, 6, 1, 9, tzinfo=UTC)


def test_the_machines_time_is_aware_and_utc() -> None:
    assert clocks.now().utcoffset() == timedelta(0)


def test_forward_moves_it_on() -> None:
    clocks.use_clock(StoppedClock())
    clocks.forward(timedelta(minutes=10))
    clocks.forward(timedelta(minutes=10))
    assert clocks.now() == datetime(2026, 6, 1, 9, 20, tzinfo=UTC)
    assert clocks.offset() == timedelta(minutes=20)


def test_it_never_goes_back() -> None:
    with pytest.raises(ValueError):
        clocks.forward(timedelta(seconds=-1))


def test_an_offset_that_would_take_it_back_is_refused() -> None:
    clocks.set_offset(timedelta(hours=1))
    with pytest.raises(ValueError):
        clocks.set_offset(timedelta(minutes=59))
    assert clocks.offset() == timedelta(hours=1)


def test_another_clock_forgets_the_offset() -> None:
    clocks.forward(timedelta(days=1))
    clocks.use_clock(StoppedClock())
    assert clocks.now() == datetime(2026, 6, 1, 9, tzinfo=UTC)


def test_durations_are_not_moved() -> None:
    before = clocks.monotonic()
    clocks.forward(timedelta(days=365))
    assert clocks.monotonic() - before < 3600
