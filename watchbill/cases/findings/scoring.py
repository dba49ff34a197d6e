"""New EPSS scores for what is open: taken onto sightings and findings, and decided anew. A score sorts, and may lift out of silent; it
wakes nobody, and no finding changes its state by it.

Most scores move a little each day. A row is rewritten when what people read of it changed, when it crosses the line that lifts, or when
the score it shows is a week old.
"""

from collections.abc import Callable, Mapping
from datetime import date, timedelta

import msgspec

from watchbill.base import clock
from watchbill.base.acting import Actor
from watchbill.base.writer import write
from watchbill.cases.decisions.forecast import forecast_words, lifts
from watchbill.cases.findings.changes import Changes, store_rows
from watchbill.cases.findings.facts import facts_hash, from_json, to_json
from watchbill.cases.findings.hands import redecide
from watchbill.cases.findings.judging import take_score
from watchbill.cases.findings.models import YES, Finding, SeenBy
from watchbill.cases.findings.rules import EpssFact
from watchbill.cases.findings.states import OPEN_STATES
from watchbill.cases.limits import CHUNK

ScoreOf = Callable[[tuple[str, ...]], EpssFact | None]
_OLD = timedelta(days=7)


def rescore(score_of: ScoreOf, by: Actor) -> tuple[int, ...]:
    """Ask `score_of` (which takes an advisory's names) for every open or accepted finding; the ids of those whose decision changed."""
    changed: list[int] = []
    after = 0
    while rows := list(_standing(after)):
        after = rows[-1].pk
        found = {row.pk: score_of((row.advisory, *row.aliases)) for row in rows}
        moved = {row.pk: found[row.pk] for row in rows if is_news(from_json(row.facts).epss, found[row.pk])}
        if moved:
            changed += write(lambda moved=moved: _take(moved, by), lane="slow", name="findings.rescore")  # type: ignore[misc]
    return tuple(changed)


def _standing(after: int) -> list[Finding]:
    rows = Finding.objects.filter(pk__gt=after, kind="dependency", state__in=(*OPEN_STATES, "accepted")).order_by("pk")
    return list(rows.only("pk", "advisory", "aliases", "facts")[:CHUNK])


def is_news(before: EpssFact | None, now: EpssFact | None) -> bool:
    """Whether a score tells people something else than the one that is kept."""
    if before is None or now is None:
        return before != now
    if lifts(before.score) != lifts(now.score) or before.cve != now.cve:
        return True
    return forecast_words(before.score, before.percentile) != forecast_words(now.score, now.percentile) or _is_old(before.date, now.date)


def _is_old(before: str, now: str) -> bool:
    try:
        return date.fromisoformat(now) - date.fromisoformat(before) >= _OLD
    except ValueError:
        return before != now


def _take(scores: Mapping[int, EpssFact | None], by: Actor) -> list[int]:
    """Inside `write`: onto the rows, then decided anew."""
    changes, now = Changes(), clock.now()
    for row in SeenBy.objects.filter(finding_id__in=list(scores), open__in=YES):
        facts = msgspec.structs.replace(from_json(row.facts), epss=scores[row.finding_id])
        row.facts, row.facts_hash = to_json(facts), facts_hash(facts)
        changes.sightings_changed[row.pk] = row
    for finding in Finding.objects.select_for_update().filter(pk__in=list(scores)):
        take_score(finding, msgspec.structs.replace(from_json(finding.facts), epss=scores[finding.pk]))
        changes.touch(finding)
    store_rows(changes, now)
    return list(redecide(list(scores), by=by))
