"""What the roster knows about the places of one scan, asked once each: owner, service, due dates, escalation policy. It writes nothing."""

from datetime import datetime, timedelta

from watchbill.base.problem import Problem
from watchbill.cases.decisions.rules import ServiceContext
from watchbill.cases.decisions.sentences import reach_words
from watchbill.cases.findings.weighing import DueDates
from watchbill.cases.limits import HOURS_DUE_WORKING_HOURS, NOW_DUE_HOURS
from watchbill.roster import queries as roster
from watchbill.roster.facts import Ownership, ServiceInfo


class Owners:
    """Answers about owners and services, remembered for as long as one unit of work lasts."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self._owners: dict[tuple[str, str, str, tuple[str, ...]], Ownership] = {}
        self._services: dict[str, ServiceInfo | None] = {}
        self._dates: dict[str, DueDates] = {}
        self._names: dict[str, str] | None = None

    def owner(self, service: str, repo: str, manifest: str, sbom: tuple[str, ...] = ()) -> Ownership:
        """Who owns this place; `sbom` is what the bill of materials there says of it. Never nobody: it falls to security, with origin
        "fallback".
        """
        key = (service, repo, manifest, sbom)
        if key not in self._owners:
            self._owners[key] = roster.owner_of(service=service, repo=repo, path=manifest, sbom=sbom)
        return self._owners[key]

    def service(self, slug: str) -> ServiceInfo | None:
        """The service, or None for one that the roster doesn't know."""
        if slug not in self._services:
            try:
                self._services[slug] = roster.service(slug) if slug else None
            except Problem:
                self._services[slug] = None
        return self._services[slug]

    def context(self, slug: str) -> ServiceContext:
        """What the decision needs to know of the service; nothing is known of an unknown one."""
        info = self.service(slug)
        if info is None:
            return ServiceContext(service=slug)
        return ServiceContext(
            service=info.slug,
            exposure=info.exposure,
            exposure_by=self.name(info.exposure_set_by),
            exposure_at=info.exposure_set_at,
            tier=info.tier,
            tier_by=self.name(info.tier_set_by),
            tier_at=info.tier_set_at,
        )

    def name(self, who: str) -> str:
        """A person's name for their address; anything else as it is."""
        if self._names is None:
            self._names = {person.email: person.name for person in roster.people()}
        return self._names.get(who, who)

    def where(self, service: str, repo: str, team: str) -> str:
        """The place in one sentence, for somebody who was just woken: service, team, who can reach it."""
        info = self.service(service)
        called = f"Service {service}" if service else f"Repository {repo}" if repo else ""
        reach = reach_words(info.exposure) if info is not None else ""
        said = ", ".join(part for part in (called, f"team {roster.team(team).name}" if team else "", reach) if part)
        return f"{said[:1].upper()}{said[1:]}." if said else ""

    def dates(self, team: str) -> DueDates:
        """When work that is decided now would be due for this team."""
        if team not in self._dates:
            try:
                hours = roster.add_working_hours(team, self.now, HOURS_DUE_WORKING_HOURS)
            except Problem:
                hours = self.now + timedelta(days=3)
            self._dates[team] = DueDates(self.now + timedelta(hours=NOW_DUE_HOURS), hours)
        return self._dates[team]

    def policy(self, service: str, team: str) -> str:
        """The escalation policy: the service's own when its team is the owner, else the owning team's."""
        info = self.service(service)
        if info is not None and info.team == team:
            return roster.policy_for_service(service).slug
        return roster.policy_for_team(team).slug

    def security(self) -> str:
        """The security team's slug."""
        return roster.security_team()
