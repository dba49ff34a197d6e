"""Collects the readable lines of one alert while a decision is made and stores them in one statement, inside the writer's unit.
It words nothing: sentences come from `rules/sentences`."""

from dataclasses import dataclass, field
from datetime import datetime

from watchbill.paging.models import Alert, AlertLog
from watchbill.paging.rules.words import LogKind
from watchbill.paging.targets import Asked

_TEXT_CHARS = 1000


@dataclass
class LogBook:
    """The lines of one decision about one alert, all of the same moment; `asked` is shared by the decisions of one unit of work."""

    alert: Alert
    now: datetime
    asked: Asked = field(default_factory=Asked)
    lines: list[AlertLog] = field(default_factory=list)

    def add(self, kind: LogKind, text: str, person_id: int | None = None) -> None:
        """Note a line; `person_id` when it is about one person only."""
        self.lines.append(AlertLog(alert=self.alert, at=self.now, kind=kind.value, text=text[:_TEXT_CHARS], person_id=person_id))

    def close(self) -> None:
        """Store the lines."""
        AlertLog.objects.bulk_create(self.lines)
        self.lines = []
