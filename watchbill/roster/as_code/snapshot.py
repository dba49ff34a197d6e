"""The roster as it stands, read from the tables into the plain facts that ``plan`` compares. It writes nothing."""

from datetime import datetime

from watchbill.roster import models
from watchbill.roster.as_code.plan import Facts, Fields, Value
from watchbill.roster.as_code.values import instant_text, override_key, rule_key


def standing(now: datetime) -> Facts:
    """Every kind of thing in the roster, by key. An override that was over at ``now`` is marked as history."""
    schedules, layers, overrides = _schedules(now)
    policies, steps = _policies()
    return {
        "person": {row.email: _person(row) for row in models.Person.objects.order_by("email")},
        "policy": policies,
        "team": {row.slug: _team(row) for row in _team_rows()},
        "repo": {row.name: {"codeowners": row.codeowners} for row in models.Repo.objects.order_by("name")},
        "schedule": schedules,
        "layer": layers,
        "override": overrides,
        "step": steps,
        "service": {row.slug: _service(row) for row in _service_rows()},
        "rule": {rule_key(fields): fields for fields in map(_rule, models.OwnershipRule.objects.select_related("team"))},
        "company": _company(),
    }


def zones() -> dict[str, str]:
    """The zone of each schedule that stands."""
    return dict(models.Schedule.objects.values_list("slug", "zone"))


def _person(row: models.Person) -> Fields:
    names = tuple(row.catalog_names)
    return {"name": row.name, "role": row.role, "zone": row.zone, "handle": row.handle, "catalog_names": names, "active": row.is_active}


def _team_rows() -> list[models.Team]:
    return list(models.Team.objects.select_related("policy").prefetch_related("membership_set__person").order_by("slug"))


def _team(row: models.Team) -> Fields:
    return {
        "name": row.name,
        "zone": row.zone,
        "members": tuple(member.person.email for member in row.membership_set.all()),
        "policy": row.policy.slug if row.policy else "",
        "workdays": row.workdays,
        "opens": row.opens,
        "closes": row.closes,
        "holidays": tuple(row.holidays),
        "handles": tuple(row.handles),
        "catalog_names": tuple(row.catalog_names),
    }


def _service_rows() -> list[models.Service]:
    return list(models.Service.objects.select_related("team", "policy").prefetch_related("repos").order_by("slug"))


def _service(row: models.Service) -> Fields:
    same = row.tier_set_by == row.exposure_set_by
    set_at = row.tier_set_at or row.exposure_set_at
    return {
        "name": row.name,
        "team": row.team.slug,
        "tier": row.tier,
        "exposure": row.exposure,
        "data_class": row.data_class,
        "policy": row.policy.slug if row.policy else "",
        "repos": tuple(sorted(repo.name for repo in row.repos.all())),
        "purls": tuple(row.purls),
        "hosts": tuple(row.hosts),
        "description": row.description,
        "set_by": row.tier_set_by if same else f"{row.tier_set_by}, {row.exposure_set_by}",
        "set_on": set_at.date().isoformat() if set_at else "",
    }


def _rule(row: models.OwnershipRule) -> Fields:
    return {"team": row.team.slug, "note": row.note, "service": row.service, "repo": row.repo, "path": row.path, "position": row.position}


def _company() -> dict[str, Fields]:
    row = models.Company.objects.select_related("security_team", "security_schedule").first()
    if row is None:
        return {}
    watch = row.security_schedule
    fields: Fields = {"name": row.name, "security_team": row.security_team.slug, "security_schedule": watch.slug if watch else ""}
    return {"": fields}


def _schedules(now: datetime) -> tuple[dict[str, Fields], dict[str, Fields], dict[str, Fields]]:
    schedules: dict[str, Fields] = {}
    layers: dict[str, Fields] = {}
    overrides: dict[str, Fields] = {}
    rows = models.Schedule.objects.select_related("team").prefetch_related("layers__turns__person", "overrides__person")
    for row in rows.order_by("slug"):
        schedules[row.slug] = {"name": row.name, "team": row.team.slug, "zone": row.zone}
        layers.update((f"{row.slug}/{layer.name}", _layer(layer)) for layer in row.layers.all())
        for override in row.overrides.all():
            fields = _override(override, now)
            overrides[override_key(row.slug, fields)] = fields
    return schedules, layers, overrides


def _layer(row: models.Layer) -> Fields:
    return {
        "people": tuple(turn.person.email for turn in row.turns.all()),
        "every": f"{row.every} {row.unit}",
        "starts": row.starts,
        "only": tuple(row.only),
        "zone": row.zone,
        "position": row.position,
    }


def _override(row: models.Override, now: datetime) -> Fields:
    return {
        "person": row.person.email,
        "reason": row.reason,
        "start": instant_text(row.start),
        "end": instant_text(row.end),
        "over": row.end <= now,
    }


def _policies() -> tuple[dict[str, Fields], dict[str, Fields]]:
    policies: dict[str, Fields] = {}
    steps: dict[str, Fields] = {}
    for row in models.Policy.objects.prefetch_related("steps__targets").order_by("slug"):
        policies[row.slug] = {"name": row.name, "repeat": row.repeat}
        for number, step in enumerate(row.steps.all(), start=1):
            notify: Value = tuple(target_text(target) for target in step.targets.all())
            steps[f"{row.slug}/{number}"] = {"notify": notify, "wait": step.delay_seconds}
    return policies, steps


def target_text(row: models.StepTarget) -> str:
    """A step's target as it is written: "schedule:security"."""
    if row.person:
        return f"person:{row.person.email}"
    if row.schedule:
        return f"schedule:{row.schedule.slug}"
    return f"team:{row.team.slug}" if row.team else ""
