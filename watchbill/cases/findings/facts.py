"""What sources say of a finding, as it is kept per sighting and joined for the finding. Pure; it knows no database and no decision.

Texts of others are cut and cleaned here, once, on their way in.
"""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from watchbill.cases.decisions.forecast import Forecast
from watchbill.cases.decisions.rules import ThreatFacts
from watchbill.cases.findings.rules import EpssFact, KevFact, Sighting, clean_text
from watchbill.cases.limits import (
    COMMITTERS_SHOWN,
    LIST_ITEMS,
    NAME_CHARS,
    NAMED_OWNERS,
    PATH_CHARS,
    SUMMARY_CHARS,
    TITLE_CHARS,
    VERSION_CHARS,
)

_YEAR_ONE = 1970


class Facts(msgspec.Struct, frozen=True):
    """One source's facts about one finding, as stored in JSON. `pin` is pinned, not_pinned or unknown; `pin_note` says what stood there
    instead.
    """

    advisory: str
    aliases: tuple[str, ...] = ()
    ecosystem: str = ""
    package: str = ""
    purl: str = ""
    installed: str = ""
    pin: str = "pinned"
    pin_note: str = ""
    fixed: tuple[str, ...] = ()
    title: str = ""
    cwes: tuple[str, ...] = ()
    vector: str = ""
    references: tuple[str, ...] = ()
    kev: KevFact | None = None
    exploit_refs: bool = False
    upgrade: tuple[str, ...] = ()
    modified: str = ""
    epss: EpssFact | None = None
    path: tuple[str, ...] = ()
    named_owners: tuple[str, ...] = ()
    committers: tuple[str, ...] = ()


def facts_of(sighting: Sighting) -> Facts:
    """The facts of a sighting, each within its limit and free of control characters."""
    name = clean_text(sighting.package, NAME_CHARS)
    return Facts(
        advisory=clean_text(sighting.advisory, NAME_CHARS),
        aliases=tuple(one for one in _texts(sighting.aliases, NAME_CHARS) if one != sighting.advisory),
        ecosystem=clean_text(sighting.ecosystem, 40),
        package=name,
        purl=clean_text(sighting.purl, PATH_CHARS),
        installed=clean_text(sighting.installed, VERSION_CHARS),
        pin=sighting.pin,
        pin_note=clean_text(sighting.version_unknown or sighting.unpinned_bound, NAME_CHARS),
        fixed=_texts(sighting.fixed, VERSION_CHARS),
        title=one_line(sighting.title, TITLE_CHARS) or one_line(f"{name}: {sighting.advisory}", TITLE_CHARS),
        cwes=_texts(sighting.cwes, 20),
        vector=clean_text(sighting.severity, NAME_CHARS),
        references=tuple(one for one in _texts(sighting.references, 1000) if one.startswith(("https://", "http://"))),
        kev=sighting.kev,
        exploit_refs=sighting.exploit_refs,
        upgrade=_texts(sighting.upgrade, 1000),
        modified=clean_text(sighting.advisory_modified, 40),
        epss=sighting.epss,
        path=_texts(sighting.path, NAME_CHARS),
        named_owners=_texts(sighting.named_owners, NAME_CHARS)[:NAMED_OWNERS],
        committers=_texts(sighting.committers, NAME_CHARS)[:COMMITTERS_SHOWN],
    )


def one_line(text: str, limit: int) -> str:
    """Cleaned text on one line."""
    return " ".join(clean_text(text, 4 * limit).split())[:limit]


def _texts(items: Sequence[str], limit: int) -> tuple[str, ...]:
    return tuple(clean_text(one, limit) for one in items[:LIST_ITEMS])


def summary_of(sighting: Sighting) -> str:
    """The advisory's own description, cleaned; kept once per finding."""
    return clean_text(sighting.summary, SUMMARY_CHARS)


def facts_hash(facts: Facts) -> str:
    """16 hex digits that change when any fact does, so that a re-scan that tells nothing new rewrites nothing."""
    return hashlib.sha256(msgspec.json.encode(facts)).hexdigest()[:16]


def to_json(facts: Facts) -> dict[str, Any]:
    """As it is stored."""
    stored: dict[str, Any] = as_stored(facts)
    return stored


def as_stored(value: object) -> Any:  # noqa: ANN401 - JSON is what it is
    """A value exactly as a JSON column gives it back, so that comparing it with what is stored tells whether it changed."""
    return msgspec.json.decode(msgspec.json.encode(value))


def from_json(stored: dict[str, Any]) -> Facts:
    """From what was stored; unknown keys of a later version are passed over."""
    return msgspec.convert(stored, Facts)


def joined(told: Sequence[Facts], advisory: str) -> Facts:
    """One finding's facts from all its open sightings, in the order in which they were first told.

    The first that tells of the finding's own advisory speaks; exploitation and vector come from whoever knows them (an exploited hole
    stays one, though another source doesn't know it). Needs at least one."""
    speaker = next((one for one in told if one.advisory == advisory), told[0])
    everybody = (speaker, *told)
    names = dict.fromkeys(name for one in told for name in (one.advisory, *one.aliases) if name != advisory)
    pinned = next((one for one in told if one.pin == "pinned"), None)
    scored = (one.epss for one in told if one.epss is not None)
    return msgspec.structs.replace(
        speaker,
        advisory=advisory,
        aliases=tuple(names)[:LIST_ITEMS],
        kev=_first_listed(told),
        epss=max(scored, key=lambda epss: (epss.date, epss.score), default=None),
        exploit_refs=any(one.exploit_refs for one in told),
        vector=next(filter(None, (one.vector for one in everybody)), ""),
        named_owners=next(filter(None, (one.named_owners for one in everybody)), ()),
        committers=next(filter(None, (one.committers for one in everybody)), ()),
        pin=(pinned or speaker).pin,
        installed=speaker.installed or (pinned or speaker).installed,
    )


def _first_listed(told: Sequence[Facts]) -> KevFact | None:
    known = (one.kev for one in told if one.kev is not None)
    return min(known, key=lambda kev: (kev.date_added, kev.cve), default=None)


def upgrade_to(facts: Facts) -> str:
    """The version that the upgrade commands name, else the smallest fixed one; "" when there is none."""
    for version in facts.fixed:
        if any(version in command for command in facts.upgrade):
            return version
    return facts.fixed[0] if facts.fixed else ""


def threat_of(facts: Facts) -> ThreatFacts:
    """What the decision needs to know of the threat."""
    listed = moment(facts.kev.date_added) if facts.kev is not None else None
    return ThreatFacts(
        kev_listed=listed,
        kev_source=facts.kev.catalogue if facts.kev is not None else "",
        exploit_refs=facts.exploit_refs,
        vector=facts.vector,
        facts_as_of=moment(facts.modified),
        forecast=_forecast(facts.epss),
    )


def _forecast(epss: EpssFact | None) -> Forecast | None:
    if epss is None:
        return None
    return Forecast(epss.score, epss.percentile, f"FIRST EPSS {epss.model}, {epss.cve}", moment(epss.date))


def moment(text: str) -> datetime | None:
    """A day or RFC 3339 time as aware UTC; None for what is neither, and for the placeholder years some databases write."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    if at.year < _YEAR_ONE:
        return None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
