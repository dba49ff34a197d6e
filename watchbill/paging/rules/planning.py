"""Planning pages: one person's notification rules become page rows with their due times, all at once; outside working time an `hours`
page is held until the opening; a raise to `now` releases what was held. It decides; it never stores or sends."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from watchbill.paging.rules.words import DESK, EMAIL, PageState

# Given an instant, the first instant from it on at which an `hours` page may ring (the same instant in working time).
Opening = Callable[[datetime], datetime]


def any_time(at: datetime) -> datetime:
    """The opening for `now`: it rings at any hour."""
    return at


@dataclass(frozen=True, slots=True)
class Method:
    """One way to reach a person. `id` is None for the two that need no set-up: the desk, and e-mail to the sign-in address."""

    id: int | None
    channel: str
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class RuleLine:
    """`delay_seconds` after the step starts, page by `method`."""

    delay_seconds: int
    method: Method


@dataclass(frozen=True, slots=True)
class PlannedPage:
    """One page to store. `why_not` says why it is held or skipped; empty when it will ring at `due`."""

    person_id: int
    method_id: int | None
    channel: str
    order: int
    due: datetime
    state: PageState
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class WaitingPage:
    """A page that has not rung yet, as far as a raise needs to know it."""

    id: int
    person_id: int
    method_id: int | None
    channel: str
    due: datetime


def effective_rules(own: Sequence[RuleLine], sign_in_mail: Method) -> tuple[RuleLine, ...]:
    """The rules that apply: the desk at 0 s always; the person's own, or e-mail at 0 s where they made none. Ordered by delay."""
    desk = RuleLine(0, Method(None, DESK))
    lines = [line for line in own if line.method.channel != DESK] if own else [RuleLine(0, sign_in_mail)]
    if own and not lines:
        return (desk,)
    return (desk, *sorted(lines, key=lambda line: line.delay_seconds))


def plan_person(person_id: int, rules: Sequence[RuleLine], start: datetime, opening: Opening) -> tuple[PlannedPage, ...]:
    """Every page this person gets from one step that starts at `start`, in the order of the rules.

    A method that can't be used becomes a skipped page (visible, with its reason); a time outside the opening becomes a held one.
    """
    return tuple(_plan_one(person_id, order, line, start, opening) for order, line in enumerate(rules))


def _plan_one(person_id: int, order: int, line: RuleLine, start: datetime, opening: Opening) -> PlannedPage:
    wanted = start + timedelta(seconds=line.delay_seconds)
    method = line.method
    if method.why_not:
        return PlannedPage(person_id, method.id, method.channel, order, wanted, PageState.SKIPPED, method.why_not)
    due = opening(wanted)
    state = PageState.HELD if due > wanted else PageState.PLANNED
    return PlannedPage(person_id, method.id, method.channel, order, due, state)


def step_start(now: datetime, opening: Opening) -> datetime:
    """When a step really begins: its waiting time counts from the opening, so that a held page is not escalated past in the night."""
    return opening(now)


@dataclass(frozen=True, slots=True)
class RaisePlan:
    """What a raise to `now` changes: pages to release at once, pages to call off, and pages to add."""

    release: tuple[int, ...]
    call_off: tuple[int, ...]
    add: tuple[PlannedPage, ...]


def plan_raise(waiting: Iterable[WaitingPage], wanted: Iterable[PlannedPage]) -> RaisePlan:
    """Bring what waits in line with what the `now` rules want.

    A waiting page of somebody still to be paged rings now rather than later, if the new rules want its method; what they don't want is
    called off; what they want and nobody waits for is added. So nobody hears of the same thing twice by the same way.
    """
    wanted_by_way = {(page.person_id, page.channel, page.method_id): page for page in wanted}
    release: list[int] = []
    call_off: list[int] = []
    for page in sorted(waiting, key=lambda one: (one.due, one.id)):
        if wanted_by_way.pop((page.person_id, page.channel, page.method_id), None) is None:
            call_off.append(page.id)
        else:
            release.append(page.id)
    return RaisePlan(tuple(release), tuple(call_off), tuple(wanted_by_way.values()))


def reaches_beyond_the_desk(pages: Iterable[PlannedPage]) -> bool:
    """Whether any of them is heard by somebody who isn't looking at the web pages."""
    return any(page.channel != DESK and page.state is not PageState.SKIPPED for page in pages)


def sign_in_mail(why_not: str) -> Method:
    """E-mail to the address a person signs in with; it counts as verified. `why_not` says why no mail can go out, if so."""
    return Method(None, EMAIL, why_not)
