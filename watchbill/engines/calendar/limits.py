"""The ceilings of the calendar engine, by name, so that no configuration can make it walk for ever. It holds numbers only."""

from datetime import timedelta

MAX_SPAN = timedelta(days=366 * 5)
"""The longest stretch one call computes shifts or windows for."""

MAX_TURNS = 100_000
"""The most hand-offs one rotation may yield in one call."""

MAX_LOOK_AHEAD = timedelta(days=366 * 2)
"""How far ahead a next opening or an amount of working time is searched before saying that there is none."""

SEARCH_STEP = timedelta(days=28)
"""How far the first, cheap search ahead looks; nearly every answer lies within it."""

MAX_LAYERS = 20
MAX_PARTICIPANTS = 200
MAX_WINDOWS = 50
MAX_OVERRIDES = 10_000
MAX_LENGTH = {"hours": 24 * 366, "days": 366, "weeks": 53}
"""The longest a single turn may last, by unit."""
