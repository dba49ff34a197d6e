"""The inbox: raw bytes of every way in, hashed and durable before they are acknowledged. It never looks into them; readers do that later.

Up to 64 KiB lie in the row; more goes to a content-addressed file that is on disk before the row is, or, on PostgreSQL, into the
database with the row.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Literal

from django.db import connection

from watchbill.base import blobs, clock, files, limits, locks
from watchbill.base.acting import Actor
from watchbill.base.models import Inbox
from watchbill.base.problem import Problem, not_found
from watchbill.base.unit import audit, current, news
from watchbill.base.writer import write

_INSERT = (
    "INSERT INTO base_inbox (kind, source, key, meta, received_at, sha256, size, data, state, problem)"
    " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, 'new', '') RETURNING id"
)
_EARLIER = "SELECT id, sha256 FROM base_inbox WHERE source = %s AND key = %s AND key <> ''"
State = Literal["new", "read", "unreadable", "held"]


@dataclass(frozen=True, slots=True)
class Accepted:
    """It is ours now: durable. `repeated`: the same (source, key) had been accepted before, and this is that one."""

    id: int
    sha256: str
    repeated: bool


@dataclass(frozen=True, slots=True)
class InboxItem:
    """One accepted input without its bytes."""

    id: int
    kind: str
    source: str
    meta: dict[str, Any]
    received_at: datetime
    sha256: str
    size: int
    state: State
    problem: str


def accept(data: bytes, *, kind: str, source: str, by: Actor, meta: dict[str, Any] | None = None, key: str = "") -> Accepted:
    """Keep the bytes. Durable when this returns, or with the surrounding `write`. News "inbox.accepted", subject "inbox:<id>".

    Raises Problem("too_large", 413) over the limit, ValueError for meta that is no JSON or too long. With a key that `source` has used
    before, the earlier one is returned and nothing is stored; Problem("key_reused", 422) when the bytes differ, since those would be
    lost.
    """
    return write(accepting(data, kind=kind, source=source, by=by, meta=meta, key=key), name="inbox.accept", beside=True)


def accepting(
    data: bytes, *, kind: str, source: str, by: Actor, meta: dict[str, Any] | None = None, key: str = ""
) -> Callable[[], Accepted]:
    """What `accept` gives to `write`, for a caller that hands it in by itself; bytes that are too many for a row are on disk when this
    returns. Raises as `accept` does.
    """
    if len(data) > limits.INBOX_BYTES:
        detail = f"{len(data)} bytes are more than the {limits.INBOX_BYTES} that are taken at once."
        raise Problem("too_large", "Too large", detail, remedy="Send it in parts.", status=413)
    described = json.dumps(meta or {}, allow_nan=False)
    if len(described) > limits.INBOX_META_BYTES:
        raise ValueError(f"meta has at most {limits.INBOX_META_BYTES} bytes")
    in_row = len(data) <= limits.INBOX_ROW_BYTES
    in_file = not in_row and not locks.needed()
    digest = files.keep(data) if in_file else sha256(data).hexdigest()

    def store() -> Accepted:
        if key and (earlier := _taken_before(source, key)):
            if earlier[1] != digest:
                detail = f"Other bytes came under this key before, as input {earlier[0]}; these were not kept."
                raise Problem("key_reused", "That key is used", detail, remedy="Give each input a key of its own.", status=422)
            return Accepted(earlier[0], earlier[1], repeated=True)
        if not in_row and not in_file:
            blobs.keep(data, digest)
        at = connection.ops.adapt_datetimefield_value(clock.now())
        with connection.cursor() as cursor:  # the hot way in: the ORM would take three times as long
            cursor.execute(_INSERT, [kind, source, key, described, at, digest, len(data), data if in_row else None])
            number = int(cursor.fetchone()[0])
        subject = f"inbox:{number}"
        audit(by, "inbox.accepted", subject, body={"kind": kind, "source": source, "sha256": digest, "size": len(data)})
        news("inbox.accepted", subject, {"kind": kind, "source": source})
        return Accepted(number, digest, repeated=False)

    return store


def _taken_before(source: str, key: str) -> tuple[int, str] | None:
    """The input that this source brought under this key, and its digest."""
    with connection.cursor() as cursor:
        cursor.execute(_EARLIER, [source, key])
        found: tuple[int, str] | None = cursor.fetchone()
    return found


def load(inbox_id: int) -> InboxItem:
    """The item without its bytes. Raises Problem("not_found")."""
    row = Inbox.objects.defer("data").filter(pk=inbox_id).first()
    if row is None:
        raise not_found("input", inbox_id)
    return _item(row)


def read_bytes(inbox_id: int) -> bytes:
    """The bytes as they came in. Raises Problem("not_found"), or ("file_damaged") when the file is gone or was changed."""
    row = Inbox.objects.filter(pk=inbox_id).values_list("data", "sha256").first()
    if row is None:
        raise not_found("input", inbox_id)
    if row[0] is not None:
        return bytes(row[0])
    return blobs.read(row[1]) if locks.needed() else files.read(row[1])


def mark(inbox_id: int, state: Literal["read", "unreadable", "held"], problem: str = "") -> None:
    """Inside `write`: what became of it, with a sentence why if it was not read. Raises Problem("not_found")."""
    current()
    if not Inbox.objects.filter(pk=inbox_id).update(state=state, problem=problem):
        raise not_found("input", inbox_id)


def waiting(limit: int = 100) -> list[InboxItem]:
    """Items accepted and not yet read, oldest first."""
    return [_item(row) for row in Inbox.objects.defer("data").filter(state="new").order_by("pk")[:limit]]


def _item(row: Inbox) -> InboxItem:
    state: Any = row.state
    return InboxItem(row.pk, row.kind, row.source, json.loads(row.meta), row.received_at, row.sha256, row.size, state, row.problem)
