"""Asks the roster whom a step's targets mean at an instant, and says in sentences whom it found and whom it didn't. It pages nobody."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from watchbill.base.problem import Problem
from watchbill.paging.rules import sentences
from watchbill.paging.rules.words import LogKind
from watchbill.roster import queries as roster
from watchbill.roster.queries import PersonInfo


@dataclass
class Reached:
    """The people to page, each once, with the sentence that says why them; and the lines for the log."""

    people: dict[int, PersonInfo] = field(default_factory=dict)
    why_you: dict[int, str] = field(default_factory=dict)
    lines: list[tuple[LogKind, str]] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)

    def names(self) -> list[str]:
        """The people's names, in the order they were found."""
        return [person.name for person in self.people.values()]

    def take(self, people: Iterable[PersonInfo], why_you: str) -> None:
        """Add people found by one target; who has left is noted instead."""
        for person in people:
            if not person.active:
                self.lines.append((LogKind.SKIPPED, sentences.inactive(person.name)))
            elif person.id not in self.people:
                self.people[person.id] = person
                self.why_you[person.id] = why_you


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
        reached.take(
            (person for person in roster.people() if person.role in ("security", "admin")), "everybody who can act on it is paged."
        )
    return reached


def _merge(into: Reached, other: Reached) -> None:
    into.lines += other.lines
    into.gaps += other.gaps
    for person in other.people.values():
        into.take((person,), other.why_you[person.id])


def _schedule(reached: Reached, slug: str, at: datetime, zone: str, today: datetime) -> None:
    schedule = roster.schedule(slug)
    moment = sentences.clock_time(at, zone, today)
    people = roster.on_call(slug, at)
    if not people:
        following = roster.next_on_call(slug, at)
        person = following.person.name if following and following.person else ""
        starts = sentences.clock_time(following.start, zone, today) if following else ""
        reached.lines.append((LogKind.GAP, sentences.nobody_on_watch(schedule.name, moment, sentences.next_watch_text(person, starts))))
        reached.gaps.append(slug)
        return
    text = sentences.on_watch(schedule.name, [person.name for person in people], moment)
    reached.lines.append((LogKind.TARGET, text))
    reached.take(people, text)


def _team(reached: Reached, slug: str, at: datetime, zone: str, today: datetime) -> None:
    team = roster.team(slug)
    text = f"The whole team {team.name} is paged."
    reached.lines.append((LogKind.TARGET, text if team.members else f"Team {team.name} has no members."))
    reached.take(team.members, text)


def _person(reached: Reached, email: str, at: datetime, zone: str, today: datetime) -> None:
    person = roster.person(email)
    text = f"The policy names {person.name}."
    reached.lines.append((LogKind.TARGET, text))
    reached.take((person,), text)


_RESOLVERS = {"schedule": _schedule, "team": _team, "person": _person}
