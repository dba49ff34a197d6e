"""What the cases' tests share: the company, on a Monday morning."""

from datetime import UTC, datetime

import pytest

from tests.cases.company import ROSTER, Company
from tests.conftest import SettableClock
from watchbill.base.acting import SYSTEM
from watchbill.roster.services import apply_roster


@pytest.fixture
def saltmarsh(db: None, clock: SettableClock) -> Company:
    """Saltmarsh Terminals with its roster, at 10:00 UTC on Monday 23 November 2026; Bob has the security watch."""
    clock.set(datetime(2026, 11, 23, 10, 0, tzinfo=UTC))
    apply_roster(ROSTER, by=SYSTEM)
    return Company(clock)
