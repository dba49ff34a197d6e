"""Findings: the list with its saved views, search, facets and files.

The search line is the state: every view and facet is a link to one.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from watchbill.base import clock
from watchbill.cases.findings import queries as findings
from watchbill.cases.findings.views import FindingRow
from watchbill.intake.scans import queries as scans
from watchbill.roster import queries as roster
from watchbill.roster.queries import TeamInfo
from watchbill.web import formats
from watchbill.web.reader import allowed

PAGE_SIZE = 50
CHIPS = 8
FILE_ROWS = 10_000
FILE_PAGE = 200
DEFAULT = "is:open sort:decision,due"
ORDER = {"decision": ("now", "hours", "digest", "silent"), "state": ("new", "triaged", "open", "fix_claimed", "verifying", "accepted")}
FACETS = (("decision", "Decision"), ("state", "State"), ("team", "Team"), ("service", "Service"))


@dataclass(frozen=True)
class Tab:
    """A saved view: its word and the search line it stands for."""

    text: str
    q: str
    here: bool


@dataclass(frozen=True)
class Chip:
    """One value of a facet with how many there are; picked when the search line already says so. Pressing it adds or takes it."""

    text: str
    q: str
    count: int
    here: bool


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """GET /findings/?q=&page=."""
    person = allowed(request, "read")
    q = formats.line(request.GET.get("q", "")) or DEFAULT
    number = _page_number(request)
    found = findings.search(q, page=number, size=PAGE_SIZE, person=person.email)
    first = (number - 1) * PAGE_SIZE + 1
    teams = roster.teams()
    context = {
        "title": "Findings",
        "sourced": bool(scans.sources()) if not found.rows else True,
        "q": q,
        "rows": found.rows,
        "team_names": {team.slug: team.name for team in teams},
        "owners": {team.slug: _owner(team) for team in teams},
        "total": found.total,
        "tabs": _tabs(q),
        "facets": _facets(q, found.facets),
        "first": first if found.rows else 0,
        "last": first + len(found.rows) - 1 if found.rows else 0,
        "earlier": number - 1 if number > 1 else None,
        "later": number + 1 if found.next else None,
    }
    return render(request, "findings/findings.html", context)


def _owner(team: TeamInfo) -> str:
    """'Berths, Alice Duarte' where a team is one person, else its name."""
    return f"{team.name}, {team.members[0].name}" if len(team.members) == 1 else team.name


def _page_number(request: HttpRequest) -> int:
    text = request.GET.get("page", "1")
    return max(1, int(text)) if text.isdecimal() and len(text) < 7 else 1


def _tabs(q: str) -> list[Tab]:
    views = (
        ("Open", DEFAULT),
        ("Mine", "is:open mine:me sort:decision,due"),
        ("Due this week", "is:open due:week sort:due"),
        ("Not seen", "is:not_seen sort:decision,due"),
        ("Accepted", "is:accepted sort:due"),
        ("Fixed", "is:fixed sort:seen"),
    )
    return [Tab(text, line, line == q) for text, line in views]


def _facets(q: str, facets: dict[str, dict[str, int]]) -> list[tuple[str, list[Chip]]]:
    """The facets that have anything to choose from; a picked chip takes its word out of the search line again."""
    words = q.split()
    drawn = []
    for name, title in FACETS:
        counts = facets.get(name, {})
        chips = [_chip(words, name, value, count) for value, count in _in_order(name, counts)[:CHIPS] if value]
        if chips:
            drawn.append((title, chips))
    return drawn


def _in_order(name: str, counts: Mapping[str, int]) -> list[tuple[str, int]]:
    """Decisions and states in their own order, the loudest first; anything else as counted."""
    known = ORDER.get(name, ())
    return sorted(counts.items(), key=lambda item: known.index(item[0]) if item[0] in known else len(known))


def _chip(words: list[str], name: str, value: str, count: int) -> Chip:
    term = f"{name}:{value}"
    here = term in words
    others = [one for one in words if not one.startswith(f"{name}:")]
    return Chip(formats.word(value), " ".join(others if here else [term, *others]), count, here)


@require_safe
def export(request: HttpRequest, kind: str) -> HttpResponse:
    """GET /findings.csv and /findings.json: the same search as a file, at most FILE_ROWS rows; the count says when there are more."""
    person = allowed(request, "read")
    q = formats.line(request.GET.get("q", "")) or DEFAULT
    rows, total = _all_rows(q, person.email)
    if kind == "json":
        return JsonResponse({"q": q, "total": total, "as_of": formats.iso(clock.now()), "findings": rows})
    if kind != "csv":
        raise Http404
    return csv_answer(rows, "findings.csv")


def _all_rows(q: str, person: str) -> tuple[list[dict[str, str | int | list[str] | None]], int]:
    """Every row of a search, up to FILE_ROWS, and how many there are."""
    found = findings.search(q, size=FILE_PAGE, person=person)
    rows = [row_facts(row) for row in found.rows]
    while found.next and len(rows) < FILE_ROWS:
        found = findings.search(q, size=FILE_PAGE, after=found.next, person=person)
        rows += [row_facts(row) for row in found.rows]
    return rows, found.total


def row_facts(row: FindingRow) -> dict[str, str | int | list[str] | None]:
    """A finding's row as plain facts, the same in CSV, JSON and the API."""
    return {
        "id": row.id,
        "title": formats.line(row.title),
        "decision": row.decision,
        "state": row.state,
        "marks": list(row.marks),
        "service": row.service,
        "team": row.team,
        "why": formats.line(row.why),
        "due": formats.iso(row.due) if row.due else None,
        "first_seen": formats.iso(row.first_seen),
        "last_seen": formats.iso(row.last_seen),
        "package": row.package,
        "installed": row.installed,
        "fixed": list(row.fixed),
        "advisory": row.advisory,
        "reopened_count": row.reopened_count,
    }


_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_answer(rows: Sequence[Mapping[str, object]], filename: str) -> HttpResponse:
    """Rows as CSV with a heading. A cell that a spreadsheet would run as a formula gets a leading apostrophe (OWASP, CSV injection)."""
    out = io.StringIO()
    writer = csv.writer(out)
    if rows:
        writer.writerow(rows[0].keys())
    for row in rows:
        writer.writerow([_cell(value) for value in row.values()])
    answer = HttpResponse(out.getvalue(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{filename}"'
    return answer


def _cell(value: object) -> str:
    text = " ".join(map(str, value)) if isinstance(value, list) else "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) and isinstance(value, str) else text
