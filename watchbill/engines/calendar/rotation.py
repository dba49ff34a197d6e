"""Who has the watch when people take turns: a rotation, laid out in local calendar units. It knows nothing of other layers.

Turns are counted on the wall clock (twelve hours from 08:00 is 20:00 on every day of the year, also when the clocks change), so a
night may last an hour more or less in real time. Source of the rule: on-call schedules hand over at a time of day, not after a
number of seconds.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, get_args

from watchbill.engines.calendar.intervals import Interval
from watchbill.engines.calendar.limits import MAX_LENGTH, MAX_PARTICIPANTS, MAX_TURNS
from watchbill.engines.calendar.problems import CalendarError
from watchbill.engines.calendar.zones import check_zone, instant_of, local_of

Unit = Literal["hours", "days", "weeks"]
_UNIT_LENGTH: dict[Unit, timedelta] = {"hours": timedelta(hours=1), "days": timedelta(days=1), "weeks": timedelta(weeks=1)}


@dataclass(frozen=True, slots=True)
class Rotation:
    """People in turn, each for ``every`` ``unit``s, from the local (naive) time ``starts`` on a clock in ``zone``.

    The time of day of ``starts`` is the hand-off. Before ``starts`` nobody has the watch. A person may stand in the list more than
    once. Raises ``CalendarError`` when a part can't be used.
    """

    participants: tuple[str, ...]
    starts: datetime
    zone: str
    every: int
    unit: Unit

    def __post_init__(self) -> None:
        if not self.participants:
            raise CalendarError("rotation.participants", "a rotation needs at least one person")
        if len(self.participants) > MAX_PARTICIPANTS:
            raise CalendarError("rotation.participants", f"at most {MAX_PARTICIPANTS} turns fit in a rotation")
        if self.starts.tzinfo is not None:
            raise CalendarError("rotation.starts", "the start is a local time, without an offset; the zone stands beside it")
        if self.unit not in get_args(Unit):
            raise CalendarError("rotation.unit", f"{self.unit!r} is not one of hours, days, weeks")
        if not 1 <= self.every <= MAX_LENGTH[self.unit]:
            raise CalendarError("rotation.every", f"a turn lasts 1 to {MAX_LENGTH[self.unit]} {self.unit}")
        check_zone(self.zone, "rotation.zone")

    @property
    def length(self) -> timedelta:
        """How long a turn lasts on the wall clock."""
        return self.every * _UNIT_LENGTH[self.unit]

    def turns(self, start: datetime, end: datetime, layer: str = "") -> Iterator[Interval]:
        """The turns that touch ``[start, end)``, unclipped at the ends and oldest first. A turn that the clocks swallow is left out."""
        back = local_of(start, self.zone) - self.starts
        number = max(0, back // self.length - 1)
        opens = instant_of(self._hand_off(number), self.zone)
        for _ in range(MAX_TURNS):
            if opens >= end:
                return
            closes = instant_of(self._hand_off(number + 1), self.zone)
            if closes > start and closes > opens:
                yield Interval(opens, closes, self.participants[number % len(self.participants)], layer)
            number, opens = number + 1, closes
        raise CalendarError("rotation.every", f"more than {MAX_TURNS} hand-offs in one stretch; ask for a shorter one")

    def _hand_off(self, number: int) -> datetime:
        return self.starts + number * self.length
