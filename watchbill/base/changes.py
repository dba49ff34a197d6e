"""Change events: deploys, config runs, accesses, told by people and tools, so that a case can show what changed around it. They are
kept and audited, never judged.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import connection

from watchbill.base import canonical, clock, limits
from watchbill.base.acting import Actor
from watchbill.base.models import AuditEvent, ChangeTarget
from watchbill.base.models import Change as ChangeRow
from watchbill.base.numbers import next_numbers
from watchbill.base.problem import Problem, invalid
from watchbill.base.unit import audit, news
from watchbill.base.writer import write

Name = tuple[str, str] | int
"""A change among those told at once: its source and key, or its place where it has no key."""

_CHANGE = (
    'INSERT INTO base_change (id, occurred_at, recorded_at, summary, source, kind, "by", links, "key")'
    " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)"
)
_LONGEST_LETTER = 6  # bytes, as JSON
_TARGET = "INSERT INTO base_changetarget (change_id, target) VALUES (%s, %s)"


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


class ChangeDraft(NamedTuple):
    """A change as somebody tells of it. `occurred_at` None is now; with a `key` that `source` has used before, it is that one again."""

    summary: str
    source: str
    targets: Sequence[str] = ()
    occurred_at: datetime | None = None
    links: Sequence[str] = ()
    kind: str = "change"
    key: str = ""


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
    draft = ChangeDraft(summary, source, targets, occurred_at, links, kind, key)
    return write(recording([draft], by=by), name="change.record", beside=True)[0]


def recording(drafts: Sequence[ChangeDraft], *, by: Actor) -> Callable[[], list[int]]:
    """A closure for `write` that keeps all of them, or none, and returns their ids in order.

    Raises Problem("invalid") over the limits, its field naming the one at fault ("[3].summary") when there are several.
    """
    for place, draft in enumerate(drafts):
        try:
            _check(draft)
        except Problem as problem:
            raise _at(place, problem) if len(drafts) > 1 else problem from None
    return lambda: _store(drafts, by)


def _at(place: int, problem: Problem) -> Problem:
    return invalid(f"[{place}].{problem.field}", problem.detail, problem.remedy)


def _store(drafts: Sequence[ChangeDraft], by: Actor) -> list[int]:
    known = _earlier(drafts)
    new: dict[Name, ChangeDraft] = {}
    names: list[Name] = []
    for place, draft in enumerate(drafts):
        name = (draft.source, draft.key) if draft.key else place
        names.append(name)
        if name not in known:
            new.setdefault(name, draft)
    numbers: dict[Name, int] = {**known, **(_insert(new, by) if new else {})}
    return [numbers[name] for name in names]


def _earlier(drafts: Sequence[ChangeDraft]) -> dict[Name, int]:
    """The ids of those that were told before, by source and key."""
    wanted: dict[str, list[str]] = {}
    for draft in drafts:
        if draft.key:
            wanted.setdefault(draft.source, []).append(draft.key)
    return {
        (source, key): number
        for source, keys in wanted.items()
        for key, number in ChangeRow.objects.filter(source=source, key__in=keys).values_list("key", "pk")
    }


def _insert(drafts: Mapping[Name, ChangeDraft], by: Actor) -> dict[Name, int]:
    """Store them; the number of each."""
    now = clock.now()
    as_stored = connection.ops.adapt_datetimefield_value
    recorded = as_stored(now)
    numbers = dict(zip(drafts, next_numbers("base_change", len(drafts)), strict=True))
    rows, touched = [], []
    for name, draft in drafts.items():
        number, happened = numbers[name], draft.occurred_at or now
        links = json.dumps(list(draft.links)) if draft.links else "[]"
        occurred = as_stored(draft.occurred_at) if draft.occurred_at else recorded
        rows.append((number, occurred, recorded, draft.summary, draft.source, draft.kind, by.name, links, draft.key))
        touched += [(number, target) for target in dict.fromkeys(draft.targets)]
        subject = f"change:{number}"
        told = _told(draft)
        audit(by, "change.recorded", subject, body=told, occurred_at=happened)
        news("change.recorded", subject, told)
    with connection.cursor() as cursor:
        cursor.executemany(_CHANGE, rows)
        if touched:
            cursor.executemany(_TARGET, touched)
    return numbers


def _told(draft: ChangeDraft) -> dict[str, str | list[str]]:
    return {"summary": draft.summary, "source": draft.source, "kind": draft.kind, "targets": list(draft.targets)}


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


def _check(draft: ChangeDraft) -> None:
    _check_words(draft)
    if len(draft.targets) > limits.CHANGE_TARGETS or any(not target or len(target) > 200 for target in draft.targets):
        raise invalid("targets", f"A change has at most {limits.CHANGE_TARGETS} targets of at most 200 characters.")
    if len(draft.links) > limits.CHANGE_LINKS or any(not _is_link(link) for link in draft.links):
        raise invalid("links", f"A change has at most {limits.CHANGE_LINKS} http(s) links of at most 1000 characters.")
    if draft.occurred_at is not None and draft.occurred_at.tzinfo is None:
        raise invalid("occurred_at", "The time needs a zone.", "Add Z or an offset such as +02:00.")
    if draft.occurred_at is not None and not 1970 <= draft.occurred_at.year < 9000:
        raise invalid("occurred_at", "That moment is too far away.")
    if _LONGEST_LETTER * (len(draft.summary) + sum(map(len, draft.targets))) > limits.AUDIT_BODY_BYTES // 2:  # else it fits anyway
        try:
            canonical.body_text(_told(draft))
        except canonical.NotCanonical:
            detail = f"Summary and targets have at most {limits.AUDIT_BODY_BYTES} bytes together."
            raise invalid("targets", detail, "Name fewer targets at once.") from None


def _check_words(draft: ChangeDraft) -> None:
    if not draft.summary.strip() or len(draft.summary) > limits.CHANGE_SUMMARY_CHARS:
        raise invalid("summary", f"A change needs a summary of 1 to {limits.CHANGE_SUMMARY_CHARS} characters.")
    if not draft.source or len(draft.source) > limits.CHANGE_SOURCE_CHARS:
        raise invalid("source", f"A source has 1 to {limits.CHANGE_SOURCE_CHARS} characters.")
    if len(draft.kind) > limits.CHANGE_KIND_CHARS:
        raise invalid("kind", f"A kind has at most {limits.CHANGE_KIND_CHARS} characters.")
    if len(draft.key) > limits.CHANGE_KEY_CHARS:
        raise invalid("key", f"A key has at most {limits.CHANGE_KEY_CHARS} characters.")


def _is_link(link: str) -> bool:
    return link.startswith(("https://", "http://")) and len(link) <= 1000
