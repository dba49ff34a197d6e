"""Keeps advisories and known-exploited entries in one SQLite file, and matches packages against them; it fetches nothing.

A load is one transaction: readers in other threads and processes see the whole of the old state or the whole of the new
one. Each thread reads through its own connection (WAL), loads queue behind a lock. The advisory is the unit: aliases are
joined for display and for offers only, never to decide.
"""

import contextlib
import dataclasses
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from watchbill.engines.dependencies import store_limits as limits
from watchbill.engines.dependencies.advisory import Advisory
from watchbill.engines.dependencies.archives import Budget, Item, LoadRefused, check_archive, read_bounded, read_source
from watchbill.engines.dependencies.epss import EpssScore, parse_epss
from watchbill.engines.dependencies.groups import AliasGroup, GroupCounts
from watchbill.engines.dependencies.kev import KevEntry, parse_kev
from watchbill.engines.dependencies.osv import parse_osv
from watchbill.engines.dependencies.packages import Package, Unreadable
from watchbill.engines.dependencies.results import EpssReport, KevReport, LoadedFile, LoadReport, MatchResult, MirrorMark, StoreStatus
from watchbill.engines.dependencies.store_load import (
    Tally,
    facts,
    marks,
    newest_of,
    put_epss,
    put_fact,
    put_kev,
    put_mark,
    put_source,
    refuse_other_content,
    refuse_shrunk,
)
from watchbill.engines.dependencies.store_match import advisories_naming, match_advisory, match_packages, packages_named_by
from watchbill.engines.dependencies.store_names import epss_score, group_counts, group_of, joined_names, kev_entry, newest_modified
from watchbill.engines.dependencies.store_rows import APPLICATION_ID, SCHEMA, SCHEMA_VERSION, UPGRADES, unpack_body


class StoreUnusable(Exception):
    """The store's file can't be used; the message says why and the remedy (it can always be loaded anew)."""


_DISK_ERRORS = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY)


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
        """Load (where, bytes) pairs, all or nothing; as `load`, for what already lies in memory."""
        budget = Budget(limits.MAX_TOTAL_BYTES)

        def items() -> Iterator[Item]:
            for where, data in documents:
                budget.spend(len(data), where)
                yield where, data

        return self._take([("", items())])

    def load_mirrored(self, path: Path, mark: MirrorMark, *, force: bool = False) -> LoadReport:
        """Load one ecosystem's archive as a mirror served it, with the mark of its version, all or nothing.

        Every member's CRC is compared first. Raises LoadRefused also for one that shrank by more than half (unless `force`), that is
        mostly unreadable, or that names no package of its ecosystem.
        """
        members = check_archive(path)
        with self._transaction() as db:
            held = marks(facts(db)).get(mark.name)
            refuse_shrunk(members, held.members if held else 0, "files", mark.url, force)
            refuse_shrunk(mark.bytes, held.bytes if held else 0, "bytes", mark.url, force)
            tally = Tally()
            tally.take_all(db, read_source(path, Budget(limits.MAX_TOTAL_BYTES)))
            refuse_other_content(db, tally, mark.name, mark.url)
            put_source(db, mark.url, self._now(), tally.seen)
            put_mark(db, dataclasses.replace(mark, members=members, at=self._now(), newest=newest_of(db, mark.name)))
            put_fact(db, "loaded_at", self._now())
        return tally.report()

    def load_kev(self, path: Path, *, mark: MirrorMark | None = None, force: bool = False) -> KevReport:
        """Put a KEV catalogue (CISA's JSON) in the place of the one held, whole. Raises LoadRefused, also for a catalogue
        released before the one held: going back would take "exploited" from findings without new evidence."""
        where = mark.url if mark else str(path)
        catalogue = parse_kev(read_bounded(path, limits.MAX_KEV_BYTES), where)
        if isinstance(catalogue, Unreadable):
            raise LoadRefused(catalogue.code, catalogue.reason, catalogue.where)
        with self._transaction() as db:
            report = put_kev(db, catalogue, where, force)
            self._put_whole(db, where, mark, report.entries)
        return report

    def load_epss(self, path: Path, *, mark: MirrorMark | None = None, force: bool = False) -> EpssReport:
        """Put a day's EPSS scores (FIRST's CSV, plain or gzipped) in the place of those held, whole. Raises LoadRefused, also for
        scores of an earlier day."""
        where = mark.url if mark else str(path)
        scores = parse_epss(read_bounded(path, limits.MAX_EPSS_BYTES), where)
        if isinstance(scores, Unreadable):
            raise LoadRefused(scores.code, scores.reason, scores.where)
        with self._transaction() as db:
            report = put_epss(db, scores, where, force)
            self._put_whole(db, where, mark, report.scores)
        return report

    def note(self, name: str, value: str) -> None:
        """Keep a small fact beside the advisories, such as how the last update went."""
        with self._transaction() as db:
            put_fact(db, name, value)

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

    def newest(self, names: Iterable[str]) -> str:
        """When the latest of the advisories by these names was modified, as it says itself; "" where none is held."""
        return newest_modified(self._connection(), names)

    def aliases_of(self, advisory_id: str) -> frozenset[str]:
        """Every name joined to this one through aliases of aliases, itself included. For display and offers only: a
        chain may join two CVEs that are not the same problem. Follows at most `MAX_ALIAS_GROUP` names."""
        return joined_names(self._connection(), advisory_id)

    def group(self, name: str) -> AliasGroup:
        """The alias group of an advisory, or of any name it is called by. For display and offers only, as `aliases_of`."""
        with self._reading() as db:
            return group_of(db, name)

    def groups(self) -> GroupCounts:
        """How many alias groups there are."""
        with self._reading() as db:
            return group_counts(db)

    def kev(self, ids: Iterable[str]) -> KevEntry | None:
        """The KEV entry for any of these ids or their direct aliases, the earliest listed of several; None if none is.
        Aliases of aliases don't count: this answer pages people."""
        return kev_entry(self._connection(), ids)

    def epss(self, ids: Iterable[str]) -> EpssScore | None:
        """The highest EPSS score of these ids or their direct aliases; None where none is held. A forecast, never evidence."""
        return epss_score(self._connection(), ids)

    def noted(self, name: str) -> str:
        """A small fact that `note` kept; "" when there is none."""
        return facts(self._connection()).get(name, "")

    def is_empty(self) -> bool:
        """Whether no advisory was ever loaded."""
        return self._connection().execute("SELECT 1 FROM advisory LIMIT 1").fetchone() is None

    def status(self) -> StoreStatus:
        """What the store holds and how old that is, from one moment."""
        with self._reading() as db:
            known = facts(db)
            total, withdrawn = db.execute("SELECT count(*), coalesce(sum(withdrawn != ''), 0) FROM advisory").fetchone()
            ecosystems = db.execute("SELECT ecosystem, count(DISTINCT number) FROM affected GROUP BY ecosystem ORDER BY ecosystem")
            newest = db.execute("SELECT coalesce(max(modified), '') FROM advisory WHERE modified >= '1970'").fetchone()[0]
            files = db.execute("SELECT path, loaded_at, advisories FROM source ORDER BY path").fetchall()
            return StoreStatus(
                advisories=total,
                withdrawn=withdrawn,
                by_ecosystem=dict(ecosystems.fetchall()),
                newest_modified=newest,
                loaded_at=known.get("loaded_at", ""),
                kev_entries=db.execute("SELECT count(*) FROM kev").fetchone()[0],
                kev_version=known.get("kev_version", ""),
                kev_date=known.get("kev_released", ""),
                files=tuple(LoadedFile(*row) for row in files),
                epss_scores=db.execute("SELECT count(*) FROM epss").fetchone()[0],
                epss_date=known.get("epss_date", ""),
                epss_model=known.get("epss_model", ""),
                mirrored=tuple(marks(known).values()),
            )

    def affected_packages(self, advisory_id: str) -> tuple[tuple[str, str], ...]:
        """(ecosystem, normalised name) of each package an advisory names, also a withdrawn one: whom to look at again."""
        return packages_named_by(self._connection(), advisory_id)

    def naming(self, ecosystem: str, name: str) -> tuple[str, ...]:
        """Ids of the advisories that name this package (its name normalised), withdrawn ones too."""
        return advisories_naming(self._connection(), ecosystem, name)

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
        tally = Tally()
        with self._transaction() as db:
            for name, items in sources:
                held = tally.take_all(db, items)
                if name:
                    put_source(db, name, self._now(), held)
            if tally.seen:
                put_fact(db, "loaded_at", self._now())
        return tally.report()

    def _put_whole(self, db: sqlite3.Connection, where: str, mark: MirrorMark | None, held: int) -> None:
        put_source(db, where, self._now(), held)
        if mark:
            put_mark(db, dataclasses.replace(mark, members=held, at=self._now()))

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
            if application == APPLICATION_ID and 0 < version <= SCHEMA_VERSION:
                for step in range(version, SCHEMA_VERSION):
                    db.execute(UPGRADES[step])
                db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
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
            try:
                with _committing(db):
                    yield db
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF in _DISK_ERRORS:
                    raise LoadRefused("disk", f"the disk is full or failing ({error}); nothing was changed", str(self.path)) from error
                raise

    @contextlib.contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        """A read transaction: every query in it sees the same moment. Not nested."""
        db = self._connection()
        db.execute("BEGIN")
        with _committing(db):
            yield db


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
