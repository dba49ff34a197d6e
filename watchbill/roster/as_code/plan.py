"""Comparing two rosters: what stands and what is wanted, both as plain facts. The answer is a list of changes, and the lines that say so.

A fact is kind -> key -> field -> value. Pure; it knows of the kinds only their order and what refers to what.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from watchbill.base.problem import Problem, invalid

Value = str | int | bool | tuple[str, ...]
Fields = Mapping[str, Value]
Facts = Mapping[str, Mapping[str, Fields]]

KINDS = ("person", "policy", "team", "repo", "schedule", "layer", "override", "step", "service", "rule", "company")
"""In the order in which things can be made; they are removed in the opposite order."""

CHILDREN = {"layer": "schedule", "override": "schedule", "step": "policy"}
"""Kinds whose key begins with the key of the thing that they are a part of, and a slash."""

REFERS: Mapping[str, Mapping[str, str]] = {
    "team": {"members": "person", "policy": "policy"},
    "schedule": {"team": "team"},
    "layer": {"people": "person"},
    "override": {"person": "person"},
    "service": {"team": "team", "policy": "policy", "repos": "repo"},
    "rule": {"team": "team"},
    "company": {"security_team": "team", "security_schedule": "schedule"},
    "step": {"notify": "*"},
}
"""Which fields name other things, and of which kind; ``*``: each value says its kind ("team:berths")."""

WORDED = {"codeowners"}
"""Fields too long to show: a diff tells only how many lines they have."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a file asks for. ``facts`` holds only the fields it mentions; ``new`` the fields of a thing that isn't there yet.

    ``places`` maps (kind, key, field) to the path in the file, for problems. ``whole`` names (child kind, parent key) whose children
    the file lists completely.
    """

    facts: Facts
    new: Mapping[str, Fields]
    places: Mapping[tuple[str, str, str], str]
    whole: frozenset[tuple[str, str]]
    prune: bool


@dataclass(frozen=True, slots=True)
class Change:
    """One thing to add, change or remove: as it was (``before``), as it will be (``after``), and what the file says of it (``asked``)."""

    sign: str
    kind: str
    key: str
    before: Fields = field(default_factory=dict)
    after: Fields = field(default_factory=dict)
    asked: Fields = field(default_factory=dict)

    @property
    def changed(self) -> tuple[str, ...]:
        """The names of fields that differ."""
        return tuple(name for name in self.after if self.before.get(name) != self.after[name])

    def lines(self) -> Iterator[str]:
        """The change in words, one line a field."""
        subject = f"{self.sign} {self.kind} {self.key}".rstrip()
        if self.sign != "~":
            yield subject
            return
        for name in self.changed:
            yield f"{subject} {name} {shown(name, self.before.get(name))} -> {shown(name, self.after[name])}"


def shown(name: str, value: Value | None) -> str:
    """A value in a diff line."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(value) or "none"
    if name in WORDED and isinstance(value, str) and value:
        return f"{len(value.splitlines())} lines"
    return str(value) if value not in ("", None) else "none"


def plan(standing: Facts, wanted: Wanted) -> tuple[Change, ...]:
    """The changes that make ``standing`` what is wanted, in the order in which they can be made.

    Raises ``Problem`` when something wanted, or left standing, would refer to what isn't there. Applying them and planning again
    gives none.
    """
    changes = [*_additions(standing, wanted), *_removals(standing, wanted)]
    _check_references(_after(standing, changes), wanted.places)
    return tuple(changes)


def _additions(standing: Facts, wanted: Wanted) -> Iterator[Change]:
    for kind in KINDS:
        before = standing.get(kind, {})
        for key, fields in wanted.facts.get(kind, {}).items():
            if key not in before:
                yield Change("+", kind, key, {}, {**wanted.new[kind], **fields}, fields)
            elif any(before[key].get(name) != value for name, value in fields.items()):
                yield Change("~", kind, key, before[key], {**before[key], **fields}, fields)


def _removals(standing: Facts, wanted: Wanted) -> Iterator[Change]:
    gone: set[tuple[str, str]] = set()
    for kind in KINDS:
        mentioned = wanted.facts.get(kind, {})
        for key, fields in standing.get(kind, {}).items():
            parent = (CHILDREN[kind], key.partition("/")[0]) if kind in CHILDREN else ("", "")
            listed = (kind, parent[1]) in wanted.whole
            if key not in mentioned and (parent in gone or listed or (wanted.prune and _prunable(kind, fields))):
                gone.add((kind, key))
    for kind in reversed(KINDS):
        yield from (Change("-", kind, key, fields) for key, fields in standing.get(kind, {}).items() if (kind, key) in gone)


def _prunable(kind: str, fields: Fields) -> bool:
    """Whether ``prune`` takes it: not the company, who is deactivated already, an override that is over (it is history), or a lone part."""
    kept = (kind == "person" and fields.get("active") is False) or (kind == "override" and fields.get("over") is True)
    return kind not in ("company", "layer", "step") and not kept


def _after(standing: Facts, changes: Iterable[Change]) -> Facts:
    settled = {kind: dict(standing.get(kind, {})) for kind in KINDS}
    for change in changes:
        if change.sign != "-":
            settled[change.kind][change.key] = change.after
        elif change.kind != "person":
            settled[change.kind].pop(change.key)
    return settled


def _check_references(settled: Facts, places: Mapping[tuple[str, str, str], str]) -> None:
    for kind, fields in REFERS.items():
        for key, thing in settled[kind].items():
            for name, target in fields.items():
                for value in _names(thing.get(name)):
                    _check_one(settled, (kind, key, name), target, value, places)


def _check_one(settled: Facts, source: tuple[str, str, str], target: str, value: str, places: Mapping[tuple[str, str, str], str]) -> None:
    wanted_kind, wanted_key = value.split(":", 1) if target == "*" else (target, value)
    if wanted_key in settled.get(wanted_kind, {}):
        return
    place = places.get(source)
    if place:
        known = ", ".join(sorted(settled.get(wanted_kind, {}))[:8]) or "none"
        raise invalid(place, f"There is no {wanted_kind} {wanted_key!r} (for {source[0]} {source[1]}).", f"Add it, or use one of: {known}.")
    raise Problem(
        "still_needed",
        "Something left standing needs what this would remove",
        f"{source[0]} {source[1]} refers to {wanted_kind} {wanted_key} ({source[2]}).",
        field=f"{source[0]} {source[1]}",
        remedy="Mention it in the file with another value, or keep what it refers to.",
        status=409,
    )


def _names(value: Value | None) -> tuple[str, ...]:
    if isinstance(value, tuple):
        return value
    return (value,) if isinstance(value, str) and value else ()
