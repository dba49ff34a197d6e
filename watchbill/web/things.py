"""What trail events are about, by name: finding 17, alert 1, berth-board, Bob Lindqvist; and the page of it, where it has one.

Each kind is looked up once, and only when an event is about one. A thing that is gone keeps the name that the event has.
"""

from collections.abc import Mapping
from functools import cached_property

from django.urls import NoReverseMatch, reverse

from watchbill.base.trail import TrailEvent
from watchbill.intake.scans import queries as scans
from watchbill.roster import queries as roster
from watchbill.web import formats

_NUMBERED = {"finding": "Finding", "alert": "Alert", "incident": "Incident", "inbox": "Input", "page": "Page"}
_PAGES = {"finding": "finding", "alert": "alert", "incident": "incident", "source": "source", "service": "service"}
_PLAIN = {"company": "the company", "advisories": "advisories", "rule": "ownership rule"}


class Things:
    """The names of what the trail speaks of, for one request."""

    def __init__(self, people: Mapping[str, str]) -> None:
        self.people = people

    @cached_property
    def _kinds(self) -> dict[str, dict[str, str]]:
        """Names of the roster's things by kind and slug."""
        return {
            "service": {one.slug: one.name for one in roster.services()},
            "team": {one.slug: one.name for one in roster.teams()},
            "schedule": {one.slug: one.name for one in roster.schedules()},
            "policy": {one.slug: one.name for one in roster.policies()},
        }

    @cached_property
    def _sources(self) -> dict[str, str]:
        return {str(one.id): one.service for one in scans.sources()}

    def name(self, event: TrailEvent) -> str:
        """What the event is about, in a word or two."""
        kind, _, ident = event.target.partition(":")
        if kind == "page" and event.ref.startswith("alert:"):
            return self._of("alert", event.ref.removeprefix("alert:"))
        if kind == "scan":
            return self._of("service", str(event.body.get("service", "")))
        if kind == "change":
            return self._of_change(event)
        return self._of(kind, ident)

    def _of(self, kind: str, ident: str) -> str:
        if kind in _NUMBERED:
            return f"{_NUMBERED[kind]} {ident}"
        if kind == "person":
            return self.people.get(ident, ident)
        if kind == "source":
            return self._sources.get(ident, f"Source {ident}")
        if kind in ("step", "layer", "override"):
            return self._part(kind, ident)
        if kind in _PLAIN:
            return _PLAIN[kind]
        if kind in ("service", "team", "schedule", "policy"):
            return self._kinds[kind].get(ident, ident)
        return ident or formats.word(kind)

    def _part(self, kind: str, ident: str) -> str:
        """'Manifests, urgent, step 1'; 'Security, Nights'."""
        whole, _, part = ident.partition("/")
        owner = self._kinds["policy" if kind == "step" else "schedule"].get(whole, whole)
        return f"{owner}, step {part}" if kind == "step" else f"{owner}, {part}" if part else owner

    def _of_change(self, event: TrailEvent) -> str:
        targets = event.body.get("targets")
        named = [self._of(*_split(str(one))) for one in targets[:3]] if isinstance(targets, list) else []
        return ", ".join(named) or "a change"

    def href(self, event: TrailEvent) -> str:
        """The page of it, "" where it has none."""
        kind, _, ident = event.target.partition(":")
        if kind == "page" and event.ref.startswith("alert:"):
            kind, ident = "alert", event.ref.removeprefix("alert:")
        if kind == "scan":
            kind, ident = "service", str(event.body.get("service", ""))
        if kind not in _PAGES or not ident:
            return ""
        try:
            return reverse(_PAGES[kind], args=[ident])
        except NoReverseMatch:
            return ""  # an event about something that no page of ours could name


def _split(target: str) -> tuple[str, str]:
    kind, _, ident = target.partition(":")
    return kind, ident
