"""The search line's grammar: each key and each of its words, what an unknown one says, quotes, order; and what each finds."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cases.company import ALICE, BOB, JUN, Company, person, quiet, seen
from watchbill.base.problem import Problem
from watchbill.cases.findings import queries, services
from watchbill.cases.findings.search import DECISIONS, DUE_WORDS, IS_WORDS, KEYS, SORTS, parse, with_term
from watchbill.cases.findings.states import STATES
from watchbill.cases.limits import QUERY_CHARS, QUERY_TERMS

REASON = "Only the harbour office reaches it until May."
OPEN_KEYS = ("team", "service", "repo", "branch", "mine", "taken", "package", "ecosystem", "advisory", "seen")
plain_words = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=12)


@pytest.mark.parametrize("word", IS_WORDS)
def test_each_word_of_is_is_understood(word: str):
    assert parse(f"is:{word}").terms == {"is": (word,)}


@pytest.mark.parametrize("word", STATES)
def test_each_state_is_understood(word: str):
    assert parse(f"state:{word.replace('_', '-')}").terms == {"state": (word,)}


@pytest.mark.parametrize("word", DECISIONS)
def test_each_decision_is_understood_in_any_case(word: str):
    assert parse(f"decision:{word.upper()}").terms == {"decision": (word,)}


@pytest.mark.parametrize("word", DUE_WORDS)
def test_each_word_of_due_is_understood(word: str):
    assert parse(f"due:{word}").terms == {"due": (word,)}


@pytest.mark.parametrize("name", SORTS)
def test_each_order_is_understood_both_ways(name: str):
    assert parse(f"sort:{name}").sort == ((name, False),)
    assert parse(f"sort:-{name}").sort == ((name, True),)


@pytest.mark.parametrize("key", OPEN_KEYS)
def test_an_open_key_takes_any_value_as_it_is_written(key: str):
    assert parse(f"{key}:Some-Thing_1").terms == {key: ("Some-Thing_1",)}


def test_every_key_is_one_of_those_tried_here():
    assert set(KEYS) == {*OPEN_KEYS, "is", "state", "decision", "due", "sort"}


@pytest.mark.parametrize(
    ("line", "near"),
    [
        ("i:open", ""),
        ("iss:open", "is"),
        ("sate:open", "state"),
        ("decison:now", "decision"),
        ("taem:berths", "team"),
        ("servce:x", "service"),
        ("rep:x", "repo"),
        ("brnach:main", "branch"),
        ("mien:me", "mine"),
        ("takn:me", "taken"),
        ("pakage:x", "package"),
        ("ecosytem:npm", "ecosystem"),
        ("advisry:CVE-1", "advisory"),
        ("duee:today", "due"),
        ("sen:7d", "seen"),
        ("srot:due", "sort"),
        ("TEAM:berths", "team"),
    ],
)
def test_an_unknown_key_is_refused_and_names_the_nearest_one(line: str, near: str):
    with pytest.raises(Problem) as caught:
        parse(line)

    assert (caught.value.code, caught.value.field, caught.value.status) == ("search_unknown_key", "q", 422)
    assert f'"{near}:"' in caught.value.remedy if near else caught.value.remedy


@pytest.mark.parametrize(
    ("line", "near"),
    [
        ("is:opne", "open"),
        ("is:ovrdue", "overdue"),
        ("is:not_sen", "not_seen"),
        ("state:fixd", "fixed"),
        ("state:fix_claim", "fix_claimed"),
        ("decision:nwo", "now"),
        ("decision:hour", "hours"),
        ("decision:digets", "digest"),
        ("due:weak", "week"),
        ("due:todya", "today"),
    ],
)
def test_an_unknown_value_of_a_closed_set_is_refused_and_names_the_nearest(line: str, near: str):
    with pytest.raises(Problem) as caught:
        parse(line)

    key = line.partition(":")[0]
    assert (caught.value.code, caught.value.field, caught.value.status) == ("search_unknown_value", "q", 422)
    assert f'"{key}:{near}"' in caught.value.remedy


@pytest.mark.parametrize("key", ["is", "state", "decision", "due"])
def test_a_value_like_none_lists_all_that_are_possible(key: str):
    with pytest.raises(Problem) as caught:
        parse(f"{key}:zzzzzzzz")

    possible = {"is": IS_WORDS, "state": STATES, "decision": DECISIONS, "due": DUE_WORDS}[key]
    assert all(word in caught.value.remedy for word in possible)


@pytest.mark.parametrize(("line", "near"), [("sort:dou", "due"), ("sort:due,agee", "age"), ("sort:-servce", "service")])
def test_an_unknown_order_names_the_nearest(line: str, near: str):
    with pytest.raises(Problem) as caught:
        parse(line)

    assert (caught.value.code, caught.value.field) == ("search_unknown_value", "q")
    assert near in caught.value.remedy


@pytest.mark.parametrize("line", ["sort:colour", "sort:", "seen:soon"])
def test_every_problem_of_the_search_has_the_same_status(saltmarsh: Company, line: str):
    if line == "sort:":
        line = "sort:,"
    with pytest.raises(Problem) as caught:
        queries.search(line)
    assert caught.value.status == 422


@pytest.mark.parametrize("value", ["soon", "7w", "-1d", "d", "7dd", "99999d", "1.5d", "²"])
def test_seen_takes_whole_days_only(saltmarsh: Company, value: str):
    with pytest.raises(Problem) as caught:
        queries.search(f"seen:{value}")
    assert (caught.value.code, caught.value.field) == ("search_unknown_value", "q")


@pytest.mark.parametrize("value", ["0d", "7", "7d", "9999d"])
def test_seen_with_or_without_its_letter(saltmarsh: Company, value: str):
    saltmarsh.scan(seen())

    assert queries.search(f"seen:{value}").total == 1


@pytest.mark.parametrize("line", [":", ":x", "team:", '"', '""', '""""', ": :", "a:", ":::"])
def test_half_a_term_is_text_or_nothing_and_never_a_key(line: str):
    assert parse(line).terms == {}


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ('"is:open"', ("is:open",)),
        ('"two words" three', ("two words", "three")),
        ('a"b c"d', ("ab cd",)),
        ("tab\tbetween", ("tab", "between")),
        ('"open to the end', ("open to the end",)),
        ("http", ("http",)),
        ("\u00fcber 漢字", ("\u00fcber", "漢字")),
    ],
)
def test_text_is_read_as_people_mean_it(line: str, text: tuple[str, ...]):
    assert parse(line).text == text


def test_terms_at_the_limit_are_read_and_one_more_is_refused():
    assert len(parse("x " * QUERY_TERMS).text) == QUERY_TERMS
    with pytest.raises(Problem) as caught:
        parse("x " * (QUERY_TERMS + 1))
    assert (caught.value.code, caught.value.field, caught.value.status) == ("search_too_long", "q", 422)


def test_letters_at_the_limit_are_read_and_one_more_is_refused():
    assert parse("x" * QUERY_CHARS).text == ("x" * QUERY_CHARS,)
    with pytest.raises(Problem) as caught:
        parse("x" * (QUERY_CHARS + 1))
    assert caught.value.code == "search_too_long"


def test_an_order_named_twice_counts_once_the_first_time():
    assert parse("sort:due,-due,id").sort == (("due", False), ("id", False))
    assert parse("sort:due sort:-age").sort == (("age", True),)


@given(st.dictionaries(st.sampled_from(OPEN_KEYS), st.lists(plain_words, min_size=1, max_size=3), max_size=4))
def test_what_is_written_is_read(asked: dict[str, list[str]]):
    line = " ".join(f"{key}:{value}" for key, values in asked.items() for value in values)

    assert parse(line).terms == {key: tuple(values) for key, values in asked.items()}


@given(st.sampled_from(["state", "decision", "team", "service"]), plain_words, st.lists(plain_words, max_size=4))
def test_a_facets_link_can_always_be_read_again(key: str, value: str, text: list[str]):
    known = {"state": "open", "decision": "now"}.get(key, value)

    line = with_term(" ".join(text), key, known)

    assert parse(line).values(key) == (known,)
    assert list(parse(line).text) == text


@given(plain_words, plain_words)
def test_a_facets_link_with_spaces_in_its_value_is_quoted_as_one_term(one: str, two: str):
    line = with_term("is:open", "service", f"{one} {two}")

    assert len(line.split('"')) == 3


@pytest.fixture
def harbour(saltmarsh: Company) -> Company:
    """One of each: now, hours, silent; unowned; not pinned; marked; taken; claimed; fixed; accepted; retired."""
    saltmarsh.scan(seen(), quiet(1), quiet(2), quiet(3), quiet(4), quiet(5))
    by = {row.package: row.id for row in queries.search("is:all", size=100).rows}
    services.take(by["react-server-dom-webpack"], by=person(ALICE))
    services.claim_fix(by["package-1"], by=person(ALICE))
    request = services.accept_risk(by["package-2"], REASON, saltmarsh.clock.now() + timedelta(days=9), by=person(ALICE))
    services.sign_acceptance(request, by=person(BOB))
    services.retire(by["package-3"], REASON, by=person(BOB))
    services.not_affected(by["package-4"], REASON, by=person(BOB))
    saltmarsh.scan(quiet(6, manifest="go.sum"), service="", repo="saltmarsh/orphan", inputs=("go.sum",))
    saltmarsh.scan(seen("loose", "", unpinned=">=1", kev=None), service="tide-feed", repo="", branch="edge")
    return saltmarsh


REACT = "react-server-dom-webpack"


@pytest.mark.parametrize(
    ("line", "packages"),
    [
        ("is:open", {REACT, "package-1", "package-5", "package-6", "loose"}),
        ("is:closed", {"package-3", "package-4"}),
        ("is:accepted", {"package-2"}),
        ("is:unowned", {"package-6"}),
        ("is:not_pinned", {"loose"}),
        ("is:taken", {REACT}),
        ("is:fix_claimed", {"package-1"}),
        ("is:retired", {"package-3"}),
        ("is:not_affected", {"package-4"}),
        ("is:reopened", set()),
        ("is:not_seen", set()),
        ("is:overdue", set()),
        ("is:closed is:accepted", {"package-2", "package-3", "package-4"}),
        ("state:retired state:not-affected", {"package-3", "package-4"}),
        ("state:accepted is:open", set()),
        (f"taken:{ALICE}", {REACT}),
        (f"taken:{ALICE.upper()}", {REACT}),
        (f"taken:{BOB}", set()),
        ("branch:edge", {"loose"}),
        ("branch:main service:berth-board is:open", {REACT, "package-1", "package-5"}),
        ("repo:saltmarsh/orphan", {"package-6"}),
        ("ecosystem:npm is:closed", {"package-3", "package-4"}),
        ("ecosystem:pypi", set()),
        ("package:PACKAGE-5", {"package-5"}),
        ("package:package- is:open service:berth-board", {"package-1", "package-5"}),
        ("advisory:CVE-2024-00005", {"package-5"}),
        ("advisory:CVE-2024-0000", set()),
        ("cve-2024-00005", {"package-5"}),
        ("package-5 package-1", set()),
        ("due:none is:accepted", set()),
        ("%", set()),
        ("package_5", set()),
        ("' OR 1=1 --", set()),
    ],
)
def test_the_line_finds_exactly(harbour: Company, line: str, packages: set[str]):
    assert {row.package for row in queries.search(line, size=100).rows} == packages


def test_today_is_the_next_24_hours(harbour: Company):
    assert queries.search("due:today is:open").total == 0  # due in 24 hours to the second

    harbour.later(minutes=1)

    assert {row.package for row in queries.search("due:today is:open").rows} == {REACT}


def test_mine_me_without_anybody_signed_in_is_nothing(harbour: Company):
    assert queries.search("mine:me").total == 0
    assert queries.search("taken:me").total == len(queries.search("is:all", size=100).rows) - 1  # taken by nobody


def test_mine_is_the_teams_untaken_work_and_not_what_a_colleague_took(harbour: Company):
    mine = {row.package for row in queries.search("mine:me is:open", person=JUN).rows}

    assert mine == {"loose"}
    assert REACT in {row.package for row in queries.search(f"mine:{ALICE} is:open", person=JUN).rows}


def test_overdue_begins_the_moment_after_the_date(harbour: Company):
    due = queries.search("decision:now").rows[0].due
    assert due is not None
    harbour.clock.set(due)
    assert REACT not in {row.package for row in queries.search("is:overdue").rows}

    harbour.later(seconds=1)

    assert REACT in {row.package for row in queries.search("is:overdue").rows}


@pytest.mark.parametrize("name", SORTS)
def test_an_order_and_its_opposite_are_each_others_mirror_but_for_ties(harbour: Company, name: str):
    there = [row.id for row in queries.search(f"is:all sort:{name},id", size=100).rows]
    back = [row.id for row in queries.search(f"is:all sort:-{name},-id", size=100).rows]

    assert there == back[::-1]


@pytest.mark.parametrize("line", ["is:open", "is:all", "service:berth-board", "package", "is:closed is:open"])
def test_facets_add_up_to_the_total(harbour: Company, line: str):
    page = queries.search(line, size=3)

    for facet in queries.FACETS:
        assert sum(page.facets[facet].values()) == page.total


def test_a_page_beyond_the_last_is_empty_and_still_counts(harbour: Company):
    page = queries.search("is:all", page=50, size=10)

    assert (page.rows, page.next) == ((), "")
    assert page.total == 8


@pytest.mark.parametrize(
    ("page", "size", "field"), [(0, 10, "page"), (1001, 10, "page"), (1, 0, "size"), (1, 10_001, "size"), (-1, 10, "page")]
)
def test_numbers_out_of_bounds_name_their_field(db: None, page: int, size: int, field: str):
    with pytest.raises(Problem) as caught:
        queries.search("", page=page, size=size)
    assert (caught.value.field, caught.value.status) == (field, 422)


@given(st.text(max_size=40))
def test_no_cursor_from_outside_breaks_the_list(after: str):
    with pytest.raises(Problem) as caught:
        queries._values(after, ("decision_rank", "due_sort", "id"))
    assert caught.value.field == "after"
