"""Everything that one unit of work changes about findings, gathered first and written afterwards: rows in wide statements, then audit
and news.

It decides nothing. Each finding's story is one audit event with a readable `text`; a sighting that only repeats what is known leaves none.
"""

from dataclasses import dataclass, field
from datetime import date, datetime

from django.db.models import F, IntegerField, Model, QuerySet, Value
from django.db.models.expressions import Combinable, CombinedExpression

from watchbill.base.acting import SYSTEM, Actor
from watchbill.base.writer import audit, news
from watchbill.cases.findings.known import chunks
from watchbill.cases.findings.models import Acceptance, Finding, MergedName, SeenBy
from watchbill.cases.findings.states import CLOSED_STATES, state_words

SPARK_DAYS = 14
_SPARK_BITS = (1 << SPARK_DAYS) - 1
_NEVER_CHANGES = {"id", "fingerprint", "identity_version", "first_seen", "feed", "first_seen_at"}


def _changeable(model: type[Model]) -> list[str]:
    return [one.name for one in model._meta.concrete_fields if one.name not in _NEVER_CHANGES]  # noqa: SLF001 - Django's documented Meta API


_FINDING_FIELDS = _changeable(Finding)
_SEEN_FIELDS = _changeable(SeenBy)


def is_new(row: Model) -> bool:
    """Whether a row has not been written yet, so that it has no number."""
    return bool(row._state.adding)  # noqa: SLF001 - Django's documented ModelState


@dataclass
class Told:
    """One thing to be told of a finding: an audit event and, with a topic, news."""

    finding: Finding
    action: str
    text: str
    topic: str = ""
    ref: str = ""
    body: dict[str, str | int | bool | list[str]] = field(default_factory=dict)


@dataclass
class Changes:
    """What is to be written. Lists hold model instances whose fields already have their new values."""

    created: list[Finding] = field(default_factory=list)
    changed: dict[int, Finding] = field(default_factory=dict)
    sightings_new: list[SeenBy] = field(default_factory=list)
    sightings_changed: dict[int, SeenBy] = field(default_factory=dict)
    sightings_again: list[int] = field(default_factory=list)
    seen_again: dict[int, Finding] = field(default_factory=dict)
    merged: list[MergedName] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    speaks: list[Finding] = field(default_factory=list)
    quiets: list[Finding] = field(default_factory=list)

    def touch(self, finding: Finding) -> None:
        """The finding's row is to be written (a new one is anyway)."""
        if not is_new(finding):
            self.changed[finding.pk] = finding

    def tell(self, finding: Finding, action: str, text: str, topic: str = "", ref: str = "", **body: str | int | bool | list[str]) -> None:
        """Record a step of the finding's story."""
        self.told.append(Told(finding, action, text, topic, ref, dict(body)))


def store_rows(changes: Changes, now: datetime) -> None:
    """Write the rows: findings first, since the rest refers to them. Call inside a unit; `store_story` records what was done."""
    for part in chunks(changes.created):
        Finding.objects.bulk_create(part)
    for part in chunks(changes.changed.values()):
        Finding.objects.bulk_create(part, update_conflicts=True, unique_fields=["id"], update_fields=_FINDING_FIELDS)
    for row in changes.sightings_new:
        row.finding_id = row.finding.pk
    for name in changes.merged:
        name.finding_id = name.finding.pk
    for seen in chunks([*changes.sightings_new]):
        SeenBy.objects.bulk_create(seen)
    for seen in chunks(changes.sightings_changed.values()):
        SeenBy.objects.bulk_create(seen, update_conflicts=True, unique_fields=["id"], update_fields=_SEEN_FIELDS)
    for names in chunks(changes.merged):
        MergedName.objects.bulk_create(names)
    _mark_seen([pk for pk in changes.seen_again if pk not in changes.changed], now)
    _end_acceptances(changes, now)


def _end_acceptances(changes: Changes, now: datetime) -> None:
    """What was signed or asked about a finding ends when the finding closes, so that it can be asked anew should it come back. The
    signature that closed one as not affected stands for as long as the finding is that.
    """
    closed = {finding.pk: finding for finding in changes.changed.values() if finding.state in CLOSED_STATES}
    for part in chunks(sorted(closed)):
        alive = Acceptance.objects.filter(finding_id__in=part, state__in=("asked", "signed")).order_by("pk")
        over = [row for row in alive if (row.kind, row.state, closed[row.finding_id].state) != ("not_affected", "signed", "not_affected")]
        for row in over:
            finding = closed[row.finding_id]
            what = "The acceptance" if row.state == "signed" else "The request that waited for a signature"
            text = f"{what} ended, because the finding is {state_words(finding.state)}"
            changes.tell(finding, "finding.acceptance_ended", text, acceptance=row.pk)
        if over:
            Acceptance.objects.filter(pk__in=[row.pk for row in over]).update(state="ended", ended_at=now)


def _mark_seen(ids: list[int], now: datetime) -> None:
    """Last seen, and today's bit in the fourteen-day picture, without rewriting the rows."""
    for part in chunks(ids):
        rows = Finding.objects.filter(pk__in=part)
        for day in set(rows.values_list("seen_day", flat=True).distinct()):
            of_day = rows.filter(seen_day=day)
            _update_mask(of_day, min(max((now.date() - day).days, 0), SPARK_DAYS), now)


def _update_mask(rows: "QuerySet[Finding]", days: int, now: datetime) -> None:
    if days == 0:
        rows.update(last_seen=now)
        return
    shifted: Combinable = CombinedExpression(F("seen_mask"), Combinable.BITLEFTSHIFT, Value(days), output_field=IntegerField())
    mask = shifted.bitand(_SPARK_BITS).bitor(1)
    rows.update(last_seen=now, seen_day=now.date(), seen_mask=mask)


def seen_today(finding: Finding, now: datetime) -> None:
    """The same for a finding whose row is being rewritten anyway."""
    days = max((now.date() - finding.seen_day).days, 0)
    finding.seen_mask = ((finding.seen_mask << min(days, SPARK_DAYS)) & _SPARK_BITS) | 1
    finding.seen_day = now.date()
    finding.last_seen = now


def spark(mask: int, day: date, today: date) -> tuple[int, ...]:
    """Fourteen days as 0 and 1, oldest first, ending today. Takes the mask and the date of its lowest bit."""
    shifted = (mask << min(max((today - day).days, 0), SPARK_DAYS)) & _SPARK_BITS
    return tuple((shifted >> place) & 1 for place in range(SPARK_DAYS - 1, -1, -1))


def concluded(by: Actor) -> Actor:
    """Who concludes from evidence: Watchbill by its rules, whoever brought the evidence or asked for a look. The door stays on record."""
    return Actor("system", SYSTEM.name, by.source)


# Lines that name a person or repeat what one wrote.
_SAID = frozenset(
    f"finding.{did}"
    for did in (
        *("taken", "assigned", "fix_claimed", "triaged", "retired", "reopened", "not_affected", "accepted"),
        *("accept_asked", "not_affected_asked", "request_rejected", "acceptance_expired"),
    )
)
# What rests on proof alone, also where a person let the scan count.
_PROOFS = ("finding.fixed", "finding.partly_proven")


def store_story(changes: Changes, by: Actor) -> None:
    """Audit events and news of everything told, in order. Call after `store_rows`, when every finding has its number.

    A line of a story ends without a full stop, and one event makes one line.
    """
    for told in changes.told:
        subject = f"finding:{told.finding.pk}"
        body = {"text": told.text[:500].removesuffix("."), **told.body}
        private: dict[str, str | list[str]] = {}
        for name in ("text", "reason", "inputs") if told.action in _SAID else ("inputs",):  # inputs say who answered for what
            if isinstance(value := body.get(name), (str, list)):
                private[name] = value
                del body[name]
        actor = concluded(by) if told.action in _PROOFS else by
        audit(actor, told.action, subject, ref=told.ref, body=body, private=private)
        if told.topic:
            finding = told.finding
            facts = {"state": finding.state, "decision": finding.decision, "service": finding.service, "team": finding.team}
            news(told.topic, subject, {**facts, **told.body})
