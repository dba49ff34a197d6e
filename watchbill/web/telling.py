"""Trail events in words, as the log lines of pages show them. Pure; it reads what an event says of itself and never adds to it.

One event is one line, and what two rooms wrote down of the same step is told once. Log lines end without a full stop.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from watchbill.base.commitments import is_commitment
from watchbill.base.trail import TrailEvent
from watchbill.web import formats


@dataclass(frozen=True)
class Entry:
    """A line of a log: when, who (a person, empty for the product itself), what, the number of its event, and the people it names."""

    at: datetime
    text: str
    look: str = ""
    seq: int | None = None
    sub: str = ""
    who: str = ""
    people: tuple[str, ...] = ()


CHANNELS = {
    "desk": "at the desk",
    "email": "by e-mail",
    "web": "on this site",
    "link": "by the link",
    "api": "over the API",
    "cli": "at a terminal",
}

# {name}: a value of the event's body; {target_}: what it was done to, without its kind. Where it went otherwise than meant is told apart.
_TOLD = {
    "advisories.corrections_held": "Corrections of advisories wait for a person: {reason}",
    "advisories.loaded": "Loaded advisories: {added} new, {changed} changed, {withdrawn} withdrawn",
    "advisories.update_failed": "The advisories could not all be brought up to date",
    "alert.acknowledged": "{person} acknowledged {channel}",
    "alert.escalated": "Went on to the next step: {cause}",
    "alert.exhausted": "Everybody on the policy was paged, and nobody answered",
    "alert.opened": "Alert {target_} opened: {title}",
    "alert.raised": "Alert {target_} became urgent, so it rings now",
    "alert.resolved": "Alert {target_} over: {why}",
    "catalog.read": "Took {place} of {target_} in",
    "catalog.removed": "Took {place} of {target_} out again",
    "change.recorded": "{summary}",
    "contact_method.added": "A way to be reached {channel} was added",
    "contact_method.removed": "A way to be reached {channel} was removed",
    "contact_method.tried": "Sent a trial {channel}",
    "contact_method.tried failed": "A trial {channel} did not go out",
    "contact_method.verified": "Proved a way to be reached {channel}",
    "inbox.accepted": "Took {filename} in",
    "incident.brought_in": "Brought {person} into incident {codename}",
    "incident.said": "Wrote in incident {codename}",
    "incident.started": "Pulled the cord",
    "notification_rules.set": "Changed the notification rules of the list {list}",
    "override.added": "Put {person} on the schedule {target_} for a while: {reason}",
    "override.removed": "Took {person} off the schedule {target_} again",
    "page.failed": "The page to {to} {channel} failed",
    "page.sent": "Paged {to} {channel}",
    "paging.late": "Pages or steps of escalation were late: {late}",
    "person.activated": "Let {target_} in again",
    "person.deactivated": "Let {target_} in no more",
    "person.added": "Added {target_} to the roster",
    "person.erased": "Erased a person from the trail",
    "person.password_changed": "Changed the password",
    "person.role_given": "Changed what {target_} may do: {role}",
    "person.second_factor_added": "Added a second factor",
    "person.sign_in_failed": "A sign-in was refused",
    "person.signed_in": "Signed in",
    "person.signed_out": "Signed out",
    "repo.codeowners_read": "Took the CODEOWNERS of {target_} in",
    "roster.applied": "Applied a roster: {changed} changed",
    "sample.clock_moved": "Nobody answered: the clock was moved on by {minutes} min",
    "sample.left": "Left the sample for an own company",
    "sign_in_link.issued": "Made a one-time link for {target_}",
    "sign_in_link.redeemed": "Used a one-time link",
    "source.added": "Source added for {service}",
    "team.joined": "{person} joined the team {target_}",
    "token.created": "Made the token {name} for {person}",
    "token.revoked": "Revoked the token {name}",
    "trail.exported": "Asked for an export of the trail",
    "trail.key_rotated": "The trail is signed with a new key: {new}",
    "trail.verified": "Checked the trail: {events} events",
    "trail.verified failed": "The trail was checked, and does not hold: {reason}",
}

_ADDRESS = re.compile(r"[^\s@<>(),:;]{1,64}@[^\s@<>(),:;]{1,190}[^\s@<>(),:;.]")
_DECIDED = re.compile(r"^Decided \w+: ")


def told(event: TrailEvent, names: Mapping[str, str]) -> str:
    """What happened, without who did it: the event's own text, else our sentence for its action, else its plain words.

    Addresses of people we know are read as their names.
    """
    return named(_text(event), names).removesuffix(".")


_PARTS = ("added", "changed", "removed", "joined", "left")
_BRIEF = 64


def in_brief(event: TrailEvent, names: Mapping[str, str]) -> str:
    """As `told`, in one short line for a table that names beside it what the event is about; the event's own page says the rest."""
    verb = event.action.rpartition(".")[2]
    if not event.body.get("text") and event.action not in _TOLD and verb in _PARTS:
        what = _changed(event) if verb == "changed" else ""
        if len(what) > _BRIEF:
            what = formats.listed([formats.word(name) for name in event.body])
        return named(f"{formats.raised(formats.word(verb))}{f': {what}' if what else ''}", names)
    text = told(event, names)
    for end in (". ", ": ", "; nothing", "; ", ", "):
        head, found, _ = text.partition(end)
        if found and len(text) > _BRIEF and len(head) > _BRIEF // 4:
            text = head
    return text


def named(text: str, names: Mapping[str, str]) -> str:
    """The text with the addresses of people we know read as their names."""
    return _ADDRESS.sub(lambda found: names.get(found.group(0), found.group(0)), text)


def plainly(reason: str) -> str:
    """A decision's reason without the decision in front, since its badge stands beside it."""
    return formats.sentence(formats.raised(_DECIDED.sub("", reason)))


def _text(event: TrailEvent) -> str:
    text = event.body.get("text")
    if isinstance(text, str) and text:
        return text
    pattern = _TOLD.get(f"{event.action} {event.outcome}") or _TOLD.get(event.action)
    if pattern:
        try:
            return pattern.format_map(_values(event))
        except KeyError:
            pass  # an event of an earlier version, told by its plain words
    return _plain(event)


def _values(event: TrailEvent) -> Mapping[str, Any]:
    values = {**event.body, "target_": event.target.partition(":")[2]}
    if "channel" in values:
        values["channel"] = channel(str(values["channel"]))
    return values


def channel(name: str) -> str:
    """How a channel is said in a sentence: 'by e-mail', 'at the desk'."""
    return CHANNELS.get(name, f"by {name}") if name else ""


def _plain(event: TrailEvent) -> str:
    """'Team berths changed: opens 09:00 -> 08:00'."""
    kind, _, ident = event.target.partition(":")
    did = formats.word(event.action.rpartition(".")[2])
    reason = next((event.body[name] for name in ("why", "reason", "note", "title", "name") if isinstance(event.body.get(name), str)), "")
    if event.action.endswith(".changed"):
        reason = _changed(event)
    text = f"{formats.word(kind)} {ident} {did}".strip()
    return f"{formats.raised(text)}: {reason}" if reason and reason != ident else formats.raised(text)


def _changed(event: TrailEvent) -> str:
    return ", ".join(f"{formats.word(name)} {value}" for name, value in event.body.items() if isinstance(value, str))


def who(event: TrailEvent, names: Mapping[str, str]) -> str:
    """Who did it by their name; empty for what Watchbill did by itself."""
    if event.actor_kind == "system":
        return ""
    return "somebody who was erased" if is_commitment(event.actor) else names.get(event.actor, event.actor)


def by_whom(name: str, names: Mapping[str, str]) -> str:
    """'by Alice Duarte'; programs and the sample are named as such."""
    return f"by {names.get(name, f'the {name}' if name == 'sample company' else name)}"


LOUD = ("page.sent", "page.failed", "alert.escalated", "alert.exhausted", "finding.opened", "finding.reopened")
# What a look proves is nobody's word, also when a person asked for the look.
PROVEN = ("finding.opened", "finding.reopened", "finding.fixed", "finding.partly_proven", "finding.not_seen", "finding.refuted")
CLOSED = ("finding.fixed", "finding.not_affected", "finding.withdrawn", "finding.retired", "finding.accepted", "finding.duplicate")


def entry(event: TrailEvent, names: Mapping[str, str]) -> Entry:
    """A trail event as a line of a log."""
    look = "page" if event.action in LOUD else "change" if event.action == "change.recorded" else ""
    text, name = told(event, names), "" if event.action in PROVEN else who(event, names)
    people = tuple(one for one in dict.fromkeys(names.values()) if one and one in text)
    return Entry(event.occurred_at, text, look, event.seq, "", "" if name in text else name, people)


def story(events: Sequence[TrailEvent], names: Mapping[str, str]) -> list[Entry]:
    """The events of one subject and of its pages, given oldest first, as a log, newest first: each step once."""
    return [_short(event, entry(event, names)) for event in reversed(list(_once(events)))]


def _short(event: TrailEvent, line: Entry) -> Entry:
    """An alert's title is that of the page around its log, which doesn't repeat it."""
    return replace(line, text=line.text.partition(": ")[0]) if event.action == "alert.opened" else line


def _once(events: Sequence[TrailEvent]) -> Iterable[TrailEvent]:
    """Without what another room's event of the same step says already."""
    opened = {event.target for event in events if event.action == "alert.opened"}
    answered = {event.target for event in events if event.action == "alert.acknowledged"}
    closings = [event.seq for event in events if event.action in CLOSED]
    for event in events:
        alert = f"alert:{event.body.get('alert', '')}"
        if event.action == "finding.rang" and alert in opened:
            continue
        if event.action == "finding.acknowledged" and alert in answered:
            continue
        if event.action == "alert.resolved" and any(0 < event.seq - seq <= 3 for seq in closings):
            continue
        yield event
