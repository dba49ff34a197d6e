"""What a roster.toml asks for, checked and put into plain facts. Pure; whether a thing stands already is ``plan``'s question.

Every value that can't be used is a ``Problem`` at its path in the file, such as ``service[3].tier``.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from msgspec import UnsetType

from watchbill.base.problem import invalid
from watchbill.engines.calendar.rotation import Rotation
from watchbill.engines.calendar.shifts import Layer
from watchbill.engines.calendar.windows import read_clock, read_days, write_clock, write_days
from watchbill.roster import limits, rules
from watchbill.roster.as_code import values
from watchbill.roster.as_code.document import (
    CompanyPart,
    LayerPart,
    OverridePart,
    PersonPart,
    PolicyPart,
    RepoPart,
    RosterFile,
    RulePart,
    SchedulePart,
    ServicePart,
    TeamPart,
)
from watchbill.roster.as_code.plan import Change, Facts, Fields, Value, Wanted
from watchbill.roster.ownership import check_codeowners, check_glob

T = TypeVar("T")

NEW: Mapping[str, Fields] = {
    "person": {"name": "", "role": "engineer", "zone": "UTC", "handle": "", "catalog_names": (), "active": True},
    "policy": {"name": "", "repeat": 0},
    "team": {
        "name": "",
        "zone": "UTC",
        "members": (),
        "policy": "",
        "workdays": "1-5",
        "opens": "09:00",
        "closes": "17:00",
        "holidays": (),
        "handles": (),
        "catalog_names": (),
    },
    "repo": {"codeowners": ""},
    "schedule": {"name": "", "team": "", "zone": "UTC"},
    "layer": {},
    "override": {},
    "step": {},
    "service": {
        "name": "",
        "team": "",
        "tier": 0,
        "exposure": "",
        "data_class": "",
        "policy": "",
        "repos": (),
        "purls": (),
        "hosts": (),
        "description": "",
        "set_by": "",
        "set_on": "",
    },
    "rule": {},
    "company": {"name": "", "security_team": "", "security_schedule": ""},
}
"""What a thing that isn't there yet begins with; a file's own fields go over it."""

NEEDED = {"person": ("name",), "schedule": ("team",), "service": ("team",), "company": ("security_team",)}
"""What a file must say of a thing that isn't there yet."""


def wanted_of(file: RosterFile, zones: Mapping[str, str]) -> Wanted:
    """The file's wishes as facts. ``zones`` maps the schedules that stand already to their zones, for local times of overrides."""
    found = _Found()
    for number, person in enumerate(file.person):
        found.put("person", rules.check_email(person.email, f"person[{number}].email"), _person(person, f"person[{number}]"))
    for number, policy in enumerate(file.policy):
        _policy(found, policy, f"policy[{number}]")
    for number, team in enumerate(file.team):
        found.put("team", rules.check_slug(team.slug, f"team[{number}].slug"), _team(team, f"team[{number}]"))
    for number, repo in enumerate(file.repo):
        found.put("repo", rules.check_repo(repo.name, f"repo[{number}].name"), _repo(repo, f"repo[{number}]"))
    for number, schedule in enumerate(file.schedule):
        _schedule(found, schedule, f"schedule[{number}]", zones)
    for number, service in enumerate(file.service):
        found.put("service", rules.check_slug(service.slug, f"service[{number}].slug"), _service(service, f"service[{number}]"))
    for number, rule in enumerate(file.rule):
        _rule(found, rule, f"rule[{number}]", number + 1)
    if not isinstance(file.company, UnsetType):
        found.put("company", "", _company(file.company))
    return Wanted(found.facts, NEW, found.places, frozenset(found.whole), file.prune)


def check_new(standing: Facts, wanted: Wanted) -> None:
    """Raise ``Problem`` when something that isn't there yet lacks what it needs, such as a service without a team."""
    for kind, names in NEEDED.items():
        for key, fields in wanted.facts.get(kind, {}).items():
            for name in names:
                if key not in standing.get(kind, {}) and not fields.get(name):
                    where = wanted.places[kind, key, ""]
                    raise invalid(f"{where}.{name}", f"A new {kind} needs a {name.replace('_', ' ')}.", f'Add {name} = "..." there.')


def check_hours(changes: Iterable[Change], wanted: Wanted) -> None:
    """Raise ``Problem`` when a team would close as it opens: such a team never works, and what waits for it would wait for ever."""
    for change in changes:
        if change.kind == "team" and change.sign != "-" and change.after["opens"] == change.after["closes"]:
            where = wanted.places["team", change.key, ""]
            raise invalid(f"{where}.closes", f"Team {change.key} would close as it opens.", "A whole day is 00:00 to 24:00.")


class _Found:
    """What has been read of the file so far: facts, the path of each, and the lists that are complete."""

    def __init__(self) -> None:
        self.facts: dict[str, dict[str, Fields]] = {}
        self.places: dict[tuple[str, str, str], str] = {}
        self.whole: set[tuple[str, str]] = set()

    def put(self, kind: str, key: str, at: "_Part") -> None:
        """Keep one thing. Raises ``Problem`` if the file has it twice."""
        if key in self.facts.setdefault(kind, {}):
            raise invalid(at.where, f"{kind} {key} is in the file twice.", "Keep one of them.")
        self.facts[kind][key] = at.fields
        self.places[kind, key, ""] = at.where
        for name in at.fields:
            self.places[kind, key, name] = f"{at.where}.{name}" if at.where else name


class _Part:
    """The fields of one thing, each checked at its own path."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.fields: dict[str, Value] = {}

    def put(self, name: str, value: T | UnsetType, check: Callable[[T, str], Value]) -> "_Part":
        """Check and keep a field, unless the file doesn't mention it. What the calendar can't lay out is a ``Problem`` at its path."""
        if not isinstance(value, UnsetType):
            self.fields[name] = values.told(lambda: check(value, f"{self.where}.{name}"), f"{self.where}.{name}")
        return self


def _person(part: PersonPart, where: str) -> _Part:
    at = _Part(where).put("name", part.name, values.name).put("role", part.role, rules.check_role).put("zone", part.zone, values.zone)
    at.put("handle", part.handle, values.text).put("catalog_names", part.catalog_names, values.user_references)
    return at.put("active", part.active, lambda value, _: value)


def _team(part: TeamPart, where: str) -> _Part:
    at = _Part(where).put("name", part.name, values.name).put("zone", part.zone, values.zone)
    at.put("members", part.members, lambda value, place: values.once(values.emails(value, place))).put("policy", part.policy, values.text)
    at.put("workdays", part.workdays, lambda value, place: write_days(read_days(value, place)))
    at.put("opens", part.opens, lambda value, place: write_clock(read_clock(value, place)))
    at.put("closes", part.closes, lambda value, place: write_clock(read_clock(value, place)))
    at.put("holidays", part.holidays, lambda value, place: tuple(sorted(values.listed(value, place, lambda day, _: day.isoformat()))))
    return at.put("handles", part.handles, values.texts).put("catalog_names", part.catalog_names, values.group_references)


def _policy(found: _Found, part: PolicyPart, where: str) -> None:
    slug = rules.check_slug(part.slug, f"{where}.slug")
    found.put("policy", slug, _Part(where).put("name", part.name, values.name).put("repeat", part.repeat, values.repeats))
    if isinstance(part.step, UnsetType):
        return
    found.whole.add(("step", slug))
    if len(part.step) > limits.STEPS:
        raise invalid(f"{where}.step", f"{len(part.step)} steps are too many.", f"At most {limits.STEPS} fit.")
    for number, step in enumerate(part.step):
        at = _Part(f"{where}.step[{number}]")
        at.put("notify", step.notify, values.targets).put("wait", step.wait, values.read_wait)
        found.put("step", f"{slug}/{number + 1}", at)


def _repo(part: RepoPart, where: str) -> _Part:
    return _Part(where).put("codeowners", part.codeowners, check_codeowners)


def _schedule(found: _Found, part: SchedulePart, where: str, zones: Mapping[str, str]) -> None:
    slug = rules.check_slug(part.slug, f"{where}.slug")
    at = _Part(where).put("name", part.name, values.name).put("team", part.team, values.text).put("zone", part.zone, values.zone)
    found.put("schedule", slug, at)
    zone = zones.get(slug, "UTC") if isinstance(part.zone, UnsetType) else part.zone
    if not isinstance(part.layer, UnsetType):
        found.whole.add(("layer", slug))
        for number, layer in enumerate(part.layer):
            place = f"{where}.layer[{number}]"
            found.put("layer", f"{slug}/{values.text(layer.name, f'{place}.name')}", _layer(layer, place, number, zone))
    if not isinstance(part.override, UnsetType):
        for number, override in enumerate(part.override):
            stand_in = _override(override, f"{where}.override[{number}]", zone)
            found.put("override", values.override_key(slug, stand_in.fields), stand_in)


def _layer(part: LayerPart, where: str, number: int, schedule_zone: str) -> _Part:
    at = _Part(where).put("people", part.people, values.emails)
    at.put("every", part.every, lambda value, place: " ".join(map(str, values.read_every(value, place))))
    at.put("starts", part.starts, values.local_time).put("only", part.only, values.windows)
    at.put("zone", part.zone, lambda value, place: values.zone(value, place) if value else "")
    at.fields["position"] = number
    values.told(lambda: _laid_out(part, at, schedule_zone), where)
    return at


def _laid_out(part: LayerPart, at: _Part, schedule_zone: str) -> Layer:
    """The layer as the calendar engine takes it, so that what it would refuse later is told now, with its place."""
    every, unit = values.read_every(part.every, at.where)
    return Layer(part.name, Rotation(tuple(part.people), part.starts, part.zone or schedule_zone, every, unit))  # type: ignore[arg-type]  # checked there


def _override(part: OverridePart, where: str, zone: str) -> _Part:
    start, end = values.instant(part.start, zone, f"{where}.start"), values.instant(part.end, zone, f"{where}.end")
    rules.check_span(start, end, f"{where}.end")
    at = _Part(where).put("person", part.person, rules.check_email).put("reason", part.reason, values.long_text)
    at.fields["start"], at.fields["end"] = values.instant_text(start), values.instant_text(end)
    return at


def _service(part: ServicePart, where: str) -> _Part:
    at = _Part(where).put("name", part.name, values.name).put("team", part.team, values.text).put("tier", part.tier, rules.check_tier)
    at.put("exposure", part.exposure, rules.check_exposure).put("data_class", part.data_class, values.text)
    at.put("policy", part.policy, values.text)
    at.put("repos", part.repos, lambda value, place: tuple(sorted(set(values.listed(value, place, rules.check_repo)))))
    at.put("purls", part.purls, values.texts).put("hosts", part.hosts, values.texts).put("description", part.description, values.long_text)
    at.put("set_by", part.set_by, lambda value, place: rules.check_email(value, place) if value else "")
    return at.put("set_on", part.set_on, lambda value, _: value.isoformat())


def _rule(found: _Found, part: RulePart, where: str, number: int) -> None:
    at = _Part(where).put("team", part.team, values.text).put("note", part.note, values.long_text)
    at.put("service", part.service, check_glob).put("repo", part.repo, check_glob).put("path", part.path, check_glob)
    if not (part.service or part.repo or part.path):
        raise invalid(where, "This rule says a team but not what it owns.", "Give it a service, a repo or a path.")
    at.fields["position"] = number
    found.put("rule", values.rule_key(at.fields), at)


def _company(part: CompanyPart) -> _Part:
    at = _Part("company").put("name", part.name, values.name).put("security_team", part.security_team, values.text)
    return at.put("security_schedule", part.security_schedule, values.text)
