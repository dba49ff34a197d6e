"""The sentences read as a tired person needs them: who, when with its zone, and why."""

from datetime import UTC, datetime, timedelta

import pytest

from watchbill.paging.rules import sentences

MONDAY = datetime(2026, 11, 23, 15, 11, tzinfo=UTC)
AMSTERDAM = "Europe/Amsterdam"


def test_a_time_of_today_carries_its_zone() -> None:
    assert sentences.clock_time(MONDAY, AMSTERDAM, MONDAY) == "16:11 CET"


def test_tomorrow_carries_its_day() -> None:
    assert sentences.clock_time(datetime(2026, 11, 24, 7, tzinfo=UTC), AMSTERDAM, MONDAY) == "Tue 08:00 CET"


def test_midnight_is_counted_where_the_reader_is() -> None:
    assert sentences.clock_time(datetime(2026, 11, 23, 23, 30, tzinfo=UTC), AMSTERDAM, MONDAY) == "Tue 00:30 CET"


def test_next_week_carries_its_date() -> None:
    assert sentences.clock_time(datetime(2026, 11, 30, 7, tzinfo=UTC), AMSTERDAM, MONDAY) == "Mon 30 Nov, 08:00 CET"


def test_next_year_carries_its_year() -> None:
    assert sentences.clock_time(datetime(2027, 1, 4, 7, tzinfo=UTC), AMSTERDAM, MONDAY) == "Mon 4 Jan 2027, 08:00 CET"


def test_summer_has_its_own_zone_name() -> None:
    june = datetime(2026, 6, 1, 7, tzinfo=UTC)
    assert sentences.clock_time(june, AMSTERDAM, june) == "09:00 CEST"


@pytest.mark.parametrize("zone", ["", "Mars/Olympus", "../etc/passwd", "/etc", "\x00"])
def test_a_bad_zone_is_utc_and_never_an_error(zone: str) -> None:
    assert sentences.clock_time(MONDAY, zone, MONDAY) == "15:11 UTC"


@pytest.mark.parametrize(
    ("length", "text"),
    [
        (timedelta(seconds=-3), "0\u00a0s"),
        (timedelta(seconds=2.4), "2\u00a0s"),
        (timedelta(minutes=9), "9\u00a0min"),
        (timedelta(hours=2), "2\u00a0h"),
        (timedelta(hours=3, minutes=40), "3\u00a0h 40\u00a0min"),
        (timedelta(days=2, hours=10), "2\u00a0d 10\u00a0h"),
        (timedelta(days=3), "3\u00a0d"),
    ],
)
def test_a_span_has_two_figures_at_most(length: timedelta, text: str) -> None:
    assert sentences.span(length) == text


@pytest.mark.parametrize(
    ("people", "text"),
    [([], "nobody"), (["Alice"], "Alice"), (["Alice", "Bob"], "Alice and Bob"), (["Alice", "Bob", "Charlie"], "Alice, Bob and Charlie")],
)
def test_people_are_listed_as_one_says_it(people: list[str], text: str) -> None:
    assert sentences.names(people) == text


def test_a_gap_says_who_is_next() -> None:
    text = sentences.nobody_on_watch("Berths", "16:11 CET", "Alice", "Tue 08:00 CET")
    assert text == "Nobody in Berths is on watch until Tue 08:00 CET, when Alice begins."


def test_a_gap_without_end_says_so() -> None:
    assert sentences.nobody_on_watch("Berths", "16:11 CET", "", "") == "Nobody in Berths is on watch at 16:11 CET, and no watch is planned."


def test_why_not_me_reads_as_one_sentence() -> None:
    gap = sentences.nobody_on_watch("Berths", "16:11 CET", "Alice", "Tue 08:00 CET")
    assert sentences.was_not_paged("Alice", gap) == (
        "Alice was not paged: nobody in Berths is on watch until Tue 08:00 CET, when Alice begins."
    )


def test_what_was_called_off_has_one_colon() -> None:
    text = sentences.called_off("the alert no longer rings.")
    assert text == "Called off: the alert no longer rings."
    assert sentences.was_not_paged("Alice", text) == "Alice was not paged: the alert no longer rings."


def test_a_name_at_the_start_keeps_its_capital() -> None:
    assert sentences.was_not_paged("Alice", "Bob is on watch in Berths.") == "Alice was not paged: Bob is on watch in Berths."


def test_two_people_are_on_watch() -> None:
    assert sentences.on_watch("Security", ["Bob", "Mira"], "16:11 CET") == "Bob and Mira are on watch in Security at 16:11 CET."


def test_a_watch_of_another_day_has_no_at() -> None:
    assert sentences.on_watch("Berths", ["Alice"], "Tue 08:00 CET") == "Alice is on watch in Berths Tue 08:00 CET."


def test_an_acknowledgement_counts_what_it_called_off() -> None:
    by_link = sentences.answering_by("link")
    assert sentences.acknowledged("Bob", by_link, 1) == "Bob acknowledged by the link. 1 waiting page was called off."
    assert sentences.acknowledged("Bob", "", 3) == "Bob acknowledged. 3 waiting pages were called off."


def test_what_called_nothing_off_does_not_say_so() -> None:
    assert sentences.acknowledged("Bob", sentences.answering_by("web"), 0) == "Bob acknowledged on this site."


@pytest.mark.parametrize(
    ("way", "page", "words"),
    [
        ("link", "email", "by the link in the mail"),
        ("link", "ntfy", "by the link in the push"),
        ("link", "desk", "by the link"),
        ("api", "", "over the API"),
        ("cli", "", "at a terminal"),
        ("loop", "", ""),
        ("", "", ""),
    ],
)
def test_the_way_somebody_answered_is_said_in_words(way: str, page: str, words: str) -> None:
    assert sentences.answering_by(way, page) == words


def test_why_it_came_to_somebody_names_who_was_off_before() -> None:
    cause = sentences.nobody_until("Berths", "Tue 08:00 CET")
    assert sentences.goes_to([cause], sentences.the_watch("Security", is_security=True), "Bob") == (
        "Nobody in Berths is on watch until Tue 08:00 CET, so it goes to the security watch: Bob."
    )


def test_each_cause_is_told_once() -> None:
    text = sentences.goes_to(
        ["nobody answered in time", "Step 2 reaches nobody", "Step 2 reaches nobody"], "the whole team Security", "Bob"
    )
    assert text == "Nobody answered in time and step 2 reaches nobody, so it goes to the whole team Security: Bob."


@pytest.mark.parametrize(
    ("told", "to_bob"),
    [
        ("Bob is on watch in Security at 16:11 CET.", "You are on watch in Security at 16:11 CET."),
        (
            "Nobody answered in time, so it goes to the security watch: Bob.",
            "Nobody answered in time, so it goes to the security watch: you.",
        ),
        ("Bob was not paged: nobody is on watch.", "You were not paged: nobody is on watch."),
        ("Bob has not been paged yet.", "You have not been paged yet."),
        ("Alice is on watch in Berths.", "Alice is on watch in Berths."),
        ("Bobby is on watch in Berths.", "Bobby is on watch in Berths."),
    ],
)
def test_somebody_is_spoken_to_as_you(told: str, to_bob: str) -> None:
    assert sentences.to_you(told, "Bob") == to_bob


def test_what_is_said_of_a_held_page_names_its_time_once() -> None:
    text = sentences.can_wait("Wed 09:00 CET", "Berths", "Alice is on watch in Berths Wed 09:00 CET.")
    assert text == "This can wait until Wed 09:00 CET, when Berths is at work. Alice is on watch in Berths then."


def test_a_name_stands_after_a_colon_as_it_is() -> None:
    assert sentences.after_colon("Bob asked for it") == "Bob asked for it"
    assert sentences.after_colon("The scan proves it") == "the scan proves it"


def test_the_desk_is_said_as_a_place() -> None:
    assert (sentences.by_channel("desk"), sentences.by_channel("email"), sentences.by_channel("ntfy")) == (
        "at the desk",
        "by e-mail",
        "by ntfy",
    )


def test_a_second_round_is_said() -> None:
    assert sentences.step_started(0, 1, "Berths", ["Bob"]) == "Step 1 of policy Berths, round 2 pages Bob."
