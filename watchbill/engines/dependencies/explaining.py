"""Why an advisory does or does not affect a version, step by step and in words; pure, and it decides nothing itself.

Each answer is asked of `matching`, by the same functions as a match, in the same order; this module only puts them into sentences. What
could not be answered is a step of its own.
"""

from dataclasses import dataclass
from typing import Literal

from watchbill.engines.dependencies.advisory import Advisory, Affected, Event, Range
from watchbill.engines.dependencies.matching import (
    Place,
    State,
    Verdict,
    canonical_version,
    edges_of,
    holds_every_version,
    is_inside,
    judge_installed,
    place_of,
    place_of_installed,
    release_untold,
    spans_of,
    speaks_of,
)
from watchbill.engines.dependencies.packages import visible
from watchbill.engines.dependencies.versions import normalise_name

StepKind = Literal["advisory", "name", "entry", "release", "version", "listed", "range", "event", "inside", "entry_verdict", "verdict"]
Answer = Literal["yes", "no", "unknown", ""]

MOST_EVENTS = 100
"""Edges of one range that are told one by one; longer ranges say how many more there are."""

_COMPARED = {-1: "older than", 0: "the same as", 1: "newer than"}
_EFFECT = {
    ("introduced", -1): "not yet affected by this edge",
    ("introduced", 0): "affected from here on",
    ("introduced", 1): "affected from here on",
    ("fixed", -1): "before the fix",
    ("fixed", 0): "fixed from here on",
    ("fixed", 1): "fixed from here on",
    ("last_affected", -1): "not past the last affected version",
    ("last_affected", 0): "the last affected version itself",
    ("last_affected", 1): "past the last affected version",
    ("limit", -1): "within the limit",
    ("limit", 0): "at the limit, from which on the range says nothing",
    ("limit", 1): "past the limit, from which on the range says nothing",
}


@dataclass(frozen=True, slots=True)
class Step:
    """One question on the way and its answer. `text` is a sentence for people, `entry` the number of the advisory's entry that it is
    about, 0 for the whole advisory. `answer` is empty for what is only told."""

    kind: StepKind
    text: str
    answer: Answer = ""
    entry: int = 0


@dataclass(frozen=True, slots=True)
class Explanation:
    """All steps for one advisory, package and version. `state`, `reason` and `fixed` are those that a match comes to; `named` is whether
    the advisory names the package at all."""

    advisory_id: str
    ecosystem: str
    package: str
    version: str
    named: bool
    state: State
    reason: str
    fixed: tuple[str, ...]
    steps: tuple[Step, ...]


def explain(advisory: Advisory, ecosystem: str, package: str, version: str) -> Explanation:
    """Tell how `advisory` comes to its verdict on `package` at `version` (empty: not pinned). Raises nothing.

    As the store's match does it: a withdrawn advisory affects nothing; several entries of one package join to the worst answer.
    """
    name = normalise_name(ecosystem, package)
    steps = [_about(advisory), _about_name(ecosystem, package, name)]
    verdicts: list[Verdict] = []
    for number, item in enumerate(advisory.affected, 1):
        if not item.package or normalise_name(item.ecosystem, item.package) != name or not speaks_of(item.ecosystem, ecosystem):
            continue
        found = _judge_entry(ecosystem, version, item, number)
        verdicts.append(found[0])
        steps.extend(found[1])
    if not verdicts:
        steps.append(_not_named(advisory))
    verdict = Verdict("not_affected", "withdrawn") if advisory.withdrawn and verdicts else worst(verdicts)
    steps.append(Step("verdict", _conclusion(verdict, bool(verdicts)), _answer(verdict.state)))
    return Explanation(advisory.id, ecosystem, name, version, bool(verdicts), verdict.state, verdict.reason, verdict.fixed, tuple(steps))


def ecosystems_naming(advisory: Advisory, package: str) -> tuple[str, ...]:
    """The ecosystems in which an advisory names a package, in its order: what to ask about where none is given."""
    named = (item.ecosystem for item in advisory.affected if item.package)
    return tuple(dict.fromkeys(one for one in named if _names(advisory, one, package)))


def worst(verdicts: list[Verdict]) -> Verdict:
    """The one that counts of several entries: the first that affects, else the first unknown, else not affected."""
    for state in ("affected", "unknown"):
        for verdict in verdicts:
            if verdict.state == state:
                return verdict
    return Verdict("not_affected")


def _names(advisory: Advisory, ecosystem: str, package: str) -> bool:
    name = normalise_name(ecosystem, package)
    return any(item.ecosystem == ecosystem and normalise_name(item.ecosystem, item.package) == name for item in advisory.affected)


def _about(advisory: Advisory) -> Step:
    also = f", also called {', '.join(advisory.aliases)}" if advisory.aliases else ""
    if advisory.withdrawn:
        text = f"{advisory.id}{also} was withdrawn on {advisory.withdrawn[:10]}: it affects nothing any more."
        return Step("advisory", visible(text), "no")
    return Step("advisory", visible(f"{advisory.id}{also} was not withdrawn."), "yes")


def _about_name(ecosystem: str, package: str, name: str) -> Step:
    if name == package:
        return Step("name", visible(f"In {ecosystem or 'no known ecosystem'} the package's name is {name}, as written."))
    return Step("name", visible(f"In {ecosystem} {package} is the same name as {name}, which is looked for."))


def _not_named(advisory: Advisory) -> Step:
    named = dict.fromkeys(f"{item.package} ({item.ecosystem})" for item in advisory.affected if item.package)
    listed = ", ".join(list(named)[:5]) + (f" and {len(named) - 5} more" if len(named) > 5 else "")
    return Step("entry", visible(f"No entry of it names this package; it is about {listed or 'commits only'}."), "no")


def _count(number: int, one: str) -> str:
    """'1 range', '2 ranges', 'no range'."""
    return f"no {one}" if number == 0 else f"{number} {one}{'s' if number > 1 else ''}"


def _judge_entry(ecosystem: str, version: str, item: Affected, number: int) -> tuple[Verdict, list[Step]]:
    """The verdict of one entry and the steps to it, in the order in which `matching.judge` asks."""
    listed = frozenset(canonical_version(item.ecosystem, one) for one in item.versions)
    verdict = judge_installed(ecosystem, version, listed, item)
    spans = spans_of(item)
    commits = len(item.ranges) - len(spans)
    held = f"{_count(len(item.versions), 'listed version')}, {_count(len(spans), 'range')} of versions"
    left_out = f"; {_count(commits, 'range')} of commits, not looked at" if commits else ""
    steps = [Step("entry", visible(f"Entry {number} names it, as {item.package} in {item.ecosystem}: {held}{left_out}."), "yes", number)]
    if release_untold(ecosystem, item.ecosystem):
        text = f"The entry is about {item.ecosystem}; which release of {ecosystem} the package is of isn't told."
        steps.append(Step("release", visible(text), "unknown", number))
    here = place_of_installed(item.ecosystem, version) if version else None
    steps.append(_about_version(item.ecosystem, version, here, number))
    if listed and version:
        steps.append(_about_list(version, item, listed, number))
    for place, span in enumerate(spans, 1):
        steps.extend(_about_range(version, here, span, item.ecosystem, (number, place)))
    steps.append(Step("entry_verdict", visible(f"So entry {number} says: {_in_words(verdict)}."), _answer(verdict.state), number))
    return verdict, steps


def _about_version(ecosystem: str, version: str, here: Place | None, number: int) -> Step:
    if not version:
        return Step("version", "No version is pinned, so only an entry that holds every version can be answered.", "unknown", number)
    if here is None:
        text = f"Version {version[:80]} can't be ordered among the versions of {ecosystem}: only the list can name it."
        return Step("version", visible(text), "unknown", number)
    plain = canonical_version(ecosystem, version)
    alike = f", written {plain} to be looked up" if plain != version else ""
    return Step("version", visible(f"Version {version} has a place among the versions of {ecosystem}{alike}."), "yes", number)


def _about_list(version: str, item: Affected, listed: frozenset[str], number: int) -> Step:
    if version in listed or canonical_version(item.ecosystem, version) in listed:
        return Step("listed", visible(f"Version {version[:80]} is in the list: affected, whatever the ranges say."), "yes", number)
    return Step("listed", visible(f"Version {version[:80]} is not in the list."), "no", number)


def _about_range(version: str, here: Place | None, span: Range, ecosystem: str, where: tuple[int, int]) -> list[Step]:
    number, place = where
    if holds_every_version(span):
        return [Step("range", f"Range {place} begins before every version and has no end: every version is in it.", "yes", number)]
    shown = [_about_event(version, here, event, ecosystem, number) for event in _ordered(ecosystem, span)[:MOST_EVENTS]]
    more = f" (the first {MOST_EVENTS} are told)" if len(span.events) > MOST_EVENTS else ""
    edges = _count(len(span.events), "edge")
    steps = [
        Step("range", f"Range {place} has {edges}, taken in order of their versions{more}.", "", number),
        *shown,
    ]
    if here is None:
        return [*steps, Step("inside", f"Whether the version is in range {place} can't be said.", "unknown", number)]
    inside = is_inside(ecosystem, here, span)
    if inside is None:
        return [*steps, Step("inside", f"Range {place} has an edge that can't be ordered, so it settles nothing.", "unknown", number)]
    text = f"Version {version} is {'inside' if inside else 'outside'} range {place}."
    return [*steps, Step("inside", visible(text), "yes" if inside else "no", number)]


def _ordered(ecosystem: str, span: Range) -> list[Event]:
    """The events as they are walked; as written where they can't be ordered. The open limit comes last."""
    edges = edges_of(ecosystem, span)
    if edges is None:
        return list(span.events)
    return [event for _, _, event in edges] + [event for event in span.events if event.kind == "limit" and event.version == "*"]


def _about_event(version: str, here: Place | None, event: Event, ecosystem: str, number: int) -> Step:
    what = f"{event.kind.replace('_', ' ')} {event.version[:80]}"
    if event.kind == "limit" and event.version == "*":
        return Step("event", "limit *: the range has no limit.", "", number)
    there = place_of(ecosystem, event.version)
    if there is None:
        return Step("event", visible(f"{what}: this edge can't be ordered among the versions of {ecosystem}."), "unknown", number)
    if here is None:
        return Step("event", visible(f"{what}: not compared."), "unknown", number)
    order = int(here > there) - int(here < there)
    told = "every version" if event.version == "0" else f"{version} is {_COMPARED[order]} {event.version[:80]}"
    return Step("event", visible(f"{what}: {told}, {_EFFECT[event.kind, order]}."), "", number)


def _in_words(verdict: Verdict) -> str:
    if verdict.state == "affected":
        return "affected, " + ("because it is listed" if verdict.reason == "listed" else "because it is in a range")
    if verdict.state == "unknown":
        return f"unknown, because {verdict.reason}"
    return "not affected"


def _conclusion(verdict: Verdict, named: bool) -> str:
    if not named:
        return "Not affected: the advisory doesn't name this package."
    if verdict.reason == "withdrawn":
        return "Not affected: the advisory was withdrawn."
    if verdict.state == "affected":
        fixes = f" Fixed in {', '.join(verdict.fixed[:5])}." if verdict.fixed else " No newer fixed version is named."
        return visible(f"Affected: {'listed' if verdict.reason == 'listed' else 'in a range'}.{fixes}")
    if verdict.state == "unknown":
        return visible(f"Unknown, which never counts as clean: {verdict.reason}.")
    return "Not affected: the version is neither listed nor in a range."


def _answer(state: State) -> Answer:
    answers: dict[State, Answer] = {"affected": "yes", "not_affected": "no", "unknown": "unknown"}
    return answers[state]
