"""The bell as a test's hand holds it: ring, let time pass, look at what happened, in words."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from tests.paging.fake_servers import FakeMail
from watchbill.base.acting import Actor
from watchbill.base.loop import run_turns
from watchbill.base.trail import events
from watchbill.paging import queries, services
from watchbill.paging.jobs import turn
from watchbill.paging.queries import AlertInfo, PageInfo
from watchbill.paging.services import AlertRef
from watchbill.paging.trace import trace
from watchbill.roster import queries as roster

SCANNER = Actor("system", "watchbill", "loop")


class Hand(Protocol):
    """The clock in the test's hand."""

    def now(self) -> datetime: ...
    def set(self, at: datetime) -> None: ...
    def forward(self, **units: float) -> None: ...


@dataclass(frozen=True)
class Bell:
    clock: Hand
    mail: FakeMail = field(default_factory=FakeMail)

    def ring(self, **other: Any) -> AlertRef:
        """Open an alert about finding 412, owned by Berths, and let what is due happen."""
        ref = self.open(**other)
        self.settle()
        return ref

    def open(self, **other: Any) -> AlertRef:
        given: dict[str, Any] = {
            "subject": "finding:412",
            "dedup_key": "finding:412",
            "title": "lodash 4.17.20 in board is exploited",
            "decision": "now",
            "why": ("It is exploited in the wild.", "Service board is open to the internet."),
            "policy": "berths",
            "team": "berths",
            "link": "/findings/412",
            "guidance": ("Put it at 4.17.21.",),
            "by": SCANNER,
        }
        return services.open_alert(**given | other)

    def settle(self) -> None:
        """What is due happens."""
        for _ in range(20):
            due = turn(self.clock.now())
            if due is None or due > self.clock.now():
                return
        raise AssertionError("the bell never comes to rest")

    def wait(self, **units: float) -> None:
        """Time passes, and what is due happens."""
        self.clock.forward(**units)
        self.settle()

    def everything(self) -> None:
        """Every loop takes its turn: news and jobs too."""
        run_turns()

    def alert(self, ref: AlertRef) -> AlertInfo:
        return queries.alert(ref.id)

    def pages(self, ref: AlertRef, email: str = "", channel: str = "") -> list[PageInfo]:
        name = roster.person(email).name if email else ""
        return [page for page in queries.pages(ref.id) if name in ("", page.person) and channel in ("", page.channel)]

    def rung(self, ref: AlertRef) -> list[tuple[str, str]]:
        """Who was paged by what, in order."""
        sent = sorted((page for page in queries.pages(ref.id) if page.state == "sent"), key=lambda page: (page.sent_at, page.id))
        return [(page.person.split()[0], page.channel) for page in sent]

    def log(self, ref: AlertRef) -> str:
        return "\n".join(line.text for line in queries.log(ref.id))

    def trace(self, ref: AlertRef, email: str = "") -> str:
        return "\n".join(line.text for line in trace(ref.id, roster.person(email).id if email else None))

    def answer(self, ref: AlertRef, email: str) -> str:
        return trace(ref.id, roster.person(email).id)[0].text

    def acknowledge(self, ref: AlertRef, email: str) -> bool:
        """Whether it had been acknowledged before."""
        person = roster.person(email)
        return services.acknowledge(ref.id, by=Actor("person", email, "web"), person_id=person.id, channel="web").already

    def actions(self, target: str = "") -> list[str]:
        """What the audit trail says was done, oldest first."""
        found = [event for event in reversed(events(limit=1000)) if target in ("", event.target)]
        return [event.action for event in found if event.action.startswith(("alert.", "page.", "paging.", "contact", "notif"))]
