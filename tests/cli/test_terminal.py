"""Nothing that comes from outside is obeyed by a terminal."""

from hypothesis import given
from hypothesis import strategies as st

from watchbill.cli.terminal import columns, count, inert, say_json


def test_an_escape_sequence_is_shown() -> None:
    assert inert("\x1b[2Jgone") == "\\x1b[2Jgone"


def test_a_mark_that_turns_the_direction_is_shown() -> None:
    assert inert("a\u202eb") == "a\\u202eb"


def test_a_line_break_does_not_begin_a_line() -> None:
    assert inert("one\r\ntwo") == "one\\x0d\\x0atwo"


def test_a_letter_beyond_the_basic_plane_keeps_its_number() -> None:
    assert inert("\U000e0041") == "\\U000e0041"


def test_ordinary_words_of_any_language_stay() -> None:
    assert inert("Ærø, 東京 – naïve") == "Ærø, 東京 – naïve"


@given(st.text())
def test_whatever_comes_in_only_printable_letters_go_out(text: str) -> None:
    assert inert(text).isprintable()


@given(st.lists(st.tuples(st.text(), st.text(), st.text()), min_size=1))
def test_every_row_is_one_line(rows: list[tuple[str, str, str]]) -> None:
    lines = columns(rows)
    assert len(lines) == len(rows)
    assert all(line.isprintable() for line in lines)


def test_columns_stand_under_each_other() -> None:
    assert columns([("a", "b"), ("longer", "c")], indent="") == ["a       b", "longer  c"]


def test_no_rows_are_no_lines() -> None:
    assert columns([]) == []


def test_json_is_plain_ascii(capsys) -> None:
    say_json({"name": "\u202e\x1b"})
    assert capsys.readouterr().out == '{"name": "\\u202e\\u001b"}\n'


def test_numbers_take_the_right_word() -> None:
    assert (count(1, "finding"), count(1204, "finding"), count(2, "advisory", "advisories")) == (
        "1 finding",
        "1,204 findings",
        "2 advisories",
    )
