"""What other rooms may ask of the roster: who somebody is, who owns it, who may do it. Plain values; it writes nothing.

Who is on watch and when a team works stands in ``watch`` and is asked through here as well.
"""

from collections.abc import Iterable

from django.db import connection
from django.db.models import QuerySet

from watchbill.base import clock
from watchbill.base.problem import not_found
from watchbill.roster import models
from watchbill.roster.as_code.snapshot import target_text
from watchbill.roster.facts import (
    CompanyInfo,
    EscalationPolicyInfo,
    Exposure,
    LayerInfo,
    OverrideInfo,
    Ownership,
    PersonInfo,
    PolicyStep,
    ScheduleInfo,
    ServiceInfo,
    Shift,
    TeamInfo,
    TokenInfo,
)
from watchbill.roster.ownership import Question, decide_owner
from watchbill.roster.owning import catalog_home, known_of, only_repo, security_team
from watchbill.roster.people import override_info, people, person, person_info
from watchbill.roster.rules import allowed_scopes, may, require, token_counts, token_hash
from watchbill.roster.watch import (
    add_working_hours,
    is_working_time,
    next_on_call,
    next_opening,
    on_call,
    schedule,
    schedules,
    shifts,
    shifts_of,
    team,
    teams,
)

__all__ = [
    "CompanyInfo",
    "EscalationPolicyInfo",
    "LayerInfo",
    "OverrideInfo",
    "Ownership",
    "PersonInfo",
    "PolicyStep",
    "ScheduleInfo",
    "ServiceInfo",
    "Shift",
    "TeamInfo",
    "TokenInfo",
    "add_working_hours",
    "catalog_home",
    "company",
    "is_working_time",
    "may",
    "next_on_call",
    "next_opening",
    "on_call",
    "override_info",
    "owner_of",
    "people",
    "person",
    "policies",
    "policy",
    "policy_for_service",
    "policy_for_team",
    "require",
    "schedule",
    "schedules",
    "security_schedule",
    "security_team",
    "service",
    "services",
    "shifts",
    "shifts_of",
    "team",
    "teams",
    "teams_of",
    "token",
    "token_holder",
    "tokens",
]

_NO_COMPANY = CompanyInfo("", "security", "security")


def company() -> CompanyInfo:
    """The company; before there is one, the names that it will begin with."""
    row = models.Company.objects.select_related("security_team", "security_schedule").first()
    if row is None:
        return _NO_COMPANY
    return CompanyInfo(row.name, row.security_team.slug, row.security_schedule.slug if row.security_schedule else "")


def security_schedule() -> str:
    """The slug of the schedule that says who in security has the watch; "" when the company has named none."""
    return company().security_schedule


def teams_of(person_id: int) -> tuple[str, ...]:
    """The slugs of a person's teams."""
    return tuple(models.Team.objects.filter(members=person_id).order_by("slug").values_list("slug", flat=True))


def service(slug: str) -> ServiceInfo:
    """One service. Raises ``Problem`` 404."""
    row = _service_rows().filter(slug=slug).first()
    if row is None:
        raise not_found("service", slug)
    return _service_info(row)


def require_service(slug: str) -> None:
    """Raises ``Problem`` 404 unless there is such a service."""
    with connection.cursor() as cursor:  # asked for every post, inside its transaction: the ORM would take ten times as long
        cursor.execute("SELECT 1 FROM roster_service WHERE slug = %s", [slug])
        if cursor.fetchone() is None:
            raise not_found("service", slug)


def services() -> tuple[ServiceInfo, ...]:
    """All services, by name."""
    return tuple(_service_info(row) for row in _service_rows().order_by("name"))


def _service_rows() -> QuerySet[models.Service]:
    return models.Service.objects.select_related("team", "policy").prefetch_related("repos")


def _service_info(row: models.Service) -> ServiceInfo:
    known: dict[str, Exposure] = {"small": "small", "controlled": "controlled", "open": "open"}
    return ServiceInfo(
        slug=row.slug,
        name=row.name,
        team=row.team.slug,
        tier=row.tier,
        exposure=known.get(row.exposure, ""),
        tier_set_by=row.tier_set_by if row.tier else "",
        tier_set_at=row.tier_set_at if row.tier else None,
        exposure_set_by=row.exposure_set_by if row.exposure else "",
        exposure_set_at=row.exposure_set_at if row.exposure else None,
        data_class=row.data_class,
        repos=tuple(sorted(repo.name for repo in row.repos.all())),
        purls=tuple(row.purls),
        hosts=tuple(row.hosts),
        description=row.description,
        policy=row.policy.slug if row.policy else "",
    )


def owner_of(*, service: str = "", repo: str = "", path: str = "", sbom: tuple[str, ...] = ()) -> Ownership:
    """Who owns what is named, by the first step that knows: rule, nearest catalog file, CODEOWNERS, the service's team, the SBOM's own
    words (``sbom``), security. Never nobody.

    ``path`` is relative to the top of ``repo``. A service with one repository stands for it, and a repository of one service for that.
    """
    row = models.Service.objects.select_related("team").filter(slug=service).first() if service else None
    repo = repo or (only_repo(service) if row else "")
    if not service and repo:
        found = list(models.Service.objects.select_related("team").filter(repos__name=repo)[:2])
        row = found[0] if len(found) == 1 else None
    slug = row.slug if row else service
    return decide_owner(
        Question(slug, repo, path, sbom), known_of(catalog_home(slug, repo), repo, path, row.team.slug if row else "", sbom)
    )


def policy(slug: str) -> EscalationPolicyInfo:
    """One escalation policy. Raises ``Problem`` 404."""
    row = _policy_rows().filter(slug=slug).first()
    if row is None:
        raise not_found("escalation policy", slug)
    return _policy_info(row)


def policies() -> tuple[EscalationPolicyInfo, ...]:
    """All escalation policies, by name."""
    return tuple(_policy_info(row) for row in _policy_rows().order_by("name"))


def policy_for_team(slug: str) -> EscalationPolicyInfo:
    """The team's policy, else the security team's. Raises ``Problem`` 404 only when neither is there."""
    own = models.Team.objects.filter(slug=slug, policy__isnull=False).values_list("policy__slug", flat=True).first()
    security = models.Team.objects.filter(slug=security_team(), policy__isnull=False).values_list("policy__slug", flat=True).first()
    return policy(own or security or "security")


def policy_for_service(slug: str) -> EscalationPolicyInfo:
    """The service's own policy, else its team's, else the security team's."""
    row = models.Service.objects.select_related("team", "policy").filter(slug=slug).first()
    if row and row.policy:
        return policy(row.policy.slug)
    return policy_for_team(row.team.slug if row else "")


def _policy_rows() -> QuerySet[models.Policy]:
    return models.Policy.objects.prefetch_related("steps__targets__person", "steps__targets__schedule", "steps__targets__team")


def _policy_info(row: models.Policy) -> EscalationPolicyInfo:
    steps = tuple(PolicyStep(step.delay_seconds, tuple(map(target_text, step.targets.all()))) for step in row.steps.all())
    return EscalationPolicyInfo(row.slug, row.name, steps, row.repeat)


def token(token_id: int) -> TokenInfo:
    """One API token, without its secret. Raises ``Problem`` 404."""
    row = models.ApiToken.objects.select_related("person").filter(pk=token_id).first()
    if row is None:
        raise not_found("token", token_id)
    return _token_info(row)


def tokens(person_email: str = "") -> tuple[TokenInfo, ...]:
    """API tokens, newest first; only one person's when an address is given."""
    rows = models.ApiToken.objects.select_related("person").order_by("-id")
    return tuple(map(_token_info, rows.filter(person__email=person_email.strip().lower()) if person_email else rows))


def token_holder(raw_token: str) -> TokenInfo | None:
    """The token, if it opens anything now: known, not revoked, not expired, its holder active and still allowed to. Else None.

    Its scopes are those that the holder's role allows today. ``services.note_token_used`` writes down the use.
    """
    row = models.ApiToken.objects.select_related("person").filter(hash=token_hash(raw_token)).first()
    if row is None or not token_counts(_token_info(row), person_info(row.person), clock.now()):
        return None
    return _token_info(row)


def _token_info(row: models.ApiToken) -> TokenInfo:
    scopes: Iterable[str] = allowed_scopes(row.scopes, person_info(row.person))
    return TokenInfo(
        id=row.pk,
        name=row.name,
        person_email=row.person.email,
        scopes=tuple(scopes),
        expires=row.expires_at,
        created=row.created_at,
        last_used=row.last_used_at,
        hint=row.hint,
        revoked=row.revoked_at is not None,
    )
