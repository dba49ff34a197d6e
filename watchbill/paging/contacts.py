"""How people are reached: their contact methods and their two lists of notification rules (now, hours). Secrets in a method's fields
are stored for sending and never read back to anybody."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from watchbill.base import clock
from watchbill.base.acting import SYSTEM, Actor
from watchbill.base.problem import conflict, invalid, not_found
from watchbill.base.writer import audit, write
from watchbill.paging import limits
from watchbill.paging.models import ContactMethod, NotificationRule, Page
from watchbill.paging.registry import all_channels, channel
from watchbill.paging.rules import planning
from watchbill.paging.rules.messages import Field
from watchbill.paging.rules.planning import Method, RuleLine
from watchbill.paging.rules.words import EMAIL, WAITING, Decision, PageState

_ADDRESS = re.compile(r"[^@\s\x00-\x1f\x7f<>\",;:\\()\[\]]{1,64}@[^@\s\x00-\x1f\x7f<>\",;:\\()\[\]]{1,253}")


@dataclass(frozen=True, slots=True)
class ContactMethodInfo:
    """A contact method as it may be shown: secrets are masked."""

    id: int
    person_id: int
    channel: str
    title: str
    fields: dict[str, str]
    verified_at: datetime | None
    last_ok: datetime | None
    last_fail: datetime | None


@dataclass(frozen=True, slots=True)
class RuleInfo:
    """One notification rule: `delay_seconds` after a step reaches the person, by this method."""

    delay_seconds: int
    contact_method_id: int
    channel: str


def add_contact_method(person_id: int, channel: str, fields: Mapping[str, str], by: Actor, verified: bool = False) -> int:
    """Add a way to reach a person; returns its id. An unverified one is never used. Raises Problem naming the field at fault."""
    described = channel_fields(channel)
    kept = check_fields(described, fields)
    now = clock.now()

    def add() -> int:
        if ContactMethod.objects.filter(person_id=person_id).count() >= limits.METHODS_PER_PERSON:
            raise conflict(f"A person has at most {limits.METHODS_PER_PERSON} contact methods.", "Remove one first.")
        verified_at = now if verified else None
        method = ContactMethod.objects.create(person_id=person_id, channel=channel, fields=kept, verified_at=verified_at, created_at=now)
        audit(by, "contact_method.added", f"person:{person_id}", body={"channel": channel, "verified": verified})
        return method.pk

    return write(add, name="paging.add_contact_method")


def verify_contact_method(method_id: int, by: Actor) -> None:
    """Note that its owner really gets what is sent there. Does nothing when it is verified already."""

    def verify() -> None:
        method = _method(method_id)
        if method.verified_at is None:
            method.verified_at = clock.now()
            method.save(update_fields=["verified_at"])
            audit(by, "contact_method.verified", f"person:{method.person_id}", body={"channel": method.channel})

    write(verify, name="paging.verify_contact_method")


def remove_contact_method(method_id: int, by: Actor) -> None:
    """Remove it with the rules that use it; pages that wait for it are called off."""

    def remove() -> None:
        method = _method(method_id)
        waiting = Page.objects.filter(contact_method=method, state__in=[state.value for state in WAITING])
        waiting.update(state=PageState.CANCELLED.value, next_at=None, why="Called off: the contact method was removed.")
        audit(by, "contact_method.removed", f"person:{method.person_id}", body={"channel": method.channel})
        method.delete()

    write(remove, name="paging.remove_contact_method")


def set_rules(person_id: int, urgency: str, rules: Sequence[tuple[int, int]], by: Actor = SYSTEM) -> None:
    """Replace one of a person's lists ("now" or "hours") by (delay in seconds, contact method id). An empty one brings back the
    default."""
    if urgency not in {one.value for one in Decision}:
        raise invalid("list", f"There is no list {urgency}.", "Use now or hours.")
    if len(rules) > limits.RULES_PER_LIST:
        raise invalid("rules", f"A list has at most {limits.RULES_PER_LIST} rules.")
    for index, (delay, _) in enumerate(rules):
        if not 0 <= delay <= limits.RULE_DELAY_SECONDS:
            raise invalid(f"rules[{index}].delay_seconds", f"A delay is between 0 and {limits.RULE_DELAY_SECONDS} seconds.")

    def replace() -> None:
        own = set(ContactMethod.objects.filter(person_id=person_id).values_list("id", flat=True))
        for index, (_, method_id) in enumerate(rules):
            if method_id not in own:
                raise invalid(f"rules[{index}].contact_method", f"Contact method {method_id} is not this person's.", "Add it first.")
        NotificationRule.objects.filter(person_id=person_id, list=urgency).delete()
        NotificationRule.objects.bulk_create(
            NotificationRule(person_id=person_id, list=urgency, delay_seconds=delay, contact_method_id=method_id, order=order)
            for order, (delay, method_id) in enumerate(rules)
        )
        audit(by, "notification_rules.set", f"person:{person_id}", body={"list": urgency, "rules": len(rules)})

    write(replace, name="paging.set_rules")


def contact_methods(person_id: int) -> tuple[ContactMethodInfo, ...]:
    """A person's contact methods, oldest first, secrets masked."""
    return tuple(_shown(method) for method in ContactMethod.objects.filter(person_id=person_id).order_by("id"))


def notification_rules(person_id: int, urgency: str) -> tuple[RuleInfo, ...]:
    """The rules a person made for that urgency, in order; empty when the default applies."""
    rules = NotificationRule.objects.filter(person_id=person_id, list=urgency).select_related("contact_method")
    return tuple(RuleInfo(rule.delay_seconds, rule.contact_method_id, rule.contact_method.channel) for rule in rules)


def rules_of(person_id: int, decision: str, email: str) -> tuple[RuleLine, ...]:
    """What applies when this person is paged: their own rules or the default, each method with the reason why it can't be used, if so."""
    own = NotificationRule.objects.filter(person_id=person_id, list=decision).select_related("contact_method")
    lines = [RuleLine(rule.delay_seconds, _method_now(rule.contact_method)) for rule in own]
    mail_why_not = "" if lines else _mail_why_not(email)
    return planning.effective_rules(lines, planning.sign_in_mail(mail_why_not))


def channel_fields(name: str) -> tuple[Field, ...]:
    """What a contact method of that channel must know. Raises Problem for an unknown channel, or one that needs no method."""
    found = channel(name)
    if found.INFO.stored:
        raise invalid("channel", f"{found.INFO.title} needs no contact method: everybody has it.")
    return found.INFO.fields


def check_fields(described: Sequence[Field], given: Mapping[str, str]) -> dict[str, str]:
    """The given values, checked against the channel's description. Raises Problem naming the first field at fault."""
    known = {field.name: field for field in described}
    for name in given:
        if name not in known:
            raise invalid(f"fields.{name}", f"This channel has no field {name}.", f"It has: {', '.join(known) or 'none'}.")
    kept = {}
    for field in described:
        value = str(given.get(field.name, "")).strip()
        if field.required and not value:
            raise invalid(f"fields.{field.name}", f"{field.title} is needed.", f"For example {field.example}." if field.example else "")
        if fault := _fault(field, value):
            raise invalid(f"fields.{field.name}", fault)
        kept[field.name] = value
    return kept


def _fault(field: Field, value: str) -> str:
    if len(value) > limits.FIELD_CHARS:
        return f"{field.title} has at most {limits.FIELD_CHARS} characters."
    if any(not letter.isprintable() for letter in value):
        return f"{field.title} holds a character that can't be printed."
    if field.kind == "email" and value and not _ADDRESS.fullmatch(value):
        return f"{field.title} is no e-mail address."
    if field.kind == "url" and value and not _is_url(value):
        return f"{field.title} is no http or https address."
    return ""


def _is_url(value: str) -> bool:
    try:
        parts = urlsplit(value)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and " " not in value
    except ValueError:
        return False


def _method(method_id: int) -> ContactMethod:
    found = ContactMethod.objects.filter(pk=method_id).first()
    if found is None:
        raise not_found("contact method", method_id)
    return found


def _method_now(method: ContactMethod) -> Method:
    known = all_channels().get(method.channel)
    if known is None:
        return Method(method.pk, method.channel, "its channel is not installed")
    return Method(method.pk, method.channel, known.unusable() or ("" if method.verified_at else "it is not verified yet"))


def _mail_why_not(email: str) -> str:
    if not _ADDRESS.fullmatch(email):
        return "their sign-in address is no e-mail address"
    return all_channels()[EMAIL].unusable()


def _shown(method: ContactMethod) -> ContactMethodInfo:
    known = all_channels().get(method.channel)
    secrets = {field.name for field in known.INFO.fields if field.secret} if known else set(method.fields)
    fields = {name: "set" if name in secrets and value else value for name, value in method.fields.items()}
    title = known.INFO.title if known else method.channel
    person_id = method.person_id
    return ContactMethodInfo(method.pk, person_id, method.channel, title, fields, method.verified_at, method.last_ok, method.last_fail)
