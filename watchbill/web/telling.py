"""Trail events in words, as the log lines of pages show them. Pure; it reads what an event says of itself and never adds to it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from watchbill.base.trail import TrailEvent
from watchbill.web import formats


@dataclass(frozen=True)
class Entry:
    """A line of a log: when, who (a person, empty for the product itself), what, and the number of its event."""

    at: datetime
    text: str
    look: str = ""
    seq: int | None = None
    sub: str = ""
    who: str = ""


_CHANNELS = {
    "desk": "at the desk",
    "email": "by e-mail",
    "web": "on this site",
    "link": "by the link",
    "api": "over the API",
    "cli": "at a terminal",
}

# {name}: a value of the event's body; {target_}: what it was done to, without its kind.
_TOLD = {
    "advisories.loaded": "Loaded advisories: {added} new, {changed} changed, {withdrawn} withdrawn",
    "alert.acknowledged": "Acknowledged {channel}; pages called off: {called_off}",
    "alert.escalated": "Escalated to the next step",
    "alert.exhausted": "Everybody on the policy was paged, and nobody answered",
    "alert.opened": "Alert opened: {title}",
    "alert.resolved": "Alert resolved: {why}",
    "change.recorded": "{summary}",
    "inbox.accepted": "Took {filename} in",
    "incident.started": "Pulled the cord",
    "page.failed": "The page to {to} {channel} failed",
    "page.sent": "Paged {to} {channel}",
    "person.password_changed": "Changed the password",
    "person.second_factor_added": "Added a second factor",
    "person.sign_in_failed": "A sign-in was refused",
    "person.signed_in": "Signed in",
    "person.signed_out": "Signed out",
    "repo.codeowners_read": "Took the CODEOWNERS of {target_} in",
    "roster.applied": "Applied a roster: {changed} changed",
    "sample.clock_moved": "Nobody answered: the sample's clock was moved on by {minutes} min",
    "sample.left": "Left the sample for an own company",
    "scan.recorded": "Scan of {service}, {packages} packages: {opened} opened, {seen_again} seen again, {not_seen} not seen, {fixed} fixed",
    "sign_in_link.issued": "Made a one-time link for {target_}",
    "sign_in_link.redeemed": "Used a one-time link",
    "source.added": "Source added for {service}",
    "token.created": "Made the token {name} for {person}",
    "token.revoked": "Revoked the token {name}",
}


_ADDRESS = re.compile(r"[^\s@<>(),:;]{1,64}@[^\s@<>(),:;]{1,190}[^\s@<>(),:;.]")


def told(event: TrailEvent, names: Mapping[str, str]) -> str:
    """What happened, without who did it: the event's own text, else our sentence for its action, else its plain words.

    Addresses of people we know are read as their names.
    """
    return named(_text(event), names)


def named(text: str, names: Mapping[str, str]) -> str:
    """The text with the addresses of people we know read as their names."""
    return _ADDRESS.sub(lambda found: names.get(found.group(0), found.group(0)), text)


def _text(event: TrailEvent) -> str:
    text = event.body.get("text")
    if isinstance(text, str) and text:
        return text
    pattern = _TOLD.get(event.action)
    if pattern:
        try:
            return pattern.format_map(_values(event))
        except KeyError:
            pass  # an event of an earlier version, told by its plain words
    return _plain(event)


def _values(event: TrailEvent) -> Mapping[str, Any]:
    values = {**event.body, "target_": event.target.partition(":")[2]}
    if "channel" in values:
        values["channel"] = _CHANNELS.get(str(values["channel"]), f"by {values['channel']}")
    return values


def _plain(event: TrailEvent) -> str:
    """'Team berths changed: opens 09:00 -> 08:00'."""
    kind, _, ident = event.target.partition(":")
    did = formats.word(event.action.rpartition(".")[2])
    reason = next((event.body[name] for name in ("why", "reason", "note", "title", "name") if isinstance(event.body.get(name), str)), "")
    if event.action.endswith(".changed"):
        reason = ", ".join(f"{formats.word(name)} {value}" for name, value in event.body.items() if isinstance(value, str))
    text = f"{formats.word(kind)} {ident} {did}".strip()
    return f"{text[:1].upper()}{text[1:]}: {reason}" if reason and reason != ident else f"{text[:1].upper()}{text[1:]}"


def who(event: TrailEvent, names: Mapping[str, str]) -> str:
    """Who did it by their name; empty for what Watchbill did by itself."""
    return "" if event.actor_kind == "system" else names.get(event.actor, event.actor)


LOUD = ("page.sent", "page.failed", "alert.opened", "alert.escalated", "alert.exhausted", "finding.opened", "finding.reopened")


def entry(event: TrailEvent, names: Mapping[str, str]) -> Entry:
    """A trail event as a line of a log."""
    look = "page" if event.action in LOUD else "change" if event.action == "change.recorded" else ""
    text, name = told(event, names), who(event, names)
    return Entry(event.occurred_at, text, look, event.seq, "", "" if name in text else name)
