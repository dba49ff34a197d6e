"""Reading people: rows of persons, and what is said by them, as plain values. It writes nothing and decides nothing."""

from watchbill.base.problem import not_found
from watchbill.roster import models
from watchbill.roster.facts import OverrideInfo, PersonInfo


def person(email_or_id: str | int) -> PersonInfo:
    """One person, active or not, by address (any case) or id. Raises ``Problem`` 404."""
    rows = models.Person.objects.all()
    found = rows.filter(pk=email_or_id) if isinstance(email_or_id, int) else rows.filter(email=email_or_id.strip().lower())
    row = found.first()
    if row is None:
        raise not_found("person", email_or_id)
    return person_info(row)


def people() -> tuple[PersonInfo, ...]:
    """Everybody, deactivated people too, by name."""
    return tuple(map(person_info, models.Person.objects.order_by("name", "email")))


def person_info(row: models.Person) -> PersonInfo:
    """A row as a value."""
    return PersonInfo(row.pk, row.email, row.name, row.role, row.zone, row.is_active, row.handle)


def override_info(row: models.Override) -> OverrideInfo:
    """A row as a value."""
    return OverrideInfo(row.pk, row.person.email, row.start, row.end, row.reason, row.by)
