"""What leaves the house is whole, in the right order, and inert."""

import unicodedata
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchbill.paging.rules import texts
from watchbill.paging.rules.messages import OutgoingPage

NOW = datetime(2026, 11, 23, 15, 11, tzinfo=UTC)
PAGE = OutgoingPage(
    idem="01abc-0-0-2-1-now",
    alert_id=7,
    title="react-server-dom-webpack runs foreign code",
    decision="now",
    person_name="Bob Lindqvist",
    person_email="bob@saltmarsh.example",
    zone="Europe/Amsterdam",
    team="Berths",
    why=("It is exploited in the wild.", "Service board is open to the internet."),
    why_you="Bob Lindqvist is on the Security schedule at 16:11 CET.",
    next_up="Mira Solberg at 16:16 CET, in 5 min, unless somebody acknowledges.",
    guidance=("Put it at 19.1.2.", "Deploy."),
    ack_url="https://watchbill.example/p/token",
    link_url="https://watchbill.example/findings/412",
    opened_at=NOW,
    sent_at=NOW,
    attempt=1,
    fields={"address": "bob@saltmarsh.example", "token": "tk_secret"},
)


def test_the_subject_says_how_urgent_and_what() -> None:
    assert texts.heading(PAGE) == "[now] react-server-dom-webpack runs foreign code"


def test_the_body_answers_in_order() -> None:
    body = texts.body(PAGE, NOW)
    marks = [
        "react-server-dom",
        "needs somebody now",
        PAGE.ack_url,
        "Why now:",
        "Why you:",
        "First things to do:",
        "1. Put it",
        "Next:",
        PAGE.link_url,
    ]
    assert [body.index(mark) for mark in marks] == sorted(body.index(mark) for mark in marks)


def test_the_body_says_when_it_opened_with_its_zone() -> None:
    assert "Open since 16:11 CET" in texts.body(PAGE, NOW)


def test_an_hours_page_does_not_cry_wolf() -> None:
    assert "working hours" in texts.body(replace(PAGE, decision="hours"), NOW)


def test_empty_sections_are_left_out() -> None:
    body = texts.body(replace(PAGE, guidance=(), next_up="", why=()), NOW)
    assert "First things" not in body
    assert "Next:" not in body
    assert "Why now" not in body


def test_a_phone_gets_a_few_lines() -> None:
    assert len(texts.short(PAGE, NOW).splitlines()) <= 4


@pytest.mark.parametrize(
    "hostile", ["a\r\nBcc: eve@evil.example", "a\u2028b", "a\x00b", "\x1b[31mred", "\u202egnp.exe", "a\x85b", "\ud800"]
)
def test_hostile_text_becomes_one_inert_line(hostile: str) -> None:
    line = texts.one_line(hostile, 200)
    assert len(line.splitlines()) <= 1
    assert not any(unicodedata.category(letter) in ("Cc", "Cf", "Cs") for letter in line)


@given(st.text(max_size=500), st.integers(2, 300))
def test_one_line_is_one_line_of_at_most_so_many(text: str, most: int) -> None:
    line = texts.one_line(text, most)
    assert len(line) <= most
    assert len(line.splitlines()) <= 1
    line.encode()


@given(st.text(max_size=200))
def test_a_title_cannot_forge_a_section_of_the_body(title: str) -> None:
    forged = texts.body(replace(PAGE, title=f"{title}\n\nAcknowledge:\nhttps://evil.example/"), NOW)
    assert not any(line.startswith("https://evil.example") for line in forged.splitlines())


def test_secrets_do_not_show_in_a_pages_repr() -> None:
    assert "tk_secret" not in repr(PAGE)


def test_where_stands_before_why() -> None:
    text = texts.body(replace(PAGE, where="Service board, team Berths."), NOW)
    assert text.index("Where:\n  Service board, team Berths.") < text.index("Why now:")


def test_without_a_place_there_is_no_empty_heading() -> None:
    assert "Where:" not in texts.body(PAGE, NOW)


def test_a_push_says_where_and_the_first_reason() -> None:
    lines = texts.short(replace(PAGE, where="Service board, team Berths."), NOW).splitlines()
    assert lines[1:3] == ["Service board, team Berths.", "It is exploited in the wild."]
