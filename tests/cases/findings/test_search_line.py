"""The search line, read into a plain query."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchbill.base.problem import Problem
from watchbill.cases.findings.search import KEYS, parse, with_term
from watchbill.cases.limits import QUERY_CHARS


def test_nothing_asks_for_everything_most_pressing_first():
    query = parse("")

    assert (query.terms, query.text, query.sort) == ({}, (), (("decision", False), ("due", False)))


def test_terms_text_and_order_are_told_apart():
    query = parse('is:open decision:now team:berths "run code" lodash sort:-due,id')

    assert query.terms == {"is": ("open",), "decision": ("now",), "team": ("berths",)}
    assert query.text == ("run code", "lodash")
    assert query.sort == (("due", True), ("id", False))


def test_a_key_given_twice_means_either():
    assert parse("decision:now decision:hours").values("decision") == ("now", "hours")


def test_what_stands_in_quotes_is_text_even_with_a_colon():
    assert parse('"foo:bar"').text == ("foo:bar",)


def test_a_value_may_be_quoted():
    assert parse('package:"left pad"').values("package") == ("left pad",)


def test_a_quote_that_is_never_closed_runs_to_the_end():
    assert parse('"run code').text == ("run code",)


def test_an_unknown_key_names_the_nearest():
    with pytest.raises(Problem) as caught:
        parse("temas:berths")

    assert caught.value.code == "search_unknown_key"
    assert 'Did you mean "team:"?' in caught.value.remedy


def test_an_unknown_value_names_the_nearest():
    with pytest.raises(Problem) as caught:
        parse("decision:nwo")

    assert caught.value.remedy == 'Did you mean "decision:now"?'


def test_a_key_like_none_lists_them():
    with pytest.raises(Problem) as caught:
        parse("qqqqq:1")

    assert all(key in caught.value.remedy for key in KEYS)


def test_nothing_is_sorted_by_what_does_not_exist():
    with pytest.raises(Problem, match="Nothing is sorted"):
        parse("sort:colour")


def test_words_of_a_closed_set_may_be_written_with_a_hyphen():
    assert parse("is:not-seen state:fix-claimed").terms == {"is": ("not_seen",), "state": ("fix_claimed",)}


def test_a_line_at_the_limit_is_read_and_one_beyond_is_not():
    parse("x" * QUERY_CHARS)
    with pytest.raises(Problem, match="too long"):
        parse("x" * (QUERY_CHARS + 1))


def test_too_many_terms_are_refused():
    with pytest.raises(Problem, match="too long"):
        parse("a " * 21)


def test_a_facet_replaces_its_own_word_and_keeps_the_others():
    assert with_term('is:open decision:now "run code"', "decision", "hours") == 'is:open "run code" decision:hours'


@given(st.text(max_size=80))
def test_any_line_is_a_query_or_a_problem(line):
    try:
        known = set(parse(line).terms)
    except Problem as problem:
        known = {problem.field} - {"q"}
    assert known <= set(KEYS)
