"""The advisory store's tables and how an advisory is laid out in them; it decides nothing and opens no file.

`advisory.body` is the source's own bytes, packed, so that nothing an advisory says is lost by our reading of it. `affected`
holds what matching needs, so that a match unpacks no body. `number` in `affected` and `alias` is `advisory.number`.
"""

import hashlib
import json
import sqlite3
import zlib
from functools import lru_cache

from watchbill.engines.dependencies.advisory import Advisory, Affected, Event, EventKind, Range
from watchbill.engines.dependencies.matching import canonical_version
from watchbill.engines.dependencies.versions import normalise_name

APPLICATION_ID = 0x57424144  # "WBAD"
SCHEMA_VERSION = 2

SCHEMA = """
CREATE TABLE advisory (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, digest BLOB NOT NULL, modified TEXT NOT NULL,
                       withdrawn TEXT NOT NULL, body BLOB NOT NULL);
CREATE INDEX advisory_digest ON advisory (digest);
CREATE TABLE affected (number INTEGER NOT NULL, ecosystem TEXT NOT NULL, name TEXT NOT NULL, package TEXT NOT NULL,
                       withdrawn INTEGER NOT NULL, listed TEXT NOT NULL, ranges TEXT NOT NULL);
CREATE INDEX affected_name ON affected (ecosystem, name);
CREATE INDEX affected_number ON affected (number);
CREATE TABLE alias (alias TEXT NOT NULL, number INTEGER NOT NULL, PRIMARY KEY (alias, number)) WITHOUT ROWID;
CREATE INDEX alias_number ON alias (number);
CREATE TABLE kev (cve TEXT PRIMARY KEY, date_added TEXT NOT NULL, name TEXT NOT NULL, vendor TEXT NOT NULL, product TEXT NOT NULL,
                  ransomware INTEGER NOT NULL, due TEXT NOT NULL, notes TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE source (path TEXT PRIMARY KEY, loaded_at TEXT NOT NULL, advisories INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE fact (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE epss (cve TEXT PRIMARY KEY, score REAL NOT NULL, percentile REAL NOT NULL) WITHOUT ROWID;
"""

UPGRADES = {1: "CREATE TABLE epss (cve TEXT PRIMARY KEY, score REAL NOT NULL, percentile REAL NOT NULL) WITHOUT ROWID"}
"""From each earlier version, the one statement that leads to the next."""


def digest_of(data: bytes) -> bytes:
    """What tells an advisory's bytes from others: SHA-256."""
    return hashlib.sha256(data).digest()


def unpack_body(body: bytes) -> bytes:
    """The source's bytes of an advisory as `put_advisory` packed them."""
    return zlib.decompress(body)


def put_advisory(db: sqlite3.Connection, advisory: Advisory, data: bytes, digest: bytes) -> bool:
    """Insert an advisory, or put it in the place of the one with its id; True when it is new."""
    values = (digest, advisory.modified, advisory.withdrawn, zlib.compress(data, 1))
    known = db.execute("SELECT number FROM advisory WHERE id = ?", (advisory.id,)).fetchone()
    if known is None:
        fresh = db.execute("INSERT INTO advisory (digest, modified, withdrawn, body, id) VALUES (?, ?, ?, ?, ?)", (*values, advisory.id))
        number = int(fresh.lastrowid or 0)
    else:
        number = int(known[0])
        db.execute("UPDATE advisory SET digest = ?, modified = ?, withdrawn = ?, body = ? WHERE number = ?", (*values, number))
        db.execute("DELETE FROM affected WHERE number = ?", (number,))
        db.execute("DELETE FROM alias WHERE number = ?", (number,))
    rows = [_affected_row(number, item, bool(advisory.withdrawn)) for item in advisory.affected if item.package]
    db.executemany("INSERT INTO affected VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
    db.executemany("INSERT OR IGNORE INTO alias VALUES (?, ?)", [(alias, number) for alias in advisory.aliases])
    return known is None


@lru_cache(maxsize=65_536)
def _event(kind: EventKind, version: str) -> Event:
    """One value for equal edges: matching thousands of packages makes the same few over and over."""
    return Event(kind, version)


def affected_from(ecosystem: str, package: str, listed: str, ranges: str) -> tuple[Affected, frozenset[str]]:
    """Turn a row's columns back into values; listed versions come in canonical form, also as a set for `judge`."""
    versions = tuple(listed.split("\n")) if listed else ()
    spans = tuple(Range(kind, tuple(_event(what, version) for what, version in events)) for kind, events in json.loads(ranges))
    return Affected(ecosystem, package, versions, spans), frozenset(versions)


def _affected_row(number: int, item: Affected, withdrawn: bool) -> tuple[int, str, str, str, int, str, str]:
    listed = "\n".join(dict.fromkeys(canonical_version(item.ecosystem, version) for version in item.versions))
    spans = [(span.kind, [(event.kind, event.version) for event in span.events]) for span in item.ranges if span.kind != "GIT"]
    name = normalise_name(item.ecosystem, item.package)
    return number, item.ecosystem, name, item.package, int(withdrawn), listed, json.dumps(spans, separators=(",", ":"))
