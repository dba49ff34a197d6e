"""What a load writes into an open store, inside the caller's transaction: advisories one by one, and lists that are replaced whole.

A list that was cut short, or is older than the one held, would unsay what is known; so it is refused by `LoadRefused`, and the caller
undoes all of it.
"""

import json
import sqlite3
from collections.abc import Iterator

from watchbill.engines.dependencies import store_limits as limits
from watchbill.engines.dependencies.archives import Item, LoadRefused
from watchbill.engines.dependencies.epss import EpssFile
from watchbill.engines.dependencies.kev import KevCatalogue
from watchbill.engines.dependencies.osv import parse_osv
from watchbill.engines.dependencies.packages import Unreadable
from watchbill.engines.dependencies.results import EpssReport, KevReport, LoadReport, MirrorMark
from watchbill.engines.dependencies.store_rows import digest_of, put_advisory

_MARK = "mirror:"


class Tally:
    """Counts a load while it goes, and lists what was refused up to a bound."""

    def __init__(self) -> None:
        self.seen = self.added = self.changed = self.unchanged = self.withdrawn = self.refused_count = 0
        self.refused: list[Unreadable] = []
        self.changed_ids: dict[str, None] = {}

    def take_all(self, db: sqlite3.Connection, items: Iterator[Item]) -> int:
        """Take each advisory; how many items there were."""
        before = self.seen
        for where, data in items:
            self.take(db, where, data)
        return self.seen - before

    def take(self, db: sqlite3.Connection, where: str, data: bytes | Unreadable) -> None:
        """Put one advisory in the place of the one with its id; bytes that are held already cost one look."""
        self.seen += 1
        if isinstance(data, Unreadable):
            return self._refuse(data)
        digest = digest_of(data)
        if db.execute("SELECT 1 FROM advisory WHERE digest = ?", (digest,)).fetchone():
            self.unchanged += 1
            return None
        advisory = parse_osv(data, where)
        if isinstance(advisory, Unreadable):
            return self._refuse(advisory)
        if put_advisory(db, advisory, data, digest):
            self.added += 1
        else:
            self.changed += 1
        self.withdrawn += bool(advisory.withdrawn)
        self.changed_ids[advisory.id] = None
        return None

    def _refuse(self, refusal: Unreadable) -> None:
        self.refused_count += 1
        if len(self.refused) < limits.MAX_REFUSED_LISTED:
            self.refused.append(refusal)

    def report(self) -> LoadReport:
        """What the load did."""
        numbers = (self.added, self.changed, self.unchanged, self.withdrawn)
        return LoadReport(*numbers, tuple(self.refused), tuple(self.changed_ids), self.refused_count)


def facts(db: sqlite3.Connection) -> dict[str, str]:
    """The store's small facts by name."""
    return dict(db.execute("SELECT name, value FROM fact").fetchall())


def put_fact(db: sqlite3.Connection, name: str, value: str) -> None:
    """Store a small fact."""
    db.execute("INSERT OR REPLACE INTO fact VALUES (?, ?)", (name, value))


def put_source(db: sqlite3.Connection, where: str, now: str, held: int) -> None:
    """Remember a source that was loaded."""
    db.execute("INSERT OR REPLACE INTO source VALUES (?, ?, ?)", (where, now, held))


def put_kev(db: sqlite3.Connection, catalogue: KevCatalogue, where: str, force: bool = False) -> KevReport:
    """Replace the known-exploited catalogue. Raises LoadRefused (older, shrunk)."""
    held = facts(db).get("kev_released", "")
    if catalogue.released < held:
        reason = f"released {catalogue.released or 'at no stated time'}, before the catalogue held ({held})"
        raise LoadRefused("older", reason, where)
    before = {row[0] for row in db.execute("SELECT cve FROM kev")}
    after = {entry.cve for entry in catalogue.entries}
    refuse_shrunk(len(after), len(before), "entries", where, force)
    db.execute("DELETE FROM kev")
    rows = ((e.cve, e.date_added, e.name, e.vendor, e.product, int(e.ransomware), e.due, e.notes) for e in catalogue.entries)
    db.executemany("INSERT INTO kev VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
    put_fact(db, "kev_version", catalogue.version)
    put_fact(db, "kev_released", catalogue.released)
    changed = tuple(sorted(before ^ after))
    return KevReport(catalogue.version, catalogue.released, len(after), len(after - before), len(before - after), changed)


def put_epss(db: sqlite3.Connection, scores: EpssFile, where: str, force: bool = False) -> EpssReport:
    """Replace the scores. Raises LoadRefused (older, shrunk)."""
    held = facts(db).get("epss_date", "")
    if scores.date < held:
        raise LoadRefused("older", f"scores of {scores.date}, before those held ({held})", where)
    before = int(db.execute("SELECT count(*) FROM epss").fetchone()[0])
    refuse_shrunk(len(scores.rows), before, "scores", where, force)
    db.execute("DELETE FROM epss")
    db.executemany("INSERT INTO epss VALUES (?, ?, ?)", scores.rows)
    put_fact(db, "epss_date", scores.date)
    put_fact(db, "epss_model", scores.model)
    return EpssReport(scores.model, scores.date, len(scores.rows), before)


def refuse_shrunk(found: int, held: int, what: str, where: str, force: bool) -> None:
    """Raise LoadRefused when a source holds less than half of what it held, unless forced."""
    if not force and found < held * limits.SHRUNK_SHARE:
        reason = f"holds {found:,} {what}, where the last one held {held:,}: less than half, so it may be damaged"
        raise LoadRefused("shrunk", reason, where)


def refuse_other_content(db: sqlite3.Connection, tally: Tally, ecosystem: str, where: str) -> None:
    """Raise LoadRefused when what was loaded as one ecosystem's archive is mostly unreadable, or names nothing of that ecosystem."""
    if tally.refused_count > tally.seen * limits.UNREADABLE_SHARE:
        first = tally.refused[0].reason if tally.refused else ""
        raise LoadRefused("unreadable", f"{tally.refused_count:,} of {tally.seen:,} advisories in it can't be read ({first})", where)
    sql = "SELECT 1 FROM affected WHERE ecosystem = ? OR ecosystem GLOB ? LIMIT 1"
    if db.execute(sql, (ecosystem, f"{ecosystem}:*")).fetchone() is None:
        raise LoadRefused("wrong_ecosystem", f"names no package of {ecosystem}", where)


def put_mark(db: sqlite3.Connection, mark: MirrorMark) -> None:
    """Remember which version of a mirror's document is held, in the transaction that loads it."""
    put_fact(db, *mark_fact(mark))


def mark_fact(mark: MirrorMark) -> tuple[str, str]:
    """The name and value under which a mark is kept."""
    values = {"url": mark.url, "etag": mark.etag, "modified": mark.modified, "bytes": mark.bytes, "members": mark.members}
    return _MARK + mark.name, json.dumps(values | {"sha256": mark.sha256, "at": mark.at, "newest": mark.newest})


def newest_of(db: sqlite3.Connection, ecosystem: str) -> str:
    """The latest change among an ecosystem's advisories, by their own word; "" where none has a real time."""
    sql = """
        SELECT max(modified) FROM advisory
        WHERE modified >= '1970' AND number IN (SELECT number FROM affected WHERE ecosystem = ? OR ecosystem GLOB ?)
    """
    return str(db.execute(sql, (ecosystem, f"{ecosystem}:*")).fetchone()[0] or "")


def marks(held: dict[str, str]) -> dict[str, MirrorMark]:
    """The mirror's documents that are held, by name, out of the store's facts."""
    found: dict[str, MirrorMark] = {}
    for key, value in sorted(held.items()):
        if key.startswith(_MARK):
            name = key.removeprefix(_MARK)
            found[name] = MirrorMark(name=name, **json.loads(value))
    return found
