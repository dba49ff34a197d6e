"""What the roster tells other rooms: plain frozen values, with no database behind them. They decide nothing."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

Role = Literal["admin", "security", "engineer", "viewer"]
Exposure = Literal["small", "controlled", "open", ""]
Origin = Literal["rule", "catalog", "codeowners", "service", "sbom", "committers", "fallback"]


@dataclass(frozen=True, slots=True)
class PersonInfo:
    """Somebody who can sign in. ``email`` is lower case and the person's name in every other place; ``zone`` an IANA name."""

    id: int
    email: str
    name: str
    role: str
    zone: str
    active: bool
    handle: str = ""


@dataclass(frozen=True, slots=True)
class TeamInfo:
    """A team and its working week: ``workdays`` as ISO days ("1-5"), ``opens`` and ``closes`` on its own clock ("09:00")."""

    slug: str
    name: str
    zone: str
    members: tuple[PersonInfo, ...]
    policy: str
    opens: str
    closes: str
    workdays: str
    holidays: tuple[date, ...] = ()
    handles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ServiceInfo:
    """Something that runs, with what the decision about a finding in it needs.

    ``tier`` is 1 (harm to people or to the company's survival) to 4, 0 while unknown; ``exposure`` "" while unknown. Who said so and
    when stands beside each, empty and None while unknown. ``policy`` is the service's own, "" for its team's.
    """

    slug: str
    name: str
    team: str
    tier: int
    exposure: Exposure
    tier_set_by: str
    tier_set_at: datetime | None
    exposure_set_by: str
    exposure_set_at: datetime | None
    data_class: str
    repos: tuple[str, ...]
    purls: tuple[str, ...]
    hosts: tuple[str, ...]
    description: str
    policy: str


@dataclass(frozen=True, slots=True)
class Ownership:
    """Who owns it, and the rule that says so, as a sentence for people. ``line`` is the line in CODEOWNERS, where that decided."""

    team: str
    service: str
    rule: str
    origin: Origin
    line: int | None = None


@dataclass(frozen=True, slots=True)
class LayerInfo:
    """One layer: ``people`` are e-mail addresses in turn, ``starts`` a naive local time in ``zone``, ``only`` weekly windows in words."""

    name: str
    people: tuple[str, ...]
    every: int
    unit: Literal["hours", "days", "weeks"]
    starts: datetime
    zone: str
    only: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OverrideInfo:
    """``person`` (an e-mail address) has the watch in ``[start, end)``, whatever the layers say."""

    id: int
    person: str
    start: datetime
    end: datetime
    reason: str
    by: str


@dataclass(frozen=True, slots=True)
class ScheduleInfo:
    """A schedule; layers lowest first (the last wins), overrides in the order they were made (a later one wins)."""

    slug: str
    name: str
    team: str
    zone: str
    layers: tuple[LayerInfo, ...]
    overrides: tuple[OverrideInfo, ...]


@dataclass(frozen=True, slots=True)
class Shift:
    """``[start, end)`` in UTC. ``person`` is None in a gap."""

    start: datetime
    end: datetime
    person: PersonInfo | None
    layer: str
    kind: Literal["layer", "override", "gap"]


@dataclass(frozen=True, slots=True)
class PolicyStep:
    """Whom to page, and how long (``delay_seconds``) they have before the next step; on the last, before the policy is repeated or over.

    Targets are ``person:<e-mail>``, ``schedule:<slug>`` or ``team:<slug>``.
    """

    delay_seconds: int
    targets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EscalationPolicyInfo:
    """Steps in order; ``repeat`` is how many times more the whole is gone through when nobody answers."""

    slug: str
    name: str
    steps: tuple[PolicyStep, ...]
    repeat: int


@dataclass(frozen=True, slots=True)
class TokenInfo:
    """An API token without its secret. ``scopes`` are those its holder's role still allows."""

    id: int
    name: str
    person_email: str
    scopes: tuple[str, ...]
    expires: datetime
    created: datetime
    last_used: datetime | None
    hint: str
    revoked: bool = False


@dataclass(frozen=True, slots=True)
class CompanyInfo:
    """The company's name, and who stands for security when nobody else is found."""

    name: str
    security_team: str
    security_schedule: str


@dataclass(frozen=True, slots=True)
class RosterDiff:
    """What applying a roster did, or would do: "+ team berths", "~ service berth-board exposure small -> open", "- override ..."."""

    lines: tuple[str, ...]
    changed: int


@dataclass(frozen=True, slots=True)
class CatalogDiff:
    """What importing catalog files did, or would do: lines as in ``RosterDiff``; ``strangers`` are owners whom the roster doesn't know
    (what they own falls through to the next step), ``notes`` sentences about what was passed over.
    """

    lines: tuple[str, ...]
    changed: int
    strangers: tuple[str, ...]
    notes: tuple[str, ...]
