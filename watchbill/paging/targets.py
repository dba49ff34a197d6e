"""Asks the roster whom a step's targets mean at an instant, and says in sentences whom it found and whom it didn't. It pages nobody."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from watchbill.base.acting import SYSTEM, Actor
from watchbill.base.problem import Problem
from watchbill.paging.rules import sentences
from watchbill.paging.rules.words import LogKind
from watchbill.roster import queries as roster
from watchbill.roster.queries import PersonInfo


@dataclass
class Reached:
    """The people to page, each once, with the sentence that says why them; and the lines for the log. `by_way_of` says what named them
    ("the security watch"), `nobody` which watch nobody has, and until when.
    """

    people: dict[int, PersonInfo] = field(default_factory=dict)
    why_you: dict[int, str] = field(default_factory=dict)
    by_way_of: dict[int, str] = field(default_factory=dict)
    nobody: list[str] = field(default_factory=list)
    lines: list[tuple[LogKind, str]] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)

    def names(self) -> list[str]:
        """The people's names, in the order they were found."""
        return [person.name for person in self.people.values()]

    def because(self, causes: Sequence[str]) -> "Reached":
        """The same, each person's sentence saying why it came to them rather than to those before: nobody on watch, nobody answered."""
        if not causes:
            return self
        why = {one: sentences.goes_to(causes, self.by_way_of[one], person.name) for one, person in self.people.items()}
        return replace(self, why_you=why)

    def take(self, people: Iterable[PersonInfo], why_you: str, by_way_of: str) -> None:
        """Add people found by one target; who has left is noted instead."""
        for person in people:
            if not person.active:
                self.lines.append((LogKind.SKIPPED, sentences.inactive(person.name)))
            elif person.id not in self.people:
                self.people[person.id] = person
                self.why_you[person.id] = why_you
                self.by_way_of[person.id] = by_way_of


class Asked:
    """The roster's answers within one unit of work, each asked for once: a storm of alerts of one policy costs one look at its schedules.

    Never kept longer: the next unit may stand on another roster.
    """

    def __init__(self) -> None:
        self._answers: dict[tuple[tuple[str, ...], datetime, str, datetime], Reached] = {}

    def resolve(self, targets: tuple[str, ...], at: datetime, zone: str, today: datetime) -> Reached:
        """As `resolve`."""
        return self._once((targets, at, zone, today), lambda: resolve(targets, at, zone, today))

    def security_watch(self, at: datetime, zone: str, today: datetime) -> Reached:
        """As `security_watch`."""
        return self._once(((), at, zone, today), lambda: security_watch(at, zone, today))

    def _once(self, question: tuple[tuple[str, ...], datetime, str, datetime], ask: Callable[[], Reached]) -> Reached:
        if question not in self._answers:
            self._answers[question] = ask()
        return self._answers[question]


def resolve(targets: Iterable[str], at: datetime, zone: str, today: datetime) -> Reached:
    """Whom the targets mean at `at`. Times in the sentences stand in `zone`, with their day when it isn't `today`'s."""
    reached = Reached()
    for target in targets:
        kind, _, name = target.partition(":")
        try:
            _RESOLVERS[kind](reached, name, at, zone, today)
        except (Problem, KeyError):
            reached.lines.append((LogKind.GAP, sentences.no_such(kind, name)))
    return reached


def security_watch(at: datetime, zone: str, today: datetime) -> Reached:
    """Who stands for security at `at`: the watch, else the whole team, else every security engineer and administrator (law 4: never
    nobody)."""
    reached = resolve((f"schedule:{roster.security_schedule()}",), at, zone, today)
    if not reached.people:
        _merge(reached, resolve((f"team:{roster.security_team()}",), at, zone, today))
    if not reached.people:
        everybody = (person for person in roster.people() if person.role in ("security", "admin"))
        reached.take(everybody, "Everybody who can act on it is paged.", "everybody who can act on it")
    return reached


def name_of(by: Actor) -> str:
    """Who it is, as a sentence says it: a person's name for their address; the product's own name for the product."""
    if by.kind == "system":
        return "Watchbill" if by.name == SYSTEM.name else f"the {by.name}"
    try:
        return roster.person(by.name).name
    except Problem:
        return by.name


def _merge(into: Reached, other: Reached) -> None:
    into.lines += other.lines
    into.gaps += other.gaps
    into.nobody += other.nobody
    for person in other.people.values():
        into.take((person,), other.why_you[person.id], other.by_way_of[person.id])


def _schedule(reached: Reached, slug: str, at: datetime, zone: str, today: datetime) -> None:
    schedule = roster.schedule(slug)
    moment = sentences.clock_time(at, zone, today)
    people = roster.on_call(slug, at)
    if not people:
        following = roster.next_on_call(slug, at)
        person = following.person.name if following and following.person else ""
        starts = sentences.clock_time(following.start, zone, today) if following else ""
        reached.lines.append((LogKind.GAP, sentences.nobody_on_watch(schedule.name, moment, person, starts)))
        reached.gaps.append(slug)
        reached.nobody.append(sentences.nobody_until(schedule.name, starts))
        return
    text = sentences.on_watch(schedule.name, [person.name for person in people], moment)
    reached.lines.append((LogKind.TARGET, text))
    reached.take(people, text, sentences.the_watch(schedule.name, is_security=slug == roster.security_schedule()))


def _team(reached: Reached, slug: str, at: datetime, zone: str, today: datetime) -> None:
    team = roster.team(slug)
    text = f"The whole team {team.name} is paged."
    reached.lines.append((LogKind.TARGET, text if team.members else f"Team {team.name} has no members."))
    reached.take(team.members, text, f"the whole team {team.name}")


def _person(reached: Reached, email: str, at: datetime, zone: str, today: datetime) -> None:
    person = roster.person(email)
    text = f"The policy names {person.name}."
    reached.lines.append((LogKind.TARGET, text))
    reached.take((person,), text, "whom the policy names next")


_RESOLVERS = {"schedule": _schedule, "team": _team, "person": _person}
