"""Who has the watch: rotations, layers and overrides, against people's sense and against a minute-by-minute oracle."""

import itertools
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engines.calendar.oracle import Turns, local, on_watch, utc
from watchbill.engines.calendar import limits
from watchbill.engines.calendar.intervals import OVERRIDE, Interval
from watchbill.engines.calendar.problems import CalendarError
from watchbill.engines.calendar.rotation import Rotation, Unit
from watchbill.engines.calendar.shifts import Layer, Override, final_shifts, who_at
from watchbill.engines.calendar.windows import WeeklyWindow, read_window

AMSTERDAM = "Europe/Amsterdam"
MONDAY = local(2026, 1, 5, 9)


def weekly(*people: str, zone: str = AMSTERDAM) -> Layer:
    return Layer("weeks", Rotation(people, MONDAY, zone, 1, "weeks"))


def test_people_take_turns_by_the_week() -> None:
    shifts = final_shifts([weekly("Alice", "Bob")], [], utc(2026, 1, 5, 8), utc(2026, 1, 26, 8))
    assert [(shift.who, shift.start) for shift in shifts] == [
        ("Alice", utc(2026, 1, 5, 8)),
        ("Bob", utc(2026, 1, 12, 8)),
        ("Alice", utc(2026, 1, 19, 8)),
    ]


def test_the_hand_off_stays_at_nine_when_the_clocks_change() -> None:
    shifts = final_shifts([weekly("Alice", "Bob")], [], utc(2026, 3, 23, 8), utc(2026, 4, 6, 7))
    assert [shift.end - shift.start for shift in shifts] == [timedelta(days=7) - timedelta(hours=1), timedelta(days=7)]


def test_at_the_hand_off_the_next_person_already_has_the_watch() -> None:
    layer = weekly("Alice", "Bob")
    assert who_at([layer], [], utc(2026, 1, 12, 8)).who == "Bob"
    assert who_at([layer], [], utc(2026, 1, 12, 8) - timedelta(microseconds=1)).who == "Alice"


def test_a_hand_off_that_the_clocks_skip_happens_at_the_jump() -> None:
    nightly = Layer("n", Rotation(("Alice", "Bob"), local(2026, 3, 7, 2, 30), "America/New_York", 1, "days"))
    assert who_at([nightly], [], utc(2026, 3, 8, 7)).who == "Bob"
    assert who_at([nightly], [], utc(2026, 3, 8, 6, 59)).who == "Alice"


def test_a_hand_off_that_comes_twice_happens_the_first_time() -> None:
    nightly = Layer("n", Rotation(("Alice", "Bob"), local(2026, 10, 31, 1, 30), "America/New_York", 1, "days"))
    assert who_at([nightly], [], utc(2026, 11, 1, 5, 30)).who == "Bob"


def test_twelve_hour_turns_keep_to_the_wall_clock() -> None:
    halves = Layer("h", Rotation(("Alice", "Bob"), local(2026, 3, 28, 8), AMSTERDAM, 12, "hours"))
    shifts = final_shifts([halves], [], utc(2026, 3, 28, 19), utc(2026, 3, 29, 18))
    assert [(shift.who, shift.end - shift.start) for shift in shifts] == [("Bob", timedelta(hours=11)), ("Alice", timedelta(hours=12))]


def test_an_hour_that_the_clocks_skip_is_nobodys_turn_but_counts() -> None:
    hourly = Layer("h", Rotation(("Alice", "Bob", "Carol"), local(2026, 3, 29, 1), AMSTERDAM, 1, "hours"))
    shifts = final_shifts([hourly], [], utc(2026, 3, 29, 0), utc(2026, 3, 29, 2))
    assert [shift.who for shift in shifts] == ["Alice", "Carol"]


def test_before_it_starts_a_rotation_has_nobody() -> None:
    shifts = final_shifts([weekly("Alice")], [], utc(2026, 1, 4), utc(2026, 1, 6))
    assert shifts == (
        Interval(utc(2026, 1, 4), utc(2026, 1, 5, 8), None, ""),
        Interval(utc(2026, 1, 5, 8), utc(2026, 1, 6), "Alice", "weeks"),
    )


def test_the_last_layer_wins_and_the_first_shows_through_its_windows() -> None:
    always = weekly("Alice")
    days = Layer("days", Rotation(("Bob",), MONDAY, AMSTERDAM, 1, "days"), (read_window("1-7 08:00-20:00"),))
    shifts = final_shifts([always, days], [], utc(2026, 1, 7), utc(2026, 1, 8))
    assert [(shift.who, shift.layer, shift.start.hour) for shift in shifts] == [
        ("Alice", "weeks", 0),
        ("Bob", "days", 7),
        ("Alice", "weeks", 19),
    ]


def test_an_override_wins_over_every_layer_and_the_later_one_over_the_earlier() -> None:
    away = [Override(utc(2026, 1, 7), utc(2026, 1, 9), "Bob"), Override(utc(2026, 1, 8), utc(2026, 1, 10), "Carol")]
    shifts = final_shifts([weekly("Alice")], away, utc(2026, 1, 6), utc(2026, 1, 11))
    assert [(shift.who, shift.layer) for shift in shifts] == [
        ("Alice", "weeks"),
        ("Bob", OVERRIDE),
        ("Carol", OVERRIDE),
        ("Alice", "weeks"),
    ]


def test_an_override_fills_a_gap_and_the_rest_of_it_stays_visible() -> None:
    shifts = final_shifts([], [Override(utc(2026, 1, 7, 2), utc(2026, 1, 7, 4), "Bob")], utc(2026, 1, 7), utc(2026, 1, 7, 8))
    assert [shift.who for shift in shifts] == [None, "Bob", None]


def test_an_empty_schedule_is_one_gap() -> None:
    assert final_shifts([], [], utc(2026, 1, 1), utc(2026, 2, 1)) == (Interval(utc(2026, 1, 1), utc(2026, 2, 1), None, ""),)


def test_handing_over_to_oneself_is_no_hand_off() -> None:
    assert len(final_shifts([weekly("Alice")], [], utc(2026, 1, 6), utc(2026, 3, 1))) == 1


def test_instants_in_any_zone_are_answered_in_utc() -> None:
    ahead = utc(2026, 1, 6).astimezone(tz=datetime.fromisoformat("2026-01-01T00:00:00+09:00").tzinfo)
    assert final_shifts([weekly("Alice")], [], ahead, ahead + timedelta(hours=1))[0].start.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    ("make", "place"),
    [
        (lambda: Rotation((), MONDAY, AMSTERDAM, 1, "weeks"), "rotation.participants"),
        (lambda: Rotation(("A",) * (limits.MAX_PARTICIPANTS + 1), MONDAY, AMSTERDAM, 1, "weeks"), "rotation.participants"),
        (lambda: Rotation(("A",), utc(2026, 1, 1), AMSTERDAM, 1, "weeks"), "rotation.starts"),
        (lambda: Rotation(("A",), MONDAY, AMSTERDAM, 0, "weeks"), "rotation.every"),
        (lambda: Rotation(("A",), MONDAY, AMSTERDAM, limits.MAX_LENGTH["days"] + 1, "days"), "rotation.every"),
        (lambda: Rotation(("A",), MONDAY, AMSTERDAM, 1, "months"), "rotation.unit"),  # type: ignore[arg-type]
        (lambda: Rotation(("A",), MONDAY, "Nowhere", 1, "days"), "rotation.zone"),
        (lambda: Layer(OVERRIDE, Rotation(("A",), MONDAY, AMSTERDAM, 1, "days")), "layer.name"),
        (lambda: Override(utc(2026, 1, 2), utc(2026, 1, 2), "A"), "override.end"),
        (lambda: Override(local(2026, 1, 2), utc(2026, 1, 3), "A"), "override.start"),
        (lambda: final_shifts([], [], utc(2026, 1, 2), utc(2026, 1, 2)), "end"),
        (lambda: final_shifts([], [], local(2026, 1, 1), utc(2026, 1, 2)), "start"),
        (lambda: final_shifts([], [], utc(2026, 1, 1), utc(2026, 1, 1) + limits.MAX_SPAN + timedelta(seconds=1)), "end"),
        (lambda: final_shifts([weekly("A")] * (limits.MAX_LAYERS + 1), [], utc(2026, 1, 1), utc(2026, 1, 2)), "layers"),
        (
            lambda: final_shifts(
                [], [Override(utc(2026, 1, 1), utc(2026, 1, 2), "A")] * (limits.MAX_OVERRIDES + 1), utc(2026, 1, 1), utc(2026, 1, 2)
            ),
            "overrides",
        ),
    ],
)
def test_what_cannot_be_laid_out_is_refused_by_name(make: Callable[[], object], place: str) -> None:
    with pytest.raises(CalendarError) as told:
        make()
    assert told.value.place == place
    assert told.value.reason


def test_the_longest_stretch_allowed_is_laid_out() -> None:
    hourly = Layer("h", Rotation(("Alice", "Bob"), MONDAY, AMSTERDAM, 1, "hours"))
    assert len(final_shifts([hourly], [], utc(2026, 1, 5, 8), utc(2026, 1, 5, 8) + limits.MAX_SPAN)) > 43_000


# ---- the oracle

ZONES = [
    "Europe/Amsterdam",
    "America/New_York",
    "America/Halifax",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Africa/Casablanca",
    "Pacific/Chatham",
    "America/Santiago",
    "Asia/Tehran",
    "UTC",
]
CHANGES = [
    utc(2026, 3, 6),
    utc(2026, 3, 27),
    utc(2026, 4, 3),
    utc(2026, 9, 4),
    utc(2026, 10, 2),
    utc(2026, 10, 23),
    utc(2026, 10, 30),
    utc(2026, 2, 13),
    utc(2028, 2, 27),
]
STEP = timedelta(minutes=15)
UNITS: dict[Unit, timedelta] = {"hours": timedelta(hours=1), "days": timedelta(days=1), "weeks": timedelta(weeks=1)}

quarters = st.integers(0, 95).map(lambda quarter: quarter * 15)


@st.composite
def window_lists(draw: st.DrawFn) -> tuple[WeeklyWindow, ...]:
    made = []
    for _ in range(draw(st.integers(0, 3))):
        opens = draw(quarters)
        closes = draw(quarters.filter(lambda minute, opens=opens: minute != opens) | st.just(1440))
        made.append(WeeklyWindow(draw(st.frozensets(st.integers(1, 7), min_size=1)), opens, closes))
    return tuple(made)


@st.composite
def layer_pairs(draw: st.DrawFn, name: str) -> tuple[Layer, Turns]:
    people = tuple(draw(st.lists(st.sampled_from(["Alice", "Bob", "Carol"]), min_size=1, max_size=4)))
    starts = local(2026, 1, 1) + draw(st.integers(0, 95 * 60)) * STEP
    zone, unit = draw(st.sampled_from(ZONES)), draw(st.sampled_from(sorted(UNITS)))
    every, only = draw(st.integers(1, 26 if unit == "hours" else 3)), draw(window_lists())
    layer = Layer(name, Rotation(people, starts, zone, every, unit), only)
    return layer, Turns(name, people, starts, zone, every * UNITS[unit], tuple((w.days, w.opens, w.closes) for w in only))


@st.composite
def override_lists(draw: st.DrawFn, start: datetime) -> list[Override]:
    made = []
    for _ in range(draw(st.integers(0, 3))):
        first = start + draw(st.integers(-40, 400)) * STEP
        made.append(Override(first, first + draw(st.integers(1, 200)) * STEP, draw(st.sampled_from(["Dora", "Erik"]))))
    return made


@settings(max_examples=150)
@given(data=st.data())
def test_the_final_schedule_is_that_of_the_quarter_hour_oracle(data: st.DataObject) -> None:
    start = data.draw(st.sampled_from(CHANGES))
    end = start + timedelta(days=4)
    pairs = [data.draw(layer_pairs(f"layer {number}")) for number in range(data.draw(st.integers(0, 3)))]
    overrides = data.draw(override_lists(start))
    shifts = final_shifts([layer for layer, _ in pairs], overrides, start, end)
    expected = on_watch([turns for _, turns in pairs], [(o.start, o.end, o.who) for o in overrides], start, end, STEP)
    assert [next(s.who for s in shifts if s.start <= start + n * STEP < s.end) for n in range(len(expected))] == expected


@settings(max_examples=150)
@given(data=st.data())
def test_shifts_cover_the_range_without_hole_or_overlap(data: st.DataObject) -> None:
    start = data.draw(st.sampled_from(CHANGES)) + timedelta(seconds=data.draw(st.integers(0, 90_000)))
    end = start + timedelta(seconds=data.draw(st.integers(1, 2_000_000)))
    pairs = [data.draw(layer_pairs(f"layer {number}")) for number in range(data.draw(st.integers(0, 3)))]
    shifts = final_shifts([layer for layer, _ in pairs], data.draw(override_lists(start)), start, end)
    assert (shifts[0].start, shifts[-1].end) == (start, end)
    assert all(one.end == two.start and one.start < one.end for one, two in itertools.pairwise(shifts))
    assert all((one.who, one.layer) != (two.who, two.layer) for one, two in itertools.pairwise(shifts))


@settings(max_examples=80)
@given(data=st.data())
def test_one_instant_and_the_whole_range_agree(data: st.DataObject) -> None:
    start = data.draw(st.sampled_from(CHANGES))
    pairs = [data.draw(layer_pairs(f"layer {number}")) for number in range(data.draw(st.integers(1, 3)))]
    layers, overrides = [layer for layer, _ in pairs], data.draw(override_lists(start))
    for shift in final_shifts(layers, overrides, start, start + timedelta(days=3)):
        now = who_at(layers, overrides, shift.start)
        assert (now.who, now.layer) == (shift.who, shift.layer)


@pytest.mark.parametrize("zone", ZONES)
def test_three_years_of_a_night_rotation_equal_the_oracle(zone: str) -> None:
    """Every change of clocks and a leap day of ten zones, at a grid of half hours."""
    step, start, end = timedelta(minutes=30), utc(2026, 1, 1), utc(2029, 1, 1)
    people = ("Alice", "Bob", "Carol")
    night = (frozenset(range(1, 8)), 20 * 60, 8 * 60)
    layer = Layer("nights", Rotation(people, local(2026, 1, 5, 20), zone, 1, "days"), (WeeklyWindow(*night),))
    expected = on_watch([Turns("nights", people, local(2026, 1, 5, 20), zone, timedelta(days=1), (night,))], [], start, end, step)
    shifts = iter(final_shifts([layer], [], start, end))
    shift, answer, at = next(shifts), [], start
    while at < end:
        while shift.end <= at:
            shift = next(shifts)
        answer.append(shift.who)
        at += step
    assert answer == expected
