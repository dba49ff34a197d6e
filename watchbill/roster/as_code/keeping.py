"""Writing planned changes of the roster into the tables, each with its audit event. Only inside ``write``; it decides nothing.

One function a kind makes or changes a thing from its whole facts, so that what the plan says is what stands.
"""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, time

from watchbill.base import clock
from watchbill.base.acting import Actor
from watchbill.base.writer import audit, news
from watchbill.roster import models
from watchbill.roster.as_code.plan import Change, Fields, Value, shown

AUDITED_CHARS = 300


def keep(change: Change, by: Actor) -> None:
    """Make one change, audit it, and tell the rooms above what they may have to look at again."""
    if change.sign == "-":
        _REMOVERS[change.kind](change.key)
    else:
        _KEEPERS[change.kind](change, by)
    word = {"+": "added", "~": "changed", "-": "removed"}[change.sign]
    told, personal = _body(change), change.kind in ("person", "override")
    where = f"{change.kind}:{change.key or 'own'}"
    audit(by, f"{change.kind}.{word}", where, body={} if personal else told, private=told if personal else {})
    if change.kind == "service":
        news("service.changed", f"service:{change.key}", {"fields": list(change.changed), "by": by.name})


def _body(change: Change) -> dict[str, str]:
    """What an audit event keeps of a change: each differing field, before and after; a long text by its length and hash."""
    if change.sign == "-":
        return {name: _short(name, value) for name, value in change.before.items()}
    old = change.before
    told = {name: _short(name, change.after[name]) for name in change.changed}
    return told if change.sign == "+" else {name: f"{_short(name, old.get(name))} -> {text}" for name, text in told.items()}


def _short(name: str, value: Value | None) -> str:
    if name == "codeowners" and isinstance(value, str) and value:
        return f"{shown(name, value)}, sha256 {hashlib.sha256(value.encode()).hexdigest()}"
    return shown(name, value)[:AUDITED_CHARS]


def _text(fields: Fields, name: str) -> str:
    return str(fields.get(name, ""))


def _number(fields: Fields, name: str) -> int:
    value = fields.get(name, 0)
    return value if isinstance(value, int) else 0


def _list(fields: Fields, name: str) -> tuple[str, ...]:
    value = fields.get(name, ())
    return value if isinstance(value, tuple) else ()


def _title(slug: str) -> str:
    return slug.replace("-", " ").capitalize()


def _policy_of(fields: Fields) -> models.Policy | None:
    slug = _text(fields, "policy")
    return models.Policy.objects.get(slug=slug) if slug else None


def _keep_person(change: Change, by: Actor) -> None:
    after = change.after
    person = models.Person.objects.filter(email=change.key).first()
    if person is None:
        person = models.Person(email=change.key)
        person.set_unusable_password()
    person.name, person.role, person.zone = _text(after, "name"), _text(after, "role"), _text(after, "zone")
    person.handle, person.is_active = _text(after, "handle"), after["active"] is True
    person.catalog_names = list(_list(after, "catalog_names"))
    person.save()


def _keep_policy(change: Change, by: Actor) -> None:
    after = change.after
    values = {"name": _text(after, "name") or _title(change.key), "repeat": _number(after, "repeat")}
    models.Policy.objects.update_or_create(slug=change.key, defaults=values)


def _keep_team(change: Change, by: Actor) -> None:
    after = change.after
    values = {name: _text(after, name) for name in ("zone", "workdays", "opens", "closes")}
    lists = {name: list(_list(after, name)) for name in ("holidays", "handles", "catalog_names")}
    name, policy = _text(after, "name") or _title(change.key), _policy_of(after)
    team, _ = models.Team.objects.update_or_create(slug=change.key, defaults={**values, **lists, "name": name, "policy": policy})
    models.Membership.objects.filter(team=team).delete()
    people = models.Person.objects.in_bulk(_list(after, "members"), field_name="email")
    models.Membership.objects.bulk_create(
        models.Membership(team=team, person=people[email], position=place) for place, email in enumerate(_list(after, "members"))
    )


def _keep_repo(change: Change, by: Actor) -> None:
    values = {"codeowners": _text(change.after, "codeowners"), "codeowners_from": "the roster file", "codeowners_at": clock.now()}
    models.Repo.objects.update_or_create(name=change.key, defaults=values)


def _keep_schedule(change: Change, by: Actor) -> None:
    after = change.after
    team = models.Team.objects.get(slug=_text(after, "team"))
    values = {"name": _text(after, "name") or _title(change.key), "team": team, "zone": _text(after, "zone")}
    models.Schedule.objects.update_or_create(slug=change.key, defaults=values)


def _keep_layer(change: Change, by: Actor) -> None:
    after, (slug, _, name) = change.after, change.key.partition("/")
    every, _, unit = _text(after, "every").partition(" ")
    values = {
        "position": _number(after, "position"),
        "starts": _text(after, "starts"),
        "every": int(every),
        "unit": unit,
        "zone": _text(after, "zone"),
        "only": list(_list(after, "only")),
    }
    layer, _ = models.Layer.objects.update_or_create(schedule=models.Schedule.objects.get(slug=slug), name=name, defaults=values)
    layer.turns.all().delete()
    people = models.Person.objects.in_bulk(set(_list(after, "people")), field_name="email")
    models.Turn.objects.bulk_create(
        models.Turn(layer=layer, position=place, person=people[email]) for place, email in enumerate(_list(after, "people"))
    )


def _keep_override(change: Change, by: Actor) -> None:
    after = change.after
    models.Override.objects.update_or_create(
        schedule=models.Schedule.objects.get(slug=change.key.partition("/")[0]),
        person=models.Person.objects.get(email=_text(after, "person")),
        start=datetime.fromisoformat(_text(after, "start")),
        end=datetime.fromisoformat(_text(after, "end")),
        defaults={"reason": _text(after, "reason")},
        create_defaults={"reason": _text(after, "reason"), "by": by.name, "made_at": clock.now()},
    )


def _keep_step(change: Change, by: Actor) -> None:
    slug, _, number = change.key.partition("/")
    policy = models.Policy.objects.get(slug=slug)
    wait = _number(change.after, "wait")
    step, _ = models.PolicyStep.objects.update_or_create(policy=policy, position=int(number) - 1, defaults={"delay_seconds": wait})
    step.targets.all().delete()
    for place, target in enumerate(_list(change.after, "notify")):
        models.StepTarget.objects.create(step=step, position=place, **_target(target))


def _target(text: str) -> dict[str, models.Person | models.Schedule | models.Team]:
    kind, _, name = text.partition(":")
    if kind == "person":
        return {"person": models.Person.objects.get(email=name)}
    if kind == "schedule":
        return {"schedule": models.Schedule.objects.get(slug=name)}
    return {"team": models.Team.objects.get(slug=name)}


def _keep_service(change: Change, by: Actor) -> None:
    after = change.after
    service = models.Service.objects.filter(slug=change.key).first() or models.Service(slug=change.key)
    service.name = _text(after, "name") or change.key
    service.team, service.policy = models.Team.objects.get(slug=_text(after, "team")), _policy_of(after)
    service.tier, service.exposure = _number(after, "tier"), _text(after, "exposure")
    service.data_class, service.description = _text(after, "data_class"), _text(after, "description")
    service.purls, service.hosts = list(_list(after, "purls")), list(_list(after, "hosts"))
    _say_who(service, change, by)
    service.save()
    service.repos.set(models.Repo.objects.filter(name__in=_list(after, "repos")))


def _say_who(service: models.Service, change: Change, by: Actor) -> None:
    """Who answers for tier and exposure, and since when: the file's word, or else whoever applied a file that changed them."""
    who = _text(change.asked, "set_by") or by.name
    day = _text(change.asked, "set_on")
    at = datetime.combine(datetime.fromisoformat(day).date(), time(), UTC) if day else clock.now()
    said = {"set_by", "set_on"} & set(change.asked) & set(change.changed)
    if said or "tier" in change.changed:
        service.tier_set_by, service.tier_set_at = who, at
    if said or "exposure" in change.changed:
        service.exposure_set_by, service.exposure_set_at = who, at


def _keep_rule(change: Change, by: Actor) -> None:
    after = change.after
    team = models.Team.objects.get(slug=_text(after, "team"))
    models.OwnershipRule.objects.update_or_create(
        service=_text(after, "service"),
        repo=_text(after, "repo"),
        path=_text(after, "path"),
        defaults={"team": team, "note": _text(after, "note"), "position": _number(after, "position")},
    )


def _keep_company(change: Change, by: Actor) -> None:
    after, watch = change.after, _text(change.after, "security_schedule")
    values = {
        "name": _text(after, "name"),
        "security_team": models.Team.objects.get(slug=_text(after, "security_team")),
        "security_schedule": models.Schedule.objects.get(slug=watch) if watch else None,
    }
    models.Company.objects.update_or_create(id=1, defaults=values)


def _remove_layer(key: str) -> None:
    slug, _, name = key.partition("/")
    models.Layer.objects.filter(schedule__slug=slug, name=name).delete()


def _remove_override(key: str) -> None:
    slug, _, rest = key.partition("/")
    ends, _, email = rest.partition(" ")
    start, _, end = ends.partition("..")
    span = {"start": datetime.fromisoformat(start), "end": datetime.fromisoformat(end)}
    models.Override.objects.filter(schedule__slug=slug, person__email=email, **span).delete()


def _remove_step(key: str) -> None:
    slug, _, number = key.partition("/")
    models.PolicyStep.objects.filter(policy__slug=slug, position=int(number) - 1).delete()


def _remove_rule(key: str) -> None:
    patterns = {"service": "", "repo": "", "path": ""} | dict(part.split("=", 1) for part in key.split(" "))
    models.OwnershipRule.objects.filter(**patterns).delete()


_KEEPERS: dict[str, Callable[[Change, Actor], None]] = {
    "person": _keep_person,
    "policy": _keep_policy,
    "team": _keep_team,
    "repo": _keep_repo,
    "schedule": _keep_schedule,
    "layer": _keep_layer,
    "override": _keep_override,
    "step": _keep_step,
    "service": _keep_service,
    "rule": _keep_rule,
    "company": _keep_company,
}

_REMOVERS: dict[str, Callable[[str], object]] = {
    "person": lambda key: models.Person.objects.filter(email=key).update(is_active=False),
    "policy": lambda key: models.Policy.objects.filter(slug=key).delete(),
    "team": lambda key: models.Team.objects.filter(slug=key).delete(),
    "repo": lambda key: models.Repo.objects.filter(name=key).delete(),
    "schedule": lambda key: models.Schedule.objects.filter(slug=key).delete(),
    "layer": _remove_layer,
    "override": _remove_override,
    "step": _remove_step,
    "service": lambda key: models.Service.objects.filter(slug=key).delete(),
    "rule": _remove_rule,
}
