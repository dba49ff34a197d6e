"""Reading findings for pages, API and sample: plain frozen values. Lists walk an index and page by key or by number; nothing here writes.

Counts over a whole table cost time that grows with it. A tally that took long is kept for a while that grows with what it cost, so that
a page of a million findings stays quick and a small company always sees the number of this moment."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar, cast

from django.db.models import Count, Q, QuerySet

from watchbill.base import changes, clock, trail
from watchbill.base.problem import Problem, invalid, not_found
from watchbill.cases.findings.filters import narrowed, order_of
from watchbill.cases.findings.models import YES, Acceptance, Finding, RecordedScan, SeenBy
from watchbill.cases.findings.people import check_second_name, signer
from watchbill.cases.findings.search import Query, parse
from watchbill.cases.findings.views import AcceptanceInfo, FindingDetail, FindingRow, HeldScan, acceptance_of, detail_of, row_of
from watchbill.cases.limits import COUNT_AT_MOST, PAGE_NUMBER, PAGE_ROWS
from watchbill.roster import queries as roster
from watchbill.roster.facts import PersonInfo

T = TypeVar("T")
FACETS = ("state", "decision", "team", "service")
FACET_VALUES = 12
_SLOW_SECONDS = 0.05
_KEPT_FOR = 20.0
_AROUND = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class FindingPage:
    """One page of a search. `facets` counts per state, decision, team and service under the same search; `next` goes on by key ("" at
    the end); `more_than_total` says that counting stopped at `total`.
    """

    rows: tuple[FindingRow, ...]
    total: int
    facets: dict[str, dict[str, int]]
    next: str = ""
    more_than_total: bool = False


@dataclass(frozen=True, slots=True)
class Counts:
    """How many findings stand in each saved view. `mine` is 0 without a person."""

    open: int
    now: int
    hours: int
    mine: int
    due_this_week: int
    overdue: int
    not_seen: int
    triage: int
    accepted: int
    unowned: int


@dataclass
class _Kept:
    values: dict[tuple[str, str], tuple[float, object]] = field(default_factory=dict)


_kept = _Kept()


def finding(finding_id: int) -> FindingDetail:
    """One finding. Raises Problem 404."""
    found = Finding.objects.filter(pk=finding_id).first()
    if found is None:
        raise not_found("finding", finding_id)
    now = clock.now()
    acceptance = Acceptance.objects.select_related("finding").filter(finding=found).exclude(state="rejected").order_by("-pk").first()
    same = Finding.objects.filter(advisory=found.advisory).exclude(pk=found.pk).order_by("-is_open", "decision_rank", "pk")[:10]
    seen = SeenBy.objects.select_related("last_scan").filter(finding=found, open__in=YES).order_by("-last_seen_at").first()
    elsewhere = tuple(row_of(one, now) for one in same)
    return detail_of(found, now, acceptance, elsewhere, seen.last_scan if seen else None)


def search(q: str = "", page: int = 1, size: int = 50, *, after: str = "", person: str = "") -> FindingPage:
    """Findings for a search line, by page number or, better, on from `after` (the `next` of the page before). `person` answers `mine:me`.

    Raises Problem for a word the search doesn't know, or numbers out of bounds.
    """
    query = parse(q)
    if not 1 <= size <= PAGE_ROWS:
        raise invalid("size", f"A page has 1 to {PAGE_ROWS:,} rows.")
    if not 1 <= page <= PAGE_NUMBER:
        raise invalid("page", f"Pages are numbered 1 to {PAGE_NUMBER:,}.", "Narrow the search, or go on by `after`.")
    now = clock.now()
    rows = narrowed(Finding.objects.all(), query, now, person)
    order = order_of(query)
    ordered = rows.order_by(*order).defer("summary", "inputs", "proof")
    start = 0 if after else (page - 1) * size
    found = list((_after(ordered, order, after) if after else ordered)[start : start + size + 1])
    tally = _tally(rows, query, person)
    more = bool(query.text) and tally.total > COUNT_AT_MOST
    following = _cursor(found[size - 1], order) if len(found) > size else ""
    return FindingPage(
        tuple(row_of(one, now) for one in found[:size]),
        min(tally.total, COUNT_AT_MOST) if more else tally.total,
        tally.facets,
        following,
        more,
    )


def _after(rows: "QuerySet[Finding]", order: tuple[str, ...], after: str) -> "QuerySet[Finding]":
    """Rows after a cursor: greater in the first column, or equal there and greater in the next, and so on."""
    values = _values(after, order)
    past, equal = Q(), Q()
    for name, value in zip(order, values, strict=True):
        column, way = name.removeprefix("-"), "lt" if name.startswith("-") else "gt"
        past |= equal & Q(**{f"{column}__{way}": value})
        equal &= Q(**{column: value})
    return rows.filter(past)


def _cursor(row: Finding, order: tuple[str, ...]) -> str:
    values = [getattr(row, name.removeprefix("-")) for name in order]
    plain = [value.isoformat() if isinstance(value, datetime) else value for value in values]
    return urlsafe_b64encode(json.dumps(plain).encode()).decode().rstrip("=")


def _values(after: str, order: tuple[str, ...]) -> list[Any]:
    try:
        values = json.loads(urlsafe_b64decode(after + "=" * (-len(after) % 4)))
        if not isinstance(values, list) or len(values) != len(order):
            raise ValueError("not of this order")
        return [_value(name.removeprefix("-"), value) for name, value in zip(order, values, strict=True)]
    except (ValueError, TypeError) as error:
        raise invalid("after", "This is no place in this list.", "Begin again at the first page.") from error


def _value(column: str, value: object) -> object:
    if column in ("due_sort", "first_seen", "last_seen"):
        return datetime.fromisoformat(str(value))
    return int(str(value)) if column in ("id", "decision_rank", "epss_sort") else str(value)


@dataclass(frozen=True, slots=True)
class _Tally:
    total: int
    facets: dict[str, dict[str, int]]


def _tally(rows: "QuerySet[Finding]", query: Query, person: str) -> _Tally:
    """How many there are, and how many per facet: one walk over an index. Free text is counted no further than a limit, since every row
    has to be read for it.
    """
    if query.text:
        rows = Finding.objects.filter(pk__in=rows.order_by("pk").values("pk")[: COUNT_AT_MOST + 1])
    elif "not_seen" in query.values("is"):  # few rows, found by their own small index; grouping alone would lead SQLite to a walk over all
        rows = Finding.objects.filter(pk__in=rows.order_by().values("pk"))
    return _quick(("tally", _key(query, person)), lambda: _counted(rows))


def _counted(rows: "QuerySet[Finding]") -> _Tally:
    groups = rows.order_by().values_list(*FACETS).annotate(n=Count("pk"))
    facets: dict[str, Counter[str]] = {name: Counter() for name in FACETS}
    total = 0
    for *values, n in groups:
        total += n
        for name, value in zip(FACETS, values, strict=True):
            facets[name][value] += n
    return _Tally(total, {name: dict(_most(counts)) for name, counts in facets.items()})


def _most(counts: "Counter[str]") -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:FACET_VALUES]


def _key(query: Query, person: str) -> str:
    return json.dumps([query.terms, query.text, person], sort_keys=True)


def _quick(key: tuple[str, str], count: Callable[[], T]) -> T:
    """The answer of `count`, kept for twenty times as long as it took, when it took long. A quick one is never kept."""
    began = clock.monotonic()
    kept = _kept.values.get(key)
    if kept is not None and began < kept[0]:
        return cast("T", kept[1])
    answer = count()
    took = clock.monotonic() - began
    if took > _SLOW_SECONDS:
        if len(_kept.values) > 500:
            _kept.values.clear()
        _kept.values[key] = (began + took * _KEPT_FOR, answer)
    return answer


def counts(person: str = "") -> Counts:
    """How many stand in each saved view; `person` is an e-mail address."""
    now = clock.now()

    def of(line: str) -> int:
        return _quick(("counts", f"{line} {person}"), narrowed(Finding.objects.all(), parse(line), now, person).count)

    opened = _tally(Finding.objects.filter(is_open__in=YES), parse("is:open"), "")
    by_decision = opened.facets["decision"]
    return Counts(
        open=opened.total,
        now=by_decision.get("now", 0),
        hours=by_decision.get("hours", 0),
        mine=of(f"is:open mine:{person}") if person else 0,
        due_this_week=of("is:open due:week"),
        overdue=of("is:overdue"),
        not_seen=of("is:not_seen"),
        triage=of("is:triage"),
        accepted=of("is:accepted"),
        unowned=of("is:unowned"),
    )


def open_by_service() -> dict[str, int]:
    """How many open findings each service has."""
    rows = Finding.objects.filter(is_open__in=YES).order_by().values_list("service").annotate(n=Count("pk"))
    counted: dict[str, int] = _quick(("counts", "service"), lambda: dict(rows))
    return counted


def held_scans() -> tuple[HeldScan, ...]:
    """Scans that wait for a person, oldest first."""
    rows = RecordedScan.objects.select_related("feed").filter(state="held").order_by("recorded_at")[:100]
    return tuple(
        HeldScan(row.key, row.feed.source, row.feed.service, row.held_reason, row.would_close, row.recorded_at, row.finished_at)
        for row in rows
    )


def waiting_acceptances() -> tuple[AcceptanceInfo, ...]:
    """Requests that wait for a second person, oldest first."""
    rows = Acceptance.objects.select_related("finding").filter(state="asked").order_by("asked_at")[:200]
    return tuple(acceptance_of(row) for row in rows)


def may_sign(acceptance_id: int, person: PersonInfo) -> bool:
    """Whether this person may sign that request now: the rule that `services.sign_acceptance` goes by, asked beforehand."""
    row = Acceptance.objects.select_related("finding").filter(pk=acceptance_id, state="asked").first()
    if row is None or not roster.may(person, "act"):
        return False
    try:
        check_second_name(row.kind, row.asked_by, signer(person, row.finding.service, row.finding.team))
    except Problem:
        return False
    return True


def acceptances(finding_id: int) -> tuple[AcceptanceInfo, ...]:
    """Every request about a finding, newest first."""
    return tuple(acceptance_of(row) for row in Acceptance.objects.select_related("finding").filter(finding=finding_id).order_by("-pk"))


def findings_for_alert(alert_id: int) -> tuple[FindingRow, ...]:
    """The findings that an alert is, or was, about; the most pressing first."""
    rows = Finding.objects.filter(alert_id=alert_id).order_by("decision_rank", "due_sort", "pk")
    return tuple(row_of(one, clock.now()) for one in rows[:PAGE_ROWS])


def wanting_verification() -> tuple[FindingRow, ...]:
    """Findings whose fix was claimed and not yet proven, oldest claim first."""
    rows = Finding.objects.filter(state__in=("fix_claimed", "verifying")).order_by("claimed_at", "pk")[:PAGE_ROWS]
    return tuple(row_of(one, clock.now()) for one in rows)


def history(finding_id: int, limit: int = 200) -> list[trail.TrailEvent]:
    """The finding's story from the audit trail, oldest first; each event's body has a readable `text`."""
    return trail.events_for([f"finding:{finding_id}"], limit)


def around(finding_id: int, span: timedelta = _AROUND) -> list[changes.Change]:
    """What changed on its service, repository or package around the time when it was first seen, or came back."""
    found = Finding.objects.filter(pk=finding_id).first()
    if found is None:
        raise not_found("finding", finding_id)
    names = (("service", found.service), ("repo", found.repo), ("package", found.package))
    return changes.changes_around(found.reopened_at or found.first_seen, span, [f"{kind}:{name}" for kind, name in names if name])
