"""Asks an open store about names: which advisories share one, whether one of them is known to be exploited, what EPSS says. Reads only."""

import sqlite3
from collections.abc import Iterable

from watchbill.engines.dependencies import store_limits as limits
from watchbill.engines.dependencies.epss import EpssScore
from watchbill.engines.dependencies.groups import AliasGroup, GroupCounts, by_name, count_groups
from watchbill.engines.dependencies.kev import KevEntry
from watchbill.engines.dependencies.store_load import facts


def neighbours(db: sqlite3.Connection, name: str) -> set[str]:
    """Names one step away: what the advisory of this id calls itself too, and the advisories that call themselves this."""
    own = db.execute("SELECT alias FROM alias JOIN advisory USING (number) WHERE id = ?", (name,))
    others = db.execute("SELECT id FROM alias JOIN advisory USING (number) WHERE alias = ?", (name,))
    return {row[0] for row in own.fetchall()} | {row[0] for row in others.fetchall()}


def with_aliases(db: sqlite3.Connection, ids: Iterable[str]) -> set[str]:
    """These names and their direct aliases; aliases of aliases are left out."""
    names: set[str] = set()
    for one in ids:
        names |= {one} | neighbours(db, one)
    return names


def joined_names(db: sqlite3.Connection, name: str) -> frozenset[str]:
    """Every name joined to this one through aliases of aliases, itself included; at most `MAX_ALIAS_GROUP` are followed."""
    found = {name}
    waiting = [name]
    while waiting and len(found) < limits.MAX_ALIAS_GROUP:
        fresh = neighbours(db, waiting.pop()) - found
        found |= fresh
        waiting.extend(sorted(fresh))
    return frozenset(found)


def newest_modified(db: sqlite3.Connection, names: Iterable[str]) -> str:
    """The latest change of the advisories that bear one of these names, as their own id or an alias; "" for none."""
    sql = "SELECT max(modified) FROM advisory WHERE id = ? OR number IN (SELECT number FROM alias WHERE alias = ?)"
    return max((str(db.execute(sql, (name, name)).fetchone()[0] or "") for name in names), default="")


def group_of(db: sqlite3.Connection, name: str) -> AliasGroup:
    """The group that a name belongs to; one of its own for a name nobody knows."""
    names = by_name(joined_names(db, name))
    return AliasGroup(names, tuple(one for one in names if db.execute("SELECT 1 FROM advisory WHERE id = ?", (one,)).fetchone()))


def group_counts(db: sqlite3.Connection) -> GroupCounts:
    """Counts over all groups: some 20 ms for ten thousand advisories."""
    ids = [row[0] for row in db.execute("SELECT id FROM advisory")]
    return count_groups(ids, db.execute("SELECT id, alias FROM alias JOIN advisory USING (number)"))


def kev_entry(db: sqlite3.Connection, ids: Iterable[str]) -> KevEntry | None:
    """The earliest listed known-exploited entry for these ids or their direct aliases."""
    entries: list[KevEntry] = []
    for name in with_aliases(db, ids):
        row = db.execute("SELECT * FROM kev WHERE cve = ?", (name,)).fetchone()
        if row is not None:
            cve, added, title, vendor, product, ransomware, due, notes = row
            entries.append(KevEntry(cve, added, title, vendor, product, bool(ransomware), due, notes))
    return min(entries, key=lambda entry: (entry.date_added, entry.cve), default=None)


def epss_score(db: sqlite3.Connection, ids: Iterable[str]) -> EpssScore | None:
    """The highest score of these ids or their direct aliases, with the day and the model it is of."""
    rows = [row for name in with_aliases(db, ids) for row in db.execute("SELECT cve, score, percentile FROM epss WHERE cve = ?", (name,))]
    if not rows:
        return None
    known = facts(db)
    cve, score, percentile = min(rows, key=lambda row: (-row[1], row[0]))
    return EpssScore(cve, score, percentile, known.get("epss_date", ""), known.get("epss_model", ""))
