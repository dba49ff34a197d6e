"""How times, lengths and other people's text are written. Nothing here needs a database or a clock."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchbill.web import formats

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
NOW = datetime(2026, 11, 23, 15, 20, tzinfo=UTC)  # Monday, 16:20 in Amsterdam
NBSP = "\u00a0"


def test_a_clock_time_always_carries_its_zone() -> None:
    assert formats.clock(datetime(2026, 11, 23, 19, 0, tzinfo=UTC), AMSTERDAM) == f"20:00{NBSP}CET"


def test_summer_time_is_named_as_such() -> None:
    assert formats.clock(datetime(2026, 7, 1, 18, 0, tzinfo=UTC), AMSTERDAM) == f"20:00{NBSP}CEST"


def test_a_zone_without_letters_says_its_distance_from_utc() -> None:
    assert formats.clock(datetime(2026, 7, 1, 12, 0, tzinfo=UTC), ZoneInfo("America/Sao_Paulo")).endswith("UTC-03")


def test_today_needs_no_day() -> None:
    assert formats.when(datetime(2026, 11, 23, 19, 0, tzinfo=UTC), AMSTERDAM, NOW) == f"20:00{NBSP}CET"


def test_tomorrow_and_yesterday_are_said_in_words() -> None:
    assert formats.when(NOW + timedelta(days=1), AMSTERDAM, NOW) == f"tomorrow 16:20{NBSP}CET"
    assert formats.when(NOW - timedelta(days=1), AMSTERDAM, NOW) == f"yesterday 16:20{NBSP}CET"


def test_this_week_has_its_weekday() -> None:
    assert formats.when(NOW + timedelta(days=3), AMSTERDAM, NOW) == f"Thu{NBSP}26{NBSP}Nov 16:20{NBSP}CET"


def test_another_year_is_named() -> None:
    assert "2025" in formats.when(datetime(2025, 12, 9, 1, 0, tzinfo=UTC), AMSTERDAM, NOW)


def test_today_is_the_readers_day_not_utcs() -> None:
    late = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)  # already Tuesday in Amsterdam
    assert formats.when(late, AMSTERDAM, NOW).startswith("tomorrow")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (48, "48 s"),
        (60, "1 min"),
        (59 * 60 + 59, "59 min"),
        (3600, "1 h"),
        (3 * 3600 + 40 * 60, "3 h 40 min"),
        (26 * 3600, "26 h"),
        (48 * 3600, "2 d"),
        (58 * 3600, "2 d 10 h"),
        (34 * 86400 + 3600, "34 d"),
    ],
)
def test_a_length_is_said_in_its_two_largest_units(seconds: int, text: str) -> None:
    assert formats.duration(timedelta(seconds=seconds)) == text.replace(" ", NBSP)


@given(st.integers(min_value=-(10**9), max_value=10**9))
def test_a_length_never_breaks_over_a_line(seconds: int) -> None:
    assert " " not in formats.duration(timedelta(seconds=seconds))


def test_an_age_says_ago() -> None:
    assert formats.age(NOW - timedelta(minutes=9), NOW) == f"9{NBSP}min ago"


def test_what_is_still_to_come_says_in() -> None:
    assert formats.age(NOW + timedelta(minutes=6), NOW) == f"in 6{NBSP}min"


def test_this_very_second_is_just_now() -> None:
    assert formats.age(NOW, NOW) == "just now"


def test_a_due_date_in_the_past_is_overdue() -> None:
    assert formats.due(NOW - timedelta(days=2), NOW) == f"overdue 2{NBSP}d"


@pytest.mark.parametrize(("hours", "mark"), [(-1, "late"), (3, "late"), (20, "soon"), (72, "")])
def test_a_due_date_is_marked_by_how_much_it_presses(hours: int, mark: str) -> None:
    assert formats.due_mark(NOW + timedelta(hours=hours), NOW) == mark


def test_ansi_escapes_are_taken_out() -> None:
    assert formats.line("\x1b[31mred\x1b[0m alert \x1b]0;title\x07!") == "red alert !"


def test_line_breaks_become_spaces() -> None:
    assert formats.line("one\r\nSet-Cookie: x\ntwo") == "one Set-Cookie: x two"


def test_text_that_would_turn_its_surroundings_around_is_straightened() -> None:
    assert formats.line("lodash\u202egnp.exe\u2066") == "lodashgnp.exe"


@given(st.text())
def test_a_line_never_holds_a_control_character(text: str) -> None:
    assert all(ord(letter) >= 32 and not 0x7F <= ord(letter) <= 0x9F for letter in formats.line(text))


@given(st.text())
def test_making_a_line_inert_twice_changes_nothing_more(text: str) -> None:
    assert formats.line(formats.line(text)) == formats.line(text)


@given(st.text())
def test_several_lines_keep_only_line_feeds_and_tabs(text: str) -> None:
    assert all(letter in "\n\t" or ord(letter) >= 32 for letter in formats.lines(text))


def test_stored_values_are_read_as_words() -> None:
    assert formats.word("fix_claimed") == "fix claimed"
    assert formats.word("some_new_state") == "some new state"


def test_numbers_have_their_thousands_parted() -> None:
    assert formats.number(1482871) == "1,482,871"


def test_one_is_singular() -> None:
    assert formats.count(1, "finding") == "1 finding"
    assert formats.count(2, "person", "people") == "2 people"


def test_sizes_have_units() -> None:
    assert formats.size(812) == f"812{NBSP}B"
    assert formats.size(64 * 1024) == f"64{NBSP}KiB"
    assert formats.size(3 * 1024 * 1024 + 200_000) == f"3.2{NBSP}MiB"


def test_a_list_of_names_reads_as_a_sentence() -> None:
    assert formats.listed(("Alice", "Bob", "Charlie")) == "Alice, Bob and Charlie"
    assert formats.listed(("Alice",)) == "Alice"
    assert formats.listed(()) == ""


def test_moments_in_files_are_utc_to_the_second() -> None:
    assert formats.iso(datetime(2026, 11, 23, 16, 20, 5, 999, tzinfo=AMSTERDAM)) == "2026-11-23T15:20:05Z"


def test_a_sentence_gets_its_full_stop_once() -> None:
    assert formats.sentence("It rings") == "It rings."
    assert formats.sentence("It rings. ") == "It rings."
    assert formats.sentence("") == ""


def test_after_a_colon_a_word_begins_small_and_an_abbreviation_does_not() -> None:
    assert formats.lowered("Nobody in Berths") == "nobody in Berths"
    assert formats.lowered("SMTP is down") == "SMTP is down"
    assert formats.raised("nobody") == "Nobody"


def test_narrow_tables_say_the_day_in_three_letters() -> None:
    assert formats.brief(datetime(2026, 11, 23, 19, 0, tzinfo=UTC), AMSTERDAM, NOW) == f"20:00{NBSP}CET"
    assert formats.brief(datetime(2026, 11, 24, 8, 0, tzinfo=UTC), AMSTERDAM, NOW) == f"Tue{NBSP}09:00{NBSP}CET"
    assert formats.brief(datetime(2026, 12, 3, 8, 0, tzinfo=UTC), AMSTERDAM, NOW) == f"3{NBSP}Dec{NBSP}09:00{NBSP}CET"


def test_a_first_name_stands_in_narrow_places() -> None:
    assert formats.first_name("Noor Haddad") == "Noor"
    assert formats.first_name("") == ""
