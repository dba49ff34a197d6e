"""The navigation: one line a page, and the keyboard map that is shown and works.

A page that doesn't exist yet has no line, so no link is dead.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Item:
    """One line of the menu: the URL's name, its word, the key after `g`, its group, and which pages count as being there."""

    name: str
    text: str
    key: str
    group: int
    also: tuple[str, ...] = ()
    only_sample: bool = False


ITEMS = (
    Item("now", "Now", "n", 0),
    Item("sample", "First minute", "m", 0, only_sample=True),
    Item("findings", "Findings", "f", 1, ("finding",)),
    Item("incidents", "Incidents", "i", 1, ("incident",)),
    Item("on-call", "On-call", "o", 2, ("on-call-schedule", "alert")),
    Item("services", "Services", "s", 2, ("service",)),
    Item("sources", "Sources", "q", 3, ("source",)),
    Item("trail", "Trail", "t", 4, ("trail-event",)),
    Item("setup", "Set-up", "u", 4, ("people", "tokens", "me")),
)


@dataclass(frozen=True)
class Key:
    """One line of the key sheet."""

    parts: tuple[str, ...]
    text: str


_GO = ", ".join(f"g {item.key} {item.text}" for item in ITEMS if item.name != "now" and not item.only_sample)

KEYS = (
    Key(("?",), "this sheet"),
    Key(("/",), "search"),
    Key(("g", "n"), f"go to Now; {_GO}"),
    Key(("j", "k"), "next, previous row"),
    Key(("↵",), "open the row"),
    Key(("a",), "acknowledge or take it"),
    Key(("v",), "I fixed it, check now"),
    Key(("e",), "escalate now"),
    Key(("o",), "change owner"),
    Key(("c",), "copy the command"),
)
