"""The company of the cases' tests, and scans in words: Alice owns berth-board, Bob has the security watch, Charlie is outside."""

from dataclasses import dataclass, field
from datetime import timedelta

from tests.conftest import SettableClock
from watchbill.base.acting import SYSTEM, Actor
from watchbill.base.trail import events_for
from watchbill.base.trail import size as trail_size
from watchbill.cases.findings import queries, services
from watchbill.cases.findings.rules import KevFact, ScanOutcome, ScanSummary, Scope, Sighting
from watchbill.paging import queries as paging

ROSTER = """
[company]
name = "Saltmarsh Terminals"
security_team = "security"
security_schedule = "security"

[[person]]
email = "alice@saltmarsh.example"
name = "Alice Duarte"

[[person]]
email = "jun@saltmarsh.example"
name = "Jun Park"

[[person]]
email = "bob@saltmarsh.example"
name = "Bob Lindqvist"
role = "security"

[[person]]
email = "mira@saltmarsh.example"
name = "Mira Solberg"
role = "admin"

[[person]]
email = "charlie@saltmarsh.example"
name = "Charlie Outside"
role = "viewer"

[[team]]
slug = "berths"
name = "Berths"
zone = "UTC"
members = ["alice@saltmarsh.example"]
policy = "berths"
workdays = "1-5"
opens = "09:00"
closes = "17:00"

[[team]]
slug = "platform"
name = "Platform"
zone = "UTC"
members = ["jun@saltmarsh.example"]
policy = "berths"

[[team]]
slug = "security"
name = "Security"
zone = "UTC"
members = ["bob@saltmarsh.example", "mira@saltmarsh.example"]
policy = "security"

[[schedule]]
slug = "security"
name = "Security"
team = "security"
zone = "UTC"

[[schedule.layer]]
name = "weeks"
people = ["bob@saltmarsh.example"]
every = "1 week"
starts = 2026-01-05T08:00:00

[[policy]]
slug = "berths"
name = "Berths, urgent"

[[policy.step]]
notify = ["person:alice@saltmarsh.example"]
wait = "5m"

[[policy.step]]
notify = ["schedule:security"]
wait = "5m"

[[policy]]
slug = "security"
name = "Security"

[[policy.step]]
notify = ["schedule:security"]
wait = "5m"

[[repo]]
name = "saltmarsh/berth-board"

[[service]]
slug = "berth-board"
name = "Berth board"
team = "berths"
tier = 1
exposure = "open"
repos = ["saltmarsh/berth-board"]

[[service]]
slug = "tide-feed"
name = "Tide feed"
team = "platform"
tier = 4
exposure = "small"

[[service]]
slug = "crane-gateway"
name = "Crane gateway"
team = "platform"
"""

ALICE, JUN, BOB, MIRA, CHARLIE = (f"{name}@saltmarsh.example" for name in ("alice", "jun", "bob", "mira", "charlie"))
EASY = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
KEV = KevFact("CVE-2025-55182", "2025-12-05", "2025-12-26")
LOCK = "package-lock.json"


def person(email: str) -> Actor:
    """A person at the pages."""
    return Actor("person", email, "web")


def seen(
    package: str = "react-server-dom-webpack",
    installed: str = "19.1.1",
    *,
    advisory: str = "CVE-2025-55182",
    manifest: str = LOCK,
    kev: KevFact | None = KEV,
    vector: str = EASY,
    aliases: tuple[str, ...] = (),
    unpinned: str = "",
    unknown: str = "",
    fixed: tuple[str, ...] = ("19.1.2",),
    exploit: bool = False,
    title: str = "",
) -> Sighting:
    """A sighting of a hole that is exploited in the wild, unless it is told otherwise."""
    return Sighting(
        advisory=advisory,
        aliases=aliases,
        ecosystem="npm",
        package=package,
        purl=f"pkg:npm/{package}@{installed}" if installed else f"pkg:npm/{package}",
        installed=installed,
        manifest=manifest,
        fixed=fixed,
        title=title or f"{package} {installed} lets a stranger run code".replace("  ", " "),
        summary="The server half of React reads data without checking it.\n\nMore follows.",
        cwes=("CWE-502",),
        severity=vector,
        kev=kev,
        exploit_refs=exploit,
        upgrade=(f"npm install --save-exact {package}@{fixed[0]}",) if fixed else (),
        advisory_modified="2025-12-06T00:00:00Z",
        unpinned_bound=unpinned,
        version_unknown=unknown,
    )


def quiet(number: int, *, manifest: str = LOCK, advisory: str = "") -> Sighting:
    """One of many holes that nobody exploits."""
    return seen(f"package-{number}", "1.0.0", advisory=advisory or f"CVE-2024-{number:05}", kev=None, manifest=manifest, fixed=("1.0.1",))


@dataclass
class Company:
    """Saltmarsh in a test: what is scanned, and what came of it."""

    clock: SettableClock
    scans: int = 0
    last: ScanOutcome = field(default_factory=ScanOutcome)

    def scan(
        self,
        *sightings: Sighting,
        service: str = "berth-board",
        repo: str = "saltmarsh/berth-board",
        branch: str = "main",
        source: str = "watched path",
        inputs: tuple[str, ...] = (LOCK,),
        read: tuple[str, ...] | None = None,
        unreadable: tuple[tuple[str, str], ...] = (),
        packages: int = 100,
        counts: dict[str, int] | None = None,
        complete: bool = True,
        key: str = "",
        ago: timedelta = timedelta(0),
        versions: dict[str, str] | None = None,
        by: Actor = SYSTEM,
    ) -> ScanOutcome:
        """A scan that ended `ago`, read all it declared and found packages there, unless it is told otherwise."""
        self.scans += 1
        files = inputs if read is None else read
        at = self.clock.now() - ago
        summary = ScanSummary(
            key=key or f"scan-{self.scans}",
            scope=Scope(source, service, repo, branch, inputs),
            started_at=at - timedelta(seconds=2),
            finished_at=at,
            complete=complete,
            inputs_read=files,
            inputs_unreadable=unreadable,
            packages=packages,
            tool="lockfile reader",
            packages_by_input=counts if counts is not None else dict.fromkeys(files, packages),
        )
        known = versions
        version_now = None if known is None else lambda _manifest, _ecosystem, package: known.get(package, "")
        self.last = services.record_scan(summary, sightings, by, version_now)
        return self.last

    def later(self, **units: float) -> "Company":
        """Time passes."""
        self.clock.forward(**units)
        return self

    def only(self) -> queries.FindingDetail:
        """The one finding there is."""
        rows = queries.search("is:all").rows
        assert len(rows) == 1, rows
        return queries.finding(rows[0].id)

    def state(self, finding_id: int) -> str:
        """Its state now."""
        return queries.finding(finding_id).state

    def states(self) -> dict[str, str]:
        """Every finding's state by package."""
        return {row.package: row.state for row in queries.search("is:all", size=1000).rows}

    def rings(self) -> list[paging.AlertInfo]:
        """Alerts that are open now."""
        return list(paging.open_alerts())

    def story(self, finding_id: int) -> list[str]:
        """Actions in its trail, oldest first."""
        return [event.action for event in events_for([f"finding:{finding_id}"], 1000)]

    def texts(self, finding_id: int) -> list[str]:
        """Its trail in words."""
        return [str(event.body.get("text", "")) for event in events_for([f"finding:{finding_id}"], 1000)]

    def trail(self) -> int:
        """How many events the audit trail has."""
        return trail_size()
