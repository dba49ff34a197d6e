"""From a parsed search to rows: which column each word means. It reads the roster for `mine:` and nothing else."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from watchbill.base.problem import Problem
from watchbill.cases.decisions.rules import RANK
from watchbill.cases.findings.models import YES, Finding
from watchbill.cases.findings.search import Query
from watchbill.cases.findings.states import CLOSED_STATES, OPEN_STATES, STATES
from watchbill.roster import queries as roster

_COLUMNS = {
    "decision": "decision_rank",
    "due": "due_sort",
    "age": "first_seen",
    "seen": "-last_seen",
    "service": "service",
    "package": "package",
    "epss": "epss_sort",
    "id": "id",
}
_EXACT = {
    "team": "team",
    "service": "service",
    "repo": "repo",
    "branch": "branch",
    "ecosystem": "ecosystem",
}


def narrowed(rows: "QuerySet[Finding]", query: Query, now: datetime, person: str = "") -> "QuerySet[Finding]":
    """The rows that a search asks for. `person` is who `mine:me` means."""
    for key in query.terms:
        values = query.values(key)
        if key == "decision":
            rows = rows.filter(decision_rank__in=[RANK[value] for value in values])
        elif key == "state":
            rows = rows.filter(_in_states(values))
        elif key in _EXACT:
            rows = rows.filter(**{f"{_EXACT[key]}__in": values})
        else:
            wanted = Q()
            for value in values:
                wanted |= _WORDS[key](value, now, person)
            rows = rows.filter(wanted)
    for word in query.text:
        if word.isdecimal() and len(word) < 12:
            rows = rows.filter(_text(word) | Q(pk=int(word)))
        else:
            rows = rows.filter(_text(word))
    return rows


def order_of(query: Query) -> tuple[str, ...]:
    """The columns to order by, ending with the number, so that the order is total. Among those that are equally urgent and due, EPSS says
    which comes first.
    """
    names: list[str] = []
    for name, descending in query.sort:
        column = _COLUMNS[name]
        names.append(column.removeprefix("-") if descending and column.startswith("-") else f"-{column}" if descending else column)
    if names == ["decision_rank", "due_sort"]:
        names.append("epss_sort")
    return tuple(names) if any(name.removeprefix("-") == "id" for name in names) else (*names, "id")


def _text(word: str) -> Q:
    return Q(title__icontains=word) | Q(package__icontains=word) | Q(advisory__icontains=word) | Q(service__icontains=word)


def _is(value: str, now: datetime, _person: str) -> Q:
    found: dict[str, Q] = {
        "open": Q(is_open__in=YES),
        "closed": _in_states(sorted(CLOSED_STATES)),
        "unowned": Q(is_open__in=YES, unowned=True),
        "not_seen": Q(not_seen_at__isnull=False),  # only an open one wears the mark
        "not_pinned": Q(is_open__in=YES) & ~Q(pin="pinned"),
        "triage": _in_states(("new",)),
        "overdue": Q(is_open__in=YES, due_sort__lt=now),
        "reopened": Q(is_open__in=YES, reopened_count__gt=0),
        "taken": Q(is_open__in=YES) & ~Q(taken_by=""),
        "all": Q(),
    }
    found |= {state: _in_states((state,)) for state in STATES if state not in found}
    return found[value]


def _in_states(states: Sequence[str]) -> Q:
    """These states, with what they imply of being open, so that an index that begins with it can be walked."""
    kinds = {state in OPEN_STATES for state in states}
    return Q(state__in=states, is_open__in=tuple(kinds)) if len(kinds) == 1 else Q(state__in=states)


def _due(value: str, now: datetime, _person: str) -> Q:
    if value == "none":
        return Q(due__isnull=True)
    if value == "overdue":
        return Q(due_sort__lt=now)
    days = 1 if value == "today" else 7
    return Q(due_sort__lt=now + timedelta(days=days))


def _mine(value: str, _now: datetime, person: str) -> Q:
    """What this person took, and what their teams have that nobody took."""
    try:
        found = roster.person(person if value == "me" else value)
    except Problem:
        return Q(pk__in=[])
    return Q(taken_by=found.email) | Q(taken_by="", team__in=roster.teams_of(found.id))


def _taken(value: str, _now: datetime, person: str) -> Q:
    return Q(taken_by=(person if value == "me" else value).lower())


def _package(value: str, _now: datetime, _person: str) -> Q:
    return Q(package=value) | Q(package__istartswith=value)


def _advisory(value: str, _now: datetime, _person: str) -> Q:
    return Q(advisory__iexact=value) | Q(other_names__advisory__iexact=value)


def _seen(value: str, now: datetime, _person: str) -> Q:
    """`seen:7d`: seen within so many days."""
    days = value.removesuffix("d")
    if not days.isdecimal() or len(days) > 4:
        raise Problem(
            "search_unknown_value",
            "This search has a word it doesn't know",
            f'"seen:" takes days, such as 7d, not "{value}".',
            field="q",
            status=422,
        )
    return Q(last_seen__gte=now - timedelta(days=int(days)))


_WORDS: dict[str, Callable[[str, datetime, str], Q]] = {
    "is": _is,
    "due": _due,
    "mine": _mine,
    "taken": _taken,
    "package": _package,
    "advisory": _advisory,
    "seen": _seen,
}
