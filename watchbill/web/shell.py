"""What stands around every page: the menu with its counts, who is on watch, banners about the whole place, the reader and their theme.

Looked up lazily, once a request, with a bounded number of queries; nothing at all for somebody who isn't signed in.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject

from watchbill.base import state
from watchbill.cases.findings import queries as findings
from watchbill.paging import bell_health
from watchbill.paging import queries as paging
from watchbill.roster.queries import PersonInfo
from watchbill.web import formats
from watchbill.web.banners import Banner, of_the_trail
from watchbill.web.nav import ITEMS, KEYS, Item, Key
from watchbill.web.reader import reader
from watchbill.web.watch import WatchBook, watch_book

THEMES = ("", "light", "dark")


@dataclass(frozen=True)
class NavLine:
    """One line of the menu as drawn."""

    href: str
    text: str
    key: str
    here: bool
    count: str
    hot: bool


@dataclass(frozen=True)
class Watch:
    """Who stands the security watch now; `known` is whether there is a watch to stand at all."""

    names: tuple[str, ...]
    until: datetime | None
    me: str
    known: bool


@dataclass(frozen=True)
class Shell:
    """Everything the shell template draws."""

    nav: tuple[tuple[NavLine, ...], ...]
    keys: tuple[Key, ...]
    watch: Watch
    banners: tuple[Banner, ...]
    person: PersonInfo | None
    theme: str
    ringing_poll: bool


def shell(request: HttpRequest) -> dict[str, Any]:
    """The context processor: `shell` for every template."""
    return {"shell": SimpleLazyObject(lambda: _shell(request))}


def theme_of(request: HttpRequest) -> str:
    """The theme this browser asked for; "" follows the system."""
    theme = request.COOKIES.get("look", "")
    return theme if theme in THEMES else ""


def _shell(request: HttpRequest) -> Shell:
    person = reader(request)
    if person is None:
        return Shell((), (), Watch((), None, "", False), (), None, theme_of(request), False)
    sample = state.get("company") == "sample"
    book = watch_book(request)
    return Shell(
        nav=_nav(request, _counts(person, len(book.gaps())), sample),
        keys=KEYS,
        watch=_watch(book, person),
        banners=(*_banners(sample), *of_the_trail(person, _place(request))),
        person=person,
        theme=theme_of(request),
        ringing_poll=True,
    )


def _counts(person: PersonInfo, gaps: int) -> dict[str, tuple[str, bool]]:
    """Words beside the menu's lines, and whether each is loud."""
    ringing = len(paging.my_pages(person.id))
    opened = sum(findings.open_by_service().values())
    return {
        "now": (str(ringing) if ringing else "", True),
        "findings": (formats.number(opened) if opened else "", False),
        "on-call": (formats.count(gaps, "gap") if gaps else "", True),
    }


def _nav(request: HttpRequest, counts: dict[str, tuple[str, bool]], sample: bool) -> tuple[tuple[NavLine, ...], ...]:
    here = _place(request)
    groups: dict[int, list[NavLine]] = {}
    for item in ITEMS:
        if item.only_sample and not sample:
            continue
        groups.setdefault(item.group, []).append(_line(item, here, counts))
    return tuple(tuple(lines) for _, lines in sorted(groups.items()))


def _place(request: HttpRequest) -> str:
    """The name of the page's address, empty for none."""
    match = request.resolver_match
    return (match.url_name if match else "") or ""


def _line(item: Item, here: str, counts: dict[str, tuple[str, bool]]) -> NavLine:
    count, hot = counts.get(item.name, ("", False))
    return NavLine(reverse(item.name), item.text, item.key, here == item.name or here in item.also, count, hot)


def _watch(book: WatchBook, person: PersonInfo) -> Watch:
    upcoming = book.change(book.security)
    names = tuple(one.name for one in book.on_watch(book.security))
    return Watch(names, upcoming.start if upcoming else None, person.name, book.known())


def _banners(sample: bool) -> list[Banner]:
    banners = []
    health = bell_health.health()
    if health.late:
        late = formats.duration(timedelta(seconds=health.oldest_late_seconds))
        text = f"{formats.count(health.late, 'page')} should have gone out by now, the oldest {late} ago."
        banners.append(Banner("Paging is late.", text, reverse("now") + "#bell", "See why", "bad"))
    if sample:
        text = "Saltmarsh Terminals and everyone in it are made up, so press anything."
        banners.append(Banner("Sample company.", text, reverse("setup") + "#own", "Start with your own"))
    return banners
