"""The clock fixture: a test moves the process's clock, and the next test finds it untouched."""

from datetime import UTC, datetime, timedelta

from tests.conftest import SettableClock
from watchbill.base.clock import now


def test_the_clock_stands_still(clock: SettableClock) -> None:
    assert now() == now() == datetime(2026, 6, 1, 9, 0, tzinfo=UTC)


def test_the_clock_moves_when_told(clock: SettableClock) -> None:
    before = now()
    clock.forward(minutes=10)
    assert now() - before == timedelta(minutes=10)


def test_the_clock_can_be_set(clock: SettableClock) -> None:
    clock.set(datetime(2026, 3, 29, 1, 30, tzinfo=UTC))
    assert now() == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
