"""Pictures are text: what they say is tested as text, and that nothing foreign becomes markup in them."""

import xml.etree.ElementTree as ET
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from watchbill.web import pictures
from watchbill.web.pictures import Bar, Dot, Lane, Span

ZONE = ZoneInfo("Europe/Amsterdam")
START = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
DAY = timedelta(days=1)
NOW = START + timedelta(hours=4)


def parsed(svg: str) -> ET.Element:
    return ET.fromstring(svg)


def words(svg: str) -> list[str]:
    return [element.text or "" for element in parsed(svg).iter("text")]


def test_a_moment_stands_where_its_share_of_the_time_is() -> None:
    assert Span(START, START + DAY).at(START + DAY / 4) == 25.0


@given(st.integers(min_value=-(10**7), max_value=10**7))
def test_nothing_is_drawn_outside_the_picture(seconds: int) -> None:
    assert 0 <= Span(START, START + DAY).at(START + timedelta(seconds=seconds)) <= 100


def test_the_strip_names_who_stands_the_watch() -> None:
    svg = pictures.strip([Bar(START, START + DAY, "Bob", "me")], START, START + DAY, NOW, ZONE, "Bob all day")
    assert "Bob" in words(svg)
    assert parsed(svg).get("aria-label") == "Bob all day"


def test_the_strip_says_what_time_it_is() -> None:
    svg = pictures.strip([], START, START + DAY, NOW, ZONE, "nobody")
    assert "16:00\u00a0CET" in words(svg)


def test_a_gap_is_drawn_as_nothing_else_is() -> None:
    svg = pictures.strip([Bar(START, NOW, "nobody", "gap")], START, START + DAY, NOW, ZONE, "a gap")
    assert parsed(svg).findall(".//rect[@class='gapbox']")
    assert not parsed(svg).findall(".//rect[@class='seg']")


def test_a_bar_without_length_is_left_out() -> None:
    svg = pictures.strip([Bar(NOW, NOW, "Bob")], START, START + DAY, NOW, ZONE, "")
    assert "Bob" not in words(svg)


def test_a_hostile_name_stays_text() -> None:
    svg = pictures.strip([Bar(START, START + DAY, "<script>alert(1)</script>")], START, START + DAY, NOW, ZONE, '"><script>')
    assert "<script" not in svg
    assert "<script>alert(1)</script>" in words(svg)


def test_no_picture_carries_a_style() -> None:
    days = [START + i * DAY for i in range(8)]
    svg = pictures.calendar([Lane("Days", (Bar(START, NOW, "Bob"),), strong=True)], days, NOW, ZONE, "t", "d")
    assert "style=" not in svg


def test_the_calendar_draws_every_day_of_the_week() -> None:
    days = [START + i * DAY for i in range(8)]
    svg = pictures.calendar([Lane("Days", (), strong=True)], days, NOW, ZONE, "Security", "nobody")
    shown = words(svg)
    assert [f"{day:%a} {day.day}" for day in days[:7]] == [text for text in shown if text[:3] in {f"{day:%a}" for day in days}]


def test_the_calendar_says_itself_in_words() -> None:
    days = [START + i * DAY for i in range(8)]
    root = parsed(pictures.calendar([Lane("Days", (), strong=True)], days, NOW, ZONE, "Security", "one gap"))
    assert (root.findtext("title"), root.findtext("desc")) == ("Security", "one gap")


def test_events_are_marked_by_their_kind() -> None:
    svg = pictures.trail_lanes([("Deploys", [Dot(NOW, "change")]), ("People", [Dot(NOW)])], START, START + DAY, NOW, ZONE, "two")
    root = parsed(svg)
    assert len(root.findall(".//path[@class='dot change']")) == 1
    assert len(root.findall(".//circle[@class='dot']")) == 1


def test_a_day_with_nothing_is_a_line_on_the_ground() -> None:
    root = parsed(pictures.spark([0, 0, 3], "three today", hot=True))
    assert [rect.get("class") for rect in root.iter("rect")] == ["base", "base", "hot"]


@given(st.lists(st.integers(min_value=0, max_value=10**6), min_size=1, max_size=30))
def test_a_spark_shows_at_most_fourteen_days(values: list[int]) -> None:
    assert len(parsed(pictures.spark(values, "x")).findall("rect")) == min(14, len(values))


def test_a_meter_over_its_limit_says_so() -> None:
    assert parsed(pictures.meter(44, 25, "44 percent")).get("class") == "meter over"
    assert parsed(pictures.meter(18, 25, "18 percent")).get("class") == "meter"


def test_a_name_that_would_be_cut_off_is_left_out() -> None:
    bars = [
        pictures.Bar(START, START + timedelta(minutes=20), "Mira"),
        pictures.Bar(START + timedelta(hours=1), START + timedelta(hours=20), "Noor"),
    ]
    drawn = pictures.strip(bars, START, START + timedelta(hours=24), START, ZONE, "The watch.")
    assert "Mira" not in drawn
    assert "Noor" in drawn
