"""Finding findings: the search over rows, its pages, counts and stories."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cases.company import ALICE, BOB, CHARLIE, JUN, Company, person, quiet, seen
from tests.databases import sqlite_only
from watchbill.base.acting import SYSTEM
from watchbill.base.changes import record_change
from watchbill.base.problem import Problem
from watchbill.cases.findings import queries, services
from watchbill.cases.findings.changes import SPARK_DAYS, spark
from watchbill.cases.findings.filters import narrowed, order_of
from watchbill.cases.findings.models import Finding
from watchbill.cases.findings.search import parse
from watchbill.cases.limits import PAGE_ROWS


@pytest.fixture
def harbour(saltmarsh: Company) -> Company:
    """A now on berth-board, an hours beside it, a silent one on tide-feed, a triage on crane-gateway, one that nobody owns."""
    saltmarsh.scan(seen(), quiet(1))
    saltmarsh.scan(quiet(2), service="tide-feed", repo="")
    saltmarsh.scan(quiet(3), service="crane-gateway", repo="")
    saltmarsh.scan(quiet(4), service="", repo="saltmarsh/orphan")
    return saltmarsh


def packages(line: str, **more: str) -> list[str]:
    return [row.package for row in queries.search(line, **more).rows]


def test_the_most_pressing_stands_first(harbour: Company):
    assert packages("is:open")[:2] == ["react-server-dom-webpack", "package-1"]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("decision:now", {"react-server-dom-webpack"}),
        ("decision:now decision:hours", {"react-server-dom-webpack", "package-1"}),
        ("service:tide-feed", {"package-2"}),
        ("team:platform", {"package-2", "package-3"}),
        ("is:triage", {"package-3", "package-4"}),
        ("is:unowned", {"package-4"}),
        ("repo:saltmarsh/orphan", {"package-4"}),
        ("package:package-2", {"package-2"}),
        ("package:react", {"react-server-dom-webpack"}),
        ("advisory:cve-2025-55182", {"react-server-dom-webpack"}),
        ("ecosystem:npm service:tide-feed", {"package-2"}),
        ("stranger react", {"react-server-dom-webpack"}),
        ('"1.0.0 lets a stranger" tide', {"package-2"}),
        ("due:week decision:now", {"react-server-dom-webpack"}),
        ("due:none service:tide-feed", {"package-2"}),
        ("is:closed", set()),
        ("state:new", {"package-3", "package-4"}),
        ("seen:1d service:tide-feed", {"package-2"}),
    ],
)
def test_the_search_line_finds(harbour: Company, line: str, expected: set[str]):
    assert set(packages(line)) == expected


def test_a_number_finds_the_finding_of_that_number(harbour: Company):
    row = queries.search("service:tide-feed").rows[0]

    assert row.id in [one.id for one in queries.search(str(row.id)).rows]


def test_mine_is_what_my_teams_have_and_nobody_took_and_what_i_took(harbour: Company):
    assert set(packages(f"mine:{JUN}")) == {"package-2", "package-3"}

    services.take(queries.search("service:tide-feed").rows[0].id, by=person(ALICE))

    assert set(packages(f"mine:{JUN}")) == {"package-3"}
    assert set(packages(f"mine:{ALICE}")) == {"react-server-dom-webpack", "package-1", "package-2"}
    assert packages("mine:me", person=ALICE) == packages(f"mine:{ALICE}")
    assert packages(f"taken:{ALICE}") == ["package-2"]


def test_an_unknown_person_has_nothing(harbour: Company):
    assert packages("mine:nobody@elsewhere.example") == []
    assert packages(f"mine:{CHARLIE}") == []


def test_overdue_is_what_is_open_past_its_date(harbour: Company):
    assert packages("is:overdue") == []

    harbour.later(hours=25)

    assert packages("is:overdue") == ["react-server-dom-webpack"]


def test_pages_by_number_and_by_key_show_every_row_once(saltmarsh: Company):
    saltmarsh.scan(*[quiet(n) for n in range(23)])

    by_number = [row.id for page in range(1, 6) for row in queries.search("is:all", page=page, size=5).rows]
    by_key, after = [], ""
    for _ in range(5):
        page = queries.search("is:all", size=5, after=after)
        by_key += [row.id for row in page.rows]
        after = page.next

    assert by_number == by_key
    assert len(set(by_key)) == 23
    assert after == ""


@pytest.mark.parametrize("order", ["decision,due", "-due", "age", "seen", "-seen", "service,package", "-package", "id"])
def test_every_order_pages_by_key(harbour: Company, order: str):
    whole = [row.id for row in queries.search(f"is:all sort:{order}").rows]
    first = queries.search(f"is:all sort:{order}", size=2)

    rest = queries.search(f"is:all sort:{order}", size=10, after=first.next)

    assert [row.id for row in (*first.rows, *rest.rows)] == whole


def test_sorted_by_seen_the_latest_stands_first(harbour: Company):
    harbour.later(minutes=5).scan(quiet(2), service="tide-feed", repo="")

    assert packages("is:all sort:seen")[0] == "package-2"


@pytest.mark.parametrize("after", ["nonsense", "W10", "WzEsMl0", "\u00e9"])
def test_a_bent_cursor_is_a_problem(harbour: Company, after: str):
    with pytest.raises(Problem, match="no place in this list"):
        queries.search("is:open", after=after)


@pytest.mark.parametrize(("page", "size"), [(0, 10), (1, 0), (1, PAGE_ROWS + 1), (10**9, 10)])
def test_numbers_out_of_bounds_are_a_problem(db: None, page: int, size: int):
    with pytest.raises(Problem):
        queries.search("", page=page, size=size)


def test_facets_count_under_the_same_search(harbour: Company):
    facets = queries.search("is:open").facets

    assert facets["decision"]["now"] == 1
    assert facets["team"] == {"berths": 2, "platform": 2, "security": 1}
    assert facets["state"] == {"open": 3, "new": 2}
    assert queries.search("team:berths").facets["service"] == {"berth-board": 2}


def test_saved_views_are_counted(harbour: Company):
    counts = queries.counts(ALICE)

    assert (counts.open, counts.now, counts.mine, counts.unowned, counts.triage, counts.accepted) == (5, 1, 2, 1, 2, 0)
    assert counts.due_this_week >= 1
    assert queries.open_by_service() == {"berth-board": 2, "tide-feed": 1, "crane-gateway": 1, "": 1}


def test_a_finding_that_is_not_there_is_a_problem(db: None):
    with pytest.raises(Problem, match="No such finding"):
        queries.finding(1)


def test_the_same_advisory_elsewhere_is_shown(saltmarsh: Company):
    saltmarsh.scan(seen())
    saltmarsh.scan(seen(), service="tide-feed", repo="")

    here, there = sorted(queries.search("is:all").rows, key=lambda row: row.id)
    assert [row.id for row in queries.finding(here.id).elsewhere] == [there.id]


def test_how_it_will_be_proven_says_what_is_red_and_what_is_waited_for(saltmarsh: Company):
    saltmarsh.scan(seen())

    red, wanted = saltmarsh.only().proof
    assert (red.state, red.text) == ("fail", "react-server-dom-webpack 19.1.1 stands in package-lock.json.")
    assert red.scan == "scan-1"
    assert (wanted.state, wanted.text) == ("wait", "A complete, newer scan of package-lock.json without react-server-dom-webpack 19.1.1.")


def test_not_seen_is_never_shown_as_red_or_green(saltmarsh: Company):
    saltmarsh.scan(seen())
    saltmarsh.later(minutes=5).scan(complete=False)

    assert [line.state for line in saltmarsh.only().proof] == ["wait", "wait"]


def test_what_changed_around_it_is_what_changed_on_its_service_within_the_hour(saltmarsh: Company):
    record_change(by=SYSTEM, summary="Deploy 4112", source="deploys", targets=["service:berth-board"])
    record_change(by=SYSTEM, summary="Elsewhere", source="deploys", targets=["service:tide-feed"])
    long_ago = saltmarsh.clock.now() - timedelta(hours=3)
    record_change(by=SYSTEM, summary="Long ago", source="deploys", targets=["service:berth-board"], occurred_at=long_ago)
    saltmarsh.later(minutes=3).scan(seen())

    assert [change.summary for change in queries.around(saltmarsh.only().id)] == ["Deploy 4112"]


def test_the_history_is_the_trails(saltmarsh: Company):
    saltmarsh.scan(seen())
    services.take(saltmarsh.only().id, by=person(BOB))

    assert [event.action for event in queries.history(saltmarsh.only().id)] == ["finding.opened", "finding.taken"]


@given(st.integers(0, (1 << SPARK_DAYS) - 1), st.integers(0, 40))
def test_the_picture_of_days_slides_to_the_left(mask: int, days: int):
    day = datetime(2026, 11, 23, tzinfo=UTC).date()

    shown = spark(mask, day, day + timedelta(days=days))

    assert len(shown) == SPARK_DAYS
    assert sum(shown) == ((mask << days) & ((1 << SPARK_DAYS) - 1)).bit_count()


@sqlite_only  # each database says in its own words what it will do, and PostgreSQL's mind changes with the size of a table
@pytest.mark.parametrize("line", ["is:open", "is:open team:berths", "is:open service:berth-board", "is:fixed", "state:new"])
def test_the_list_walks_an_index_and_sorts_nothing(saltmarsh: Company, line: str):
    query = parse(line)
    rows = narrowed(Finding.objects.all(), query, saltmarsh.clock.now()).order_by(*order_of(query))[:50]

    plan = rows.explain()

    assert "USING INDEX finding_" in plan
    assert "TEMP B-TREE" not in plan


def test_a_count_that_took_long_is_kept_for_a_while(monkeypatch: pytest.MonkeyPatch):
    calls: list[int] = []
    ticks = iter(range(100))
    monkeypatch.setattr(queries.clock, "monotonic", lambda: float(next(ticks)))

    def slow() -> int:
        calls.append(1)
        return len(calls)

    key = ("test", str(time.time_ns()))
    assert queries._quick(key, slow) == 1
    assert queries._quick(key, slow) == 1
