"""Advisories that were corrected: what they no longer cover is withdrawn, on newer evidence, with the sentence why.

The evidence is intake's (the advisory as it is held now, and the kept inventory); here it is weighed against the closing rules. A
correction closes the sighting it is about, and the finding only with its last open sighting. Corrections that would close most of what
is open wait for a person, as a scan would: a damaged list of advisories must not clean up a company.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

import msgspec

from watchbill.base import clock
from watchbill.base.acting import Actor
from watchbill.base.writer import audit, news, write
from watchbill.cases.findings import closing, ringing
from watchbill.cases.findings.changes import Changes, store_rows, store_story
from watchbill.cases.findings.facts import from_json
from watchbill.cases.findings.hands import close_rows
from watchbill.cases.findings.known import chunks
from watchbill.cases.findings.models import YES, Finding, SeenBy
from watchbill.cases.findings.states import allowed
from watchbill.cases.limits import CHUNK


class OpenAdvice(msgspec.Struct, frozen=True):
    """One open sighting, as its source told it: where, under which names, of which package, and the advisory's age then (RFC 3339)."""

    id: int
    source: str
    manifest: str
    names: tuple[str, ...]
    ecosystem: str
    package: str
    installed: str
    modified: str


class Correction(msgspec.Struct, frozen=True):
    """Evidence that a sighting's advisory covers its version no more. `modified` is the advisory's time now; `why` a sentence."""

    sighting: int
    installed: str
    modified: str
    why: str


class Corrected(msgspec.Struct, frozen=True):
    """What became of corrections: findings withdrawn, and how many sightings wait for a person, with the reason."""

    withdrawn: tuple[int, ...] = ()
    waiting: int = 0
    held_reason: str = ""


def open_advice() -> Iterator[OpenAdvice]:
    """Every open sighting of a dependency whose version could be judged, a chunk of rows at a time."""
    after = 0
    while True:
        rows = SeenBy.objects.filter(pk__gt=after, open__in=YES, finding__kind="dependency").select_related("feed").order_by("pk")[:CHUNK]
        for row in rows:
            after = row.pk
            facts = from_json(row.facts)
            if facts.pin == "pinned" and facts.modified:
                names = (facts.advisory, *facts.aliases)
                yield OpenAdvice(
                    row.pk, row.feed.source, row.manifest, names, facts.ecosystem, facts.package, facts.installed, facts.modified
                )
        if len(rows) < CHUNK:
            return


def withdraw_corrected(corrections: Iterable[Correction], by: Actor, *, force: bool = False) -> Corrected:
    """Close what corrected advisories no longer cover; all in one transaction. `force`: a person has looked, and lets also that count
    which would wait.
    """
    told = {one.sighting: one for one in corrections}
    return write(lambda: _withdraw(told, by, force), lane="slow", name="findings.withdraw_corrected") if told else Corrected()


def _withdraw(told: Mapping[int, Correction], by: Actor, force: bool) -> Corrected:
    changes, now = Changes(), clock.now()
    rows = [row for part in chunks(sorted(told)) for row in SeenBy.objects.filter(pk__in=part, open__in=YES)]
    rows = [row for row in rows if closing.is_newer_advice(from_json(row.facts), told[row.pk].installed, told[row.pk].modified)]
    held = {} if force else _held(rows)
    for part in chunks(rows):
        findings = {one.pk: one for one in Finding.objects.select_for_update().filter(pk__in={row.finding_id for row in part})}
        open_rows = Counter(SeenBy.objects.filter(finding_id__in=list(findings), open__in=YES).values_list("finding_id", flat=True))
        for row in part:
            finding = changes.changed.get(row.finding_id, findings[row.finding_id])
            if row.feed_id in held:
                _wait(changes, row, finding, held[row.feed_id], now)
            else:
                open_rows[finding.pk] -= 1
                _close(changes, row, finding, told[row.pk].why, open_rows[finding.pk], now)
    newly = sum(one.action == "finding.not_seen" for one in changes.told)
    store_rows(changes, now)
    store_story(changes, by)
    ringing.quiet(changes.quiets, by, "Its advisory was corrected: the installed version is not affected.")
    waiting = sum(row.feed_id in held for row in rows)
    reason = next(iter(held.values()), "")
    if newly:
        audit(by, "advisories.corrections_held", "advisories:store", outcome="held", body={"waiting": waiting, "reason": reason})
        news("advisories.corrections_held", "advisories:store", {"waiting": waiting, "reason": reason})
    return Corrected(tuple(finding.pk for finding in changes.quiets), waiting, reason)


def _held(rows: list[SeenBy]) -> dict[int, str]:
    """By feed, why its corrections wait; feeds whose corrections may count are not in it."""
    would = Counter(row.feed_id for row in rows)
    everything = SeenBy.objects.filter(open__in=YES)
    counts = {feed: everything.filter(feed_id=feed).count() for feed in would}
    return closing.corrections_held(would, counts, everything.count() if would else 0)


def _wait(changes: Changes, row: SeenBy, finding: Finding, why: str, now: datetime) -> None:
    """The sighting stays open, marked; said once."""
    if row.not_seen_at is None:
        row.not_seen_at = now
        changes.sightings_changed[row.pk] = row
    if finding.is_open and finding.not_seen_at is None:
        finding.not_seen_at, finding.not_seen_why = now, why[:500]
        changes.touch(finding)
        changes.tell(finding, "finding.not_seen", f"Not covered any more, and left open: {why}")


def _close(changes: Changes, row: SeenBy, finding: Finding, why: str, others: int, now: datetime) -> None:
    row.open, row.closed_at, row.not_seen_at = False, now, None
    changes.sightings_changed[row.pk] = row
    if others:
        sees = "source still sees" if others == 1 else "sources still see"
        changes.touch(finding)
        changes.tell(finding, "finding.partly_withdrawn", f"{why} {others} other {sees} it, so it stays open.")
    elif allowed(finding.state, "withdraw"):
        close_rows([finding], changes, "withdraw", why, now)
