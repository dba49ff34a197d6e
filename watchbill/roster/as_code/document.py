"""The shape of a roster.toml, and reading one: bytes to structs, or a ``Problem`` that names the place and the nearest known word.

It checks form only (``desired`` checks sense). Nothing here touches the database.
"""

import difflib
import re
import tomllib
from datetime import date, datetime
from typing import get_args, get_type_hints

import msgspec
from msgspec import UNSET, Struct, UnsetType

from watchbill.base.problem import Problem, invalid
from watchbill.roster import limits

Text = str | UnsetType
Names = list[str] | UnsetType


class CompanyPart(Struct, forbid_unknown_fields=True):
    name: Text = UNSET
    security_team: Text = UNSET
    security_schedule: Text = UNSET


class PersonPart(Struct, forbid_unknown_fields=True):
    email: str
    name: Text = UNSET
    role: Text = UNSET
    zone: Text = UNSET
    handle: Text = UNSET
    catalog_names: Names = UNSET
    active: bool = True


class TeamPart(Struct, forbid_unknown_fields=True):
    slug: str
    name: Text = UNSET
    zone: Text = UNSET
    members: Names = UNSET
    policy: Text = UNSET
    workdays: Text = UNSET
    opens: Text = UNSET
    closes: Text = UNSET
    holidays: list[date] | UnsetType = UNSET
    handles: Names = UNSET
    catalog_names: Names = UNSET


class StepPart(Struct, forbid_unknown_fields=True):
    notify: list[str]
    wait: str = "10m"


class PolicyPart(Struct, forbid_unknown_fields=True):
    slug: str
    name: Text = UNSET
    repeat: int | UnsetType = UNSET
    step: list[StepPart] | UnsetType = UNSET


class RepoPart(Struct, forbid_unknown_fields=True):
    name: str
    codeowners: Text = UNSET


class LayerPart(Struct, forbid_unknown_fields=True):
    name: str
    people: list[str]
    every: str
    starts: datetime
    only: list[str] = []
    zone: str = ""


class OverridePart(Struct, forbid_unknown_fields=True):
    person: str
    start: datetime
    end: datetime
    reason: str = ""


class SchedulePart(Struct, forbid_unknown_fields=True):
    slug: str
    name: Text = UNSET
    team: Text = UNSET
    zone: Text = UNSET
    layer: list[LayerPart] | UnsetType = UNSET
    override: list[OverridePart] | UnsetType = UNSET


class ServicePart(Struct, forbid_unknown_fields=True):
    slug: str
    name: Text = UNSET
    team: Text = UNSET
    tier: int | UnsetType = UNSET
    exposure: Text = UNSET
    data_class: Text = UNSET
    policy: Text = UNSET
    repos: Names = UNSET
    purls: Names = UNSET
    hosts: Names = UNSET
    description: Text = UNSET
    set_by: Text = UNSET
    set_on: date | UnsetType = UNSET


class RulePart(Struct, forbid_unknown_fields=True):
    team: str
    service: str = ""
    repo: str = ""
    path: str = ""
    note: str = ""


class RosterFile(Struct, forbid_unknown_fields=True):
    """A whole roster.toml. An absent key is ``UNSET`` and leaves what stands."""

    prune: bool = False
    company: CompanyPart | UnsetType = UNSET
    person: list[PersonPart] = []
    team: list[TeamPart] = []
    policy: list[PolicyPart] = []
    repo: list[RepoPart] = []
    schedule: list[SchedulePart] = []
    service: list[ServicePart] = []
    rule: list[RulePart] = []


def read_roster(text: str, where: str = "roster.toml") -> RosterFile:
    """The file as structs. Raises ``Problem``, with the path as its ``field``, for no TOML, an unknown key or a value of the wrong kind."""
    if len(text.encode("utf-8", "surrogatepass")) > limits.ROSTER_BYTES:
        raise Problem("too_large", "The roster is too large", f"{where} has more than {limits.ROSTER_BYTES} bytes.", status=413)
    try:
        tree = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        told = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise invalid(where, f"This is no TOML: {told}.", "Mend that place in the file and apply it again.") from error
    try:
        return msgspec.convert(tree, RosterFile)
    except msgspec.ValidationError as error:
        raise _explained(str(error)) from error


_UNKNOWN = re.compile(r"Object contains unknown field `(?P<key>.*?)`(?: - at `\$(?P<path>.*)`)?\Z", re.DOTALL)
_PLACED = re.compile(r"(?P<told>.*?)(?: - at `\$(?P<path>.*)`)?\Z", re.DOTALL)
_STEP = re.compile(r"\.?([a-z_]+)|\[[0-9.]+\]")


def _explained(message: str) -> Problem:
    """msgspec's words as ours: the field path, and the nearest known key for an unknown one."""
    unknown = _UNKNOWN.match(message)
    if not unknown:
        placed = _PLACED.match(message)
        path = (placed["path"] or "").lstrip(".") if placed else ""
        told = placed["told"] if placed else message
        return invalid(path or "roster.toml", f"{told}.", "Mend that place in the file and apply it again.")
    parent = unknown["path"] or ""
    known = _keys_at(parent)
    near = difflib.get_close_matches(unknown["key"], known, n=1, cutoff=0.5)
    remedy = f"Did you mean {near[0]}?" if near else f"Known here: {', '.join(known)}."
    field = f"{parent}.{unknown['key'][:80]}".lstrip(".")
    return invalid(field, f"{unknown['key'][:80]!r} is not known here.", remedy)


def _keys_at(path: str) -> list[str]:
    """The keys of the struct at ``path`` (".service[3]")."""
    at: type[Struct] = RosterFile
    for step in _STEP.finditer(path):
        if step[1]:
            at = _struct_in(get_type_hints(at)[step[1]])
    return list(at.__struct_fields__)


def _struct_in(hint: object) -> type[Struct]:
    """The struct that a type holds: itself, in a list, or in a union."""
    if isinstance(hint, type) and issubclass(hint, Struct):
        return hint
    for part in get_args(hint):
        try:
            return _struct_in(part)
        except LookupError:
            continue
    raise LookupError(hint)
