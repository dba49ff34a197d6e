"""Change events: deploys, config runs, accesses, told by people and tools, so that a case can show what changed around it. They are
kept and audited, never judged.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from watchbill.base import clock, limits
from watchbill.base.acting import Actor
from watchbill.base.models import AuditEvent, ChangeTarget
from watchbill.base.models import Change as ChangeRow
from watchbill.base.problem import invalid
from watchbill.base.unit import audit, news
from watchbill.base.writer import write


@dataclass(frozen=True, slots=True)
class Change:
    """`occurred_at` is the teller's time, `recorded_at` ours; `seq` its place in the audit trail."""

    id: int
    occurred_at: datetime
    recorded_at: datetime
    summary: str
    source: str
    kind: str
    targets: tuple[str, ...]
    by: str
    links: tuple[str, ...]
    seq: int


def record_change(
    *,
    by: Actor,
    summary: str,
    source: str,
    targets: Sequence[str],
    occurred_at: datetime | None = None,
    links: Sequence[str] = (),
    kind: str = "change",
    key: str = "",
) -> int:
    """Keep a change and return its id; with a key that `source` has used before, the earlier one's. Raises Problem("invalid") over the
    limits.
    """
    _check(summary, targets, links, occurred_at)

    def store() -> int:
        if key and (earlier := ChangeRow.objects.filter(source=source, key=key).values_list("pk", flat=True).first()):
            return earlier
        now = clock.now()
        happened = occurred_at or now
        row = ChangeRow.objects.create(
            occurred_at=happened,
            recorded_at=now,
            summary=summary,
            source=source,
            kind=kind,
            by=by.name,
            links=json.dumps(list(links)),
            key=key,
        )
        ChangeTarget.objects.bulk_create([ChangeTarget(change=row, target=target) for target in dict.fromkeys(targets)])
        subject = f"change:{row.pk}"
        told = {"summary": summary, "source": source, "kind": kind, "targets": list(targets)}
        audit(by, "change.recorded", subject, body=told, occurred_at=happened)
        news("change.recorded", subject, told)
        return row.pk

    return write(store, name="change.record")


def changes_around(at: datetime, span: timedelta, targets: Iterable[str] = ()) -> list[Change]:
    """Changes that occurred within `span` before or after `at`, oldest first; with targets, those that touched one of them. Bounded:
    the nearest 200.
    """
    rows = ChangeRow.objects.filter(occurred_at__gte=at - span, occurred_at__lte=at + span)
    wanted = list(targets)
    if wanted:
        rows = rows.filter(pk__in=ChangeTarget.objects.filter(target__in=wanted).values("change"))
    before = rows.filter(occurred_at__lte=at).order_by("-occurred_at", "-pk")[: limits.CHANGES_SHOWN // 2]
    after = rows.filter(occurred_at__gt=at).order_by("occurred_at", "pk")[: limits.CHANGES_SHOWN // 2]
    return _with_details([*reversed(before), *after])


def _with_details(rows: list[ChangeRow]) -> list[Change]:
    ids = [row.pk for row in rows]
    touched: dict[int, list[str]] = {}
    for change, target in ChangeTarget.objects.filter(change__in=ids).order_by("pk").values_list("change_id", "target"):
        touched.setdefault(change, []).append(target)
    names = [f"change:{number}" for number in ids]
    recorded = AuditEvent.objects.filter(target__in=names, action="change.recorded").values_list("target", "seq")
    seqs = dict(recorded)
    return [
        Change(
            row.pk,
            row.occurred_at,
            row.recorded_at,
            row.summary,
            row.source,
            row.kind,
            tuple(touched.get(row.pk, ())),
            row.by,
            tuple(json.loads(row.links)),
            seqs.get(f"change:{row.pk}", 0),
        )
        for row in rows
    ]


def _check(summary: str, targets: Sequence[str], links: Sequence[str], occurred_at: datetime | None) -> None:
    if not summary.strip() or len(summary) > limits.CHANGE_SUMMARY_CHARS:
        raise invalid("summary", f"A change needs a summary of 1 to {limits.CHANGE_SUMMARY_CHARS} characters.")
    if len(targets) > limits.CHANGE_TARGETS or any(not target or len(target) > 200 for target in targets):
        raise invalid("targets", f"A change has at most {limits.CHANGE_TARGETS} targets of at most 200 characters.")
    if len(links) > limits.CHANGE_LINKS or any(not link.startswith(("https://", "http://")) or len(link) > 1000 for link in links):
        raise invalid("links", f"A change has at most {limits.CHANGE_LINKS} http(s) links of at most 1000 characters.")
    if occurred_at is not None and occurred_at.tzinfo is None:
        raise invalid("occurred_at", "The time needs a zone.", "Add Z or an offset such as +02:00.")
    if occurred_at is not None and not 1970 <= occurred_at.year < 9000:
        raise invalid("occurred_at", "That moment is too far away.")
