"""Keeps advisories and known-exploited entries in one SQLite file, and matches packages against them; it fetches nothing.

A load is one transaction: readers in other threads and processes see the whole of the old state or the whole of the new
one. Each thread reads through its own connection (WAL), loads queue behind a lock. The advisory is the unit: aliases are
joined for display and for offers only, never to decide.
"""

import contextlib
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from watchbill.engines.dependencies import store_limits as limits
from watchbill.engines.dependencies.advisory import Advisory
from watchbill.engines.dependencies.archives import Budget, Item, LoadRefused, read_bounded, read_source
from watchbill.engines.dependencies.kev import KevCatalogue, KevEntry, parse_kev
from watchbill.engines.dependencies.osv import parse_osv
from watchbill.engines.dependencies.packages import Package, Unreadable
from watchbill.engines.dependencies.results import KevReport, LoadedFile, LoadReport, MatchResult, StoreStatus
from watchbill.engines.dependencies.store_match import match_advisory, match_packages
from watchbill.engines.dependencies.store_rows import APPLICATION_ID, SCHEMA, SCHEMA_VERSION, digest_of, put_advisory, unpack_body


class StoreUnusable(Exception):
    """The store's file can't be used; the message says why and the remedy (it can always be loaded anew)."""


class AdvisoryStore:
    """One store. Open it with `AdvisoryStore.open`; it may be shared by threads, and is closed once for all of them."""

    def __init__(self, path: Path, clock: Callable[[], datetime]) -> None:
        self.path = path
        self._clock = clock
        self._local = threading.local()
        self._writing = threading.Lock()
        self._guard = threading.Lock()
        self._connections: list[sqlite3.Connection] = []
        self._closed = False

    @classmethod
    def open(cls, path: Path, create: bool = True, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> Self:
        """Open the store at `path`, making it if `create`. Raises StoreUnusable: absent, another file, newer, damaged."""
        if not create and not path.is_file():
            raise StoreUnusable(f"{path}: there is no advisory store; load advisories first")
        store = cls(path, clock)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            store._prepare()
        except (sqlite3.Error, OSError) as error:
            store.close()
            raise StoreUnusable(f"{path}: can't be used as an advisory store ({error}); move it away and load advisories anew") from error
        except StoreUnusable:
            store.close()
            raise
        return store

    def close(self) -> None:
        """Close every thread's connection; using the store afterwards raises StoreUnusable."""
        with self._guard:
            self._closed = True
            for connection in self._connections:
                connection.close()
            self._connections.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # loading

    def load(self, sources: Iterable[Path]) -> LoadReport:
        """Load zips of OSV JSON, directories (JSON files and zips, at any depth) or single files, all or nothing.

        A single advisory that can't be read is listed as refused and the rest is kept; a damaged or unsafe archive, a
        missing or an empty source refuses the whole load: raises LoadRefused. The same sources twice change nothing.
        """
        budget = Budget(limits.MAX_TOTAL_BYTES)
        return self._take((str(path), read_source(path, budget)) for path in sources)

    def load_advisories(self, documents: Iterable[tuple[str, bytes]]) -> LoadReport:
        """Load (where, bytes) pairs in one transaction; as `load`, for what already lies in memory."""
        budget = Budget(limits.MAX_TOTAL_BYTES)

        def items() -> Iterator[Item]:
            for where, data in documents:
                budget.spend(len(data), where)
                yield where, data

        return self._take([("", items())])

    def load_kev(self, path: Path) -> KevReport:
        """Put a KEV catalogue (CISA's JSON) in the place of the one held, whole. Raises LoadRefused, also for a catalogue
        released before the one held: going back would take "exploited" from findings without new evidence."""
        catalogue = parse_kev(read_bounded(path, limits.MAX_KEV_BYTES), str(path))
        if isinstance(catalogue, Unreadable):
            raise LoadRefused(catalogue.code, catalogue.reason, catalogue.where)
        with self._transaction() as db:
            held = _facts(db).get("kev_released", "")
            if catalogue.released < held:
                reason = f"released {catalogue.released or 'at no stated time'}, before the catalogue held ({held})"
                raise LoadRefused("older", reason, str(path))
            before = {row[0] for row in db.execute("SELECT cve FROM kev")}
            self._put_kev(db, catalogue, str(path))
        after = {entry.cve for entry in catalogue.entries}
        changed = tuple(sorted(before ^ after))
        return KevReport(catalogue.version, catalogue.released, len(after), len(after - before), len(before - after), changed)

    # asking

    def get(self, advisory_id: str) -> Advisory | None:
        """The advisory with this id, or None."""
        row = self._connection().execute("SELECT id, body FROM advisory WHERE id = ?", (advisory_id,)).fetchone()
        return None if row is None else _revive(*row)

    def by_alias(self, alias: str) -> tuple[Advisory, ...]:
        """Advisories called `alias`, by their own id or as another name of theirs, in order of id."""
        sql = """
            SELECT id, body FROM advisory
            WHERE id = ? OR number IN (SELECT number FROM alias WHERE alias = ?) ORDER BY id
        """
        return tuple(_revive(*row) for row in self._connection().execute(sql, (alias, alias)).fetchall())

    def aliases_of(self, advisory_id: str) -> frozenset[str]:
        """Every name joined to this one through aliases of aliases, itself included. For display and offers only: a
        chain may join two CVEs that are not the same problem. Follows at most `MAX_ALIAS_GROUP` names."""
        db = self._connection()
        found = {advisory_id}
        waiting = [advisory_id]
        while waiting and len(found) < limits.MAX_ALIAS_GROUP:
            fresh = _neighbours(db, waiting.pop()) - found
            found |= fresh
            waiting.extend(sorted(fresh))
        return frozenset(found)

    def kev(self, ids: Iterable[str]) -> KevEntry | None:
        """The KEV entry for any of these ids or their direct aliases, the earliest listed of several; None if none is.
        Aliases of aliases don't count: this answer pages people."""
        db = self._connection()
        names: set[str] = set()
        for one in ids:
            names |= {one} | _neighbours(db, one)
        entries: list[KevEntry] = []
        for name in names:
            row = db.execute("SELECT * FROM kev WHERE cve = ?", (name,)).fetchone()
            if row is not None:
                cve, added, title, vendor, product, ransomware, due, notes = row
                entries.append(KevEntry(cve, added, title, vendor, product, bool(ransomware), due, notes))
        return min(entries, key=lambda entry: (entry.date_added, entry.cve), default=None)

    def status(self) -> StoreStatus:
        """What the store holds and how old that is, from one moment."""
        with self._reading() as db:
            facts = _facts(db)
            total, withdrawn = db.execute("SELECT count(*), coalesce(sum(withdrawn != ''), 0) FROM advisory").fetchone()
            ecosystems = db.execute("SELECT ecosystem, count(DISTINCT number) FROM affected GROUP BY ecosystem ORDER BY ecosystem")
            newest = db.execute("SELECT coalesce(max(modified), '') FROM advisory WHERE modified >= '1970'").fetchone()[0]
            files = db.execute("SELECT path, loaded_at, advisories FROM source ORDER BY path").fetchall()
            return StoreStatus(
                advisories=total,
                withdrawn=withdrawn,
                by_ecosystem=dict(ecosystems.fetchall()),
                newest_modified=newest,
                loaded_at=facts.get("loaded_at", ""),
                kev_entries=db.execute("SELECT count(*) FROM kev").fetchone()[0],
                kev_version=facts.get("kev_version", ""),
                kev_date=facts.get("kev_released", ""),
                files=tuple(LoadedFile(*row) for row in files),
            )

    def affected_packages(self, advisory_id: str) -> tuple[tuple[str, str], ...]:
        """(ecosystem, normalised name) of each package an advisory names, also a withdrawn one: whom to look at again."""
        sql = "SELECT DISTINCT ecosystem, name FROM affected JOIN advisory USING (number) WHERE id = ? ORDER BY 1, 2"
        return tuple((row[0], row[1]) for row in self._connection().execute(sql, (advisory_id,)).fetchall())

    def naming(self, ecosystem: str, name: str) -> tuple[str, ...]:
        """Ids of the advisories that name this package (its name normalised), withdrawn ones too."""
        sql = "SELECT DISTINCT id FROM affected JOIN advisory USING (number) WHERE ecosystem = ? AND name = ? ORDER BY 1"
        return tuple(row[0] for row in self._connection().execute(sql, (ecosystem, name)).fetchall())

    def match(self, packages: Iterable[Package]) -> MatchResult:
        """Match packages against every advisory that stands. Hits and doubts come in the order of the packages, then of ids."""
        with self._reading() as db:
            return match_packages(db, packages)

    def match_advisory(self, advisory_id: str, packages: Iterable[Package]) -> MatchResult:
        """Match packages against this one advisory (the inverse match); an absent or withdrawn one matches nothing."""
        with self._reading() as db:
            return match_advisory(db, advisory_id, packages)

    # within

    def _take(self, sources: Iterable[tuple[str, Iterator[Item]]]) -> LoadReport:
        tally = _Tally()
        with self._transaction() as db:
            for name, items in sources:
                before = tally.seen
                for where, data in items:
                    tally.count(db, where, data)
                if name:
                    db.execute("INSERT OR REPLACE INTO source VALUES (?, ?, ?)", (name, self._now(), tally.seen - before))
            if tally.seen:
                _put_fact(db, "loaded_at", self._now())
        return tally.report()

    def _put_kev(self, db: sqlite3.Connection, catalogue: KevCatalogue, where: str) -> None:
        db.execute("DELETE FROM kev")
        rows = ((e.cve, e.date_added, e.name, e.vendor, e.product, int(e.ransomware), e.due, e.notes) for e in catalogue.entries)
        db.executemany("INSERT INTO kev VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
        _put_fact(db, "kev_version", catalogue.version)
        _put_fact(db, "kev_released", catalogue.released)
        db.execute("INSERT OR REPLACE INTO source VALUES (?, ?, ?)", (where, self._now(), len(catalogue.entries)))

    def _now(self) -> str:
        return self._clock().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def _connection(self) -> sqlite3.Connection:
        found: sqlite3.Connection | None = getattr(self._local, "connection", None)
        with self._guard:
            if self._closed:
                raise StoreUnusable(f"{self.path}: the store was closed")
            if found is None:
                # one connection a thread; only close() touches another thread's, hence check_same_thread
                found = sqlite3.connect(self.path, timeout=limits.BUSY_SECONDS, isolation_level=None, check_same_thread=False)
                self._local.connection = found
                self._connections.append(found)
        return found

    def _prepare(self) -> None:
        db = self._connection()
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=NORMAL")
        db.execute("BEGIN IMMEDIATE")
        with _committing(db):
            application, version = (db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version"))
            if application == APPLICATION_ID and version == SCHEMA_VERSION:
                return
            if application or db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                raise StoreUnusable(f"{self.path}: is another program's database, or of another version; move it away and load anew")
            for statement in SCHEMA.split(";\n"):
                db.execute(statement)
            db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._writing:
            db = self._connection()
            try:
                db.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                raise LoadRefused("busy", f"another process is loading advisories ({error}); try again", str(self.path)) from error
            with _committing(db):
                yield db

    @contextlib.contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        """A read transaction: every query in it sees the same moment. Not nested."""
        db = self._connection()
        db.execute("BEGIN")
        with _committing(db):
            yield db


class _Tally:
    """Counts a load while it goes, and lists what was refused up to a bound."""

    def __init__(self) -> None:
        self.seen = self.added = self.changed = self.unchanged = self.withdrawn = self.refused_count = 0
        self.refused: list[Unreadable] = []
        self.changed_ids: dict[str, None] = {}

    def count(self, db: sqlite3.Connection, where: str, data: bytes | Unreadable) -> None:
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
        numbers = (self.added, self.changed, self.unchanged, self.withdrawn)
        return LoadReport(*numbers, tuple(self.refused), tuple(self.changed_ids), self.refused_count)


@contextlib.contextmanager
def _committing(db: sqlite3.Connection) -> Iterator[None]:
    try:
        yield
        db.execute("COMMIT")
    finally:
        if db.in_transaction:
            db.execute("ROLLBACK")


def _revive(advisory_id: str, body: bytes) -> Advisory:
    advisory = parse_osv(unpack_body(body), advisory_id)
    if isinstance(advisory, Unreadable):
        raise StoreUnusable(f"{advisory_id}: the stored advisory can't be read ({advisory.reason}); load advisories anew")
    return advisory


def _neighbours(db: sqlite3.Connection, name: str) -> set[str]:
    """Names one step away: what the advisory of this id calls itself too, and the advisories that call themselves this."""
    own = db.execute("SELECT alias FROM alias JOIN advisory USING (number) WHERE id = ?", (name,))
    others = db.execute("SELECT id FROM alias JOIN advisory USING (number) WHERE alias = ?", (name,))
    return {row[0] for row in own.fetchall()} | {row[0] for row in others.fetchall()}


def _facts(db: sqlite3.Connection) -> dict[str, str]:
    return dict(db.execute("SELECT name, value FROM fact").fetchall())


def _put_fact(db: sqlite3.Connection, name: str, value: str) -> None:
    db.execute("INSERT OR REPLACE INTO fact VALUES (?, ?)", (name, value))
