"""The readable side of the trail's commitments: who and what is behind them, whether that still fits, and erasing it.

Nothing here changes an event: erasing takes the value and its salt away, and what stays can't be traced back to it.
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db import connection
from django.db.models import Q

from watchbill.base import commitments, limits
from watchbill.base.acting import Actor
from watchbill.base.commitments import LIST_MARK, Sealed, addresses_in, commit, commitments_within, is_commitment, with_names_sealed
from watchbill.base.datadir import DataDir
from watchbill.base.models import AuditEvent, AuditName, AuditPrivate, TrailRun
from watchbill.base.problem import invalid
from watchbill.base.settings import settings
from watchbill.base.writer import audit, write

ERASED = "(erased)"


@dataclass(frozen=True, slots=True)
class Erased:
    """What was taken away: how many names and private values, the commitments that the names leave in `actor`, and how many events
    from before there were commitments still show the name.
    """

    names: int
    values: int
    commitments: tuple[str, ...]
    in_the_open: int


def openings(wanted: Iterable[str]) -> dict[str, Sealed]:
    """What opens each of these commitments, by commitment; erased ones are missing."""
    asked = sorted({one for one in wanted if is_commitment(one)})
    found: dict[str, Sealed] = {}
    for at in range(0, len(asked), limits.AUDIT_NAMES_ASKED):
        part = asked[at : at + limits.AUDIT_NAMES_ASKED]
        rows = list(AuditName.objects.filter(commitment__in=part).values_list("commitment", "salt", "name"))
        rows += AuditPrivate.objects.filter(commitment__in=part).values_list("commitment", "salt", "value")
        found |= {commitment: Sealed(commitment, bytes(salt), value) for commitment, salt, value in rows}
    return found


def commitments_in(row: AuditEvent, body: dict[str, Any]) -> Iterator[str]:
    """Every commitment in an event as it stands, given its body as read."""
    if is_commitment(row.actor):
        yield row.actor
    yield from commitments_within(row.target)
    yield from commitments_within(row.ref)
    for value in body.values():
        for one in value if isinstance(value, list) else (value,):
            if isinstance(one, str) and is_commitment(one):
                yield one


def opened(body: dict[str, Any], known: dict[str, Sealed]) -> dict[str, Any]:
    """The body with its private values readable again, erased ones as `(erased)`."""
    return {key: _open_list(value, known) if isinstance(value, list) else _open(value, known) for key, value in body.items()}


def _open(value: Any, known: dict[str, Sealed]) -> Any:  # noqa: ANN401 - whatever a body holds
    if not isinstance(value, str) or not is_commitment(value):
        return value
    return known[value].value if value in known else ERASED


def _open_list(items: list[Any], known: dict[str, Sealed]) -> list[Any]:
    if len(items) == 1 and isinstance(items[0], str) and items[0] in known:
        return known[items[0]].value.split(LIST_MARK)
    return [_open(item, known) for item in items]


def by_actor(name: str) -> Q:
    """Events of the actor of this name, or with this commitment for somebody erased."""
    known = AuditName.objects.filter(name=name).values_list("commitment", flat=True).first()
    if known is None:
        return Q(actor=name)
    # Two values would cost the order that the index has, so the old one is asked for only where it is.
    return Q(actor__in=[known, name]) if AuditEvent.objects.filter(actor=name).exists() else Q(actor=known)


def by_target(targets: Iterable[str]) -> Q:
    """Events about any of the targets, given as they are read."""
    given = list(targets)
    named = {address for target in given for address in addresses_in(target)}
    if not named:
        return Q(target=given[0]) if len(given) == 1 else Q(target__in=given)
    known = dict(AuditName.objects.filter(name__in=named).values_list("name", "commitment"))
    sealed = [with_names_sealed(target, known) for target in given]
    # As in by_actor: those from before are asked for only where they are.
    if AuditEvent.objects.filter(target__in=given).exists():
        sealed += given
    return Q(target=sealed[0]) if len(sealed) == 1 else Q(target__in=sealed)


def with_words(text: str) -> Q:
    """Events whose private values have `text` in them: of the newest such values, as many as a page of the trail has."""
    rows = AuditPrivate.objects.filter(value__icontains=text).order_by("-pk").values_list("target", "commitment")[: limits.TRAIL_PAGE]
    by_target: dict[str, list[str]] = {}
    for target, commitment in rows:
        by_target.setdefault(target, []).append(commitment)
    found = Q(pk__in=[])
    for target, listed in by_target.items():
        inside = Q(pk__in=[])
        for commitment in listed:
            inside |= Q(body__contains=commitment)
        found |= Q(target=target) & inside
    return found


def unfit() -> tuple[str, str] | None:
    """The first readable value that is not what its commitment in the trail says: the commitment, and whether it is a name or a value.
    None when all fit.
    """
    for commitment, salt, name in AuditName.objects.values_list("commitment", "salt", "name").iterator(chunk_size=2000):
        if commit(bytes(salt), name) != commitment:
            return commitment, "name"
    last = 0
    while rows := AuditPrivate.objects.filter(pk__gt=last).order_by("pk").values_list("pk", "commitment", "salt", "value")[:2000]:
        for last, commitment, salt, value in rows:  # noqa: B007 - the last number goes on to the next page
            if commit(bytes(salt), value) != commitment:
                return commitment, "private value"
    return None


def first_with(commitment: str) -> int | None:
    """The number of the first event that has this commitment; None when none has."""
    rows = AuditEvent.objects.filter(
        Q(actor=commitment) | Q(target__contains=commitment) | Q(ref__contains=commitment) | Q(body__contains=commitment)
    )
    return rows.order_by("seq").values_list("seq", flat=True).first()


def erase_person(email: str, by: Actor, *, also: Iterable[str] = ()) -> Erased:
    """Take a person out of the trail: their name as an actor, and every private value that has their address, or one of the `also`
    words (their name, a telephone number), in it, and the exports on this machine that show names. The event that records this names
    nobody.

    Raises Problem for a word of fewer than 3 letters. Events themselves stay, and so does what other tables hold.
    """
    words = [word.strip() for word in (email, *also) if word.strip()]
    if not words or any(len(word) < limits.ERASED_WORD_CHARS for word in words):
        raise invalid("email", f"What is erased has at least {limits.ERASED_WORD_CHARS} letters.", "Give the whole address.")

    names, inside, anywhere = Q(pk__in=[]), Q(pk__in=[]), Q(pk__in=[])
    for word in words:
        names |= Q(name__iexact=word)
        inside |= Q(value__icontains=word)
        anywhere |= Q(actor__iexact=word) | Q(body__icontains=word) | Q(target__icontains=word) | Q(ref__icontains=word)
    left, values = AuditEvent.objects.filter(anywhere).count(), 0  # long readings of the whole trail, so not while writing
    while listed := list(AuditPrivate.objects.filter(inside).values_list("pk", flat=True)[: limits.ERASED_AT_ONCE]):
        values += write(partial(_delete_private, listed), lane="slow", name="trail.erase_values")

    def erase() -> Erased:
        _overwrite_deleted()
        known = tuple(AuditName.objects.filter(names).values_list("commitment", flat=True))
        AuditName.objects.filter(names).delete()
        _forget_exports(words)
        commitments.forget_names()
        audit(by, "person.erased", "trail:own", body={"commitments": list(known), "values": values, "in_the_open": left})
        return Erased(len(known), values, known, left)

    told = write(erase, lane="slow", name="trail.erase_person")
    commitments.forget_names()
    _shake_out()
    return told


def _forget_exports(words: Sequence[str]) -> None:
    """Whoever was erased is not told by what was asked for; exports that show names go, and those under way come to nothing."""
    told = re.compile("|".join(re.escape(json.dumps(word)[1:-1]) for word in words), re.IGNORECASE)
    for row in TrailRun.objects.filter(kind="export"):
        gone = json.loads(row.what).get("opened", True)
        if gone:
            (DataDir(settings().data).exports / f"trail-{row.pk}.zip").unlink(missing_ok=True)
        if gone and row.state in ("waiting", "running"):
            row.state, row.outcome = "failed", json.dumps({"problem": "Somebody was erased from the trail meanwhile. Ask for it again."})
        elif gone and row.state == "done":
            row.state = "gone"
        row.what = told.sub(ERASED, row.what)
        row.save(update_fields=["state", "outcome", "what"])
    for word in words:
        TrailRun.objects.filter(asked_by__iexact=word).update(asked_by=ERASED)


def _delete_private(listed: list[int]) -> int:
    _overwrite_deleted()
    return AuditPrivate.objects.filter(pk__in=listed).delete()[0]


def _overwrite_deleted() -> None:
    """Else what is deleted stays readable in the database file's free pages."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA secure_delete = ON")


def _shake_out() -> None:
    """Move what the write-ahead log still holds into the database file, where it is overwritten; as far as readers let us."""
    if connection.vendor == "sqlite" and not connection.in_atomic_block:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
