"""The words of a page outside the house: one plain text for every channel that carries text. Foreign text in it is made inert: no line
breaks where one line is due, no control or direction characters. It knows no channel's syntax."""

import unicodedata
from datetime import datetime

from watchbill.paging.rules import sentences
from watchbill.paging.rules.messages import OutgoingPage
from watchbill.paging.rules.words import Decision

# Format characters (Unicode Cf: direction overrides, zero-width marks) and controls never leave the house.
_DROPPED = ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")


def one_line(text: str, most: int) -> str:
    """`text` on one line of at most `most` characters, free of control and direction characters; cut with an ellipsis."""
    clean = "".join(" " if letter in "\r\n\t\v\f\x85\u2028\u2029" else letter for letter in text)
    clean = " ".join("".join(letter for letter in clean if unicodedata.category(letter) not in _DROPPED).split())
    return clean if len(clean) <= most else clean[: most - 1].rstrip() + "…"


def heading(page: OutgoingPage, most: int = 200) -> str:
    """The subject line: how urgent, and what."""
    return one_line(f"[{page.decision}] {page.title}", most)


def lead(page: OutgoingPage, now: datetime) -> str:
    """One sentence on how urgent it is and since when."""
    since = sentences.clock_time(page.opened_at, page.zone, now)
    if page.decision == Decision.NOW:
        return f"This needs somebody now. Open since {since}."
    return f"This is for working hours. Open since {since}."


def body(page: OutgoingPage, now: datetime) -> str:
    """The whole page as plain text: what, acknowledge, where, why now, why you, what to do first, who is next. Ends in a line break."""
    parts = [
        one_line(page.title, 600),
        lead(page, now),
        "",
        "Acknowledge or escalate (works without signing in; opening it changes nothing):",
        page.ack_url,
    ]
    parts += _section("Where", (page.where,))
    parts += _section("Why now", page.why)
    parts += _section("Why you", (page.why_you,))
    parts += _section("First things to do", page.guidance, numbered=True)
    parts += _section("Next", (f"{page.next_up} ",) if page.next_up else ())
    parts += [
        "",
        "All of it:",
        page.link_url,
        "",
        f"Page {page.idem} for {one_line(page.person_name, 200)}, try {page.attempt}. The link is yours alone.",
    ]
    return "\n".join(parts) + "\n"


def short(page: OutgoingPage, now: datetime) -> str:
    """A few lines for a phone's notification."""
    lines = [lead(page, now), *(one_line(line, 300) for line in (page.where, *page.why[:1]) if line)]
    if page.next_up:
        lines.append(f"Next: {one_line(page.next_up, 300)}")
    return "\n".join(lines)


def _section(title: str, lines: tuple[str, ...], *, numbered: bool = False) -> list[str]:
    shown = [one_line(line, 600) for line in lines if line.strip()]
    if not shown:
        return []
    marks = [f"{number}. " for number in range(1, len(shown) + 1)] if numbered else ["  "] * len(shown)
    return ["", f"{title}:", *(mark + line for mark, line in zip(marks, shown, strict=True))]
