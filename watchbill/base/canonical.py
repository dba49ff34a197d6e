"""The exact bytes of an audit event, which its leaf is the hash of: JSON with sorted keys, no spaces, UTF-8; strings, whole numbers,
booleans and lists only.

For this subset the result equals RFC 8785. It never rounds, guesses or drops: what can't be written exactly is refused.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from watchbill.base import limits

Leafy = str | int | bool
Body = Mapping[str, Leafy | Sequence[str]]

FIELDS = ("seq", "recorded_at", "occurred_at", "actor", "actor_kind", "source", "action", "target", "outcome", "ref", "body")


_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)
_quote = json.encoder.encode_basestring


class NotCanonical(TypeError):
    """A value that an audit event can't hold; the message names the key."""


def moment(at: datetime) -> str:
    """2026-01-02T03:04:05.123456Z: always 27 characters. Raises NotCanonical for a naive time."""
    if at.tzinfo is None:
        raise NotCanonical("an audit time must be aware")
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def instant(text: str) -> datetime:
    """The aware UTC time that `moment` wrote."""
    return datetime.fromisoformat(text)


def body_text(body: Body) -> str:
    """Canonical JSON of an event's body. Raises NotCanonical for floats, nested objects, null, odd keys, broken text, or too much of it."""
    if len(body) > limits.AUDIT_BODY_KEYS:
        raise NotCanonical(f"an audit body has at most {limits.AUDIT_BODY_KEYS} keys")
    for key, value in body.items():
        _check_key(key)
        _check_value(key, value)
    text = dumps(dict(body))
    if len(text.encode()) > limits.AUDIT_BODY_BYTES:
        raise NotCanonical(f"an audit body has at most {limits.AUDIT_BODY_BYTES} bytes")
    return text


def _check_key(key: object) -> None:
    if not isinstance(key, str) or not key.isascii() or not key:
        raise NotCanonical(f"an audit key is ASCII text, not {key!r}")


def _check_value(key: str, value: object) -> None:
    if isinstance(value, (list, tuple)):
        for item in value:
            check_text(f"{key}[]", item)
    elif isinstance(value, bool):
        return
    elif isinstance(value, int):
        if abs(value) > limits.AUDIT_INT:
            raise NotCanonical(f"{key}: whole numbers go to {limits.AUDIT_INT}")
    else:
        check_text(key, value)


def check_text(key: str, value: object) -> None:
    """Raises NotCanonical unless `value` is text that has a UTF-8 form."""
    if not isinstance(value, str):
        raise NotCanonical(f"{key}: an audit event holds text, whole numbers, booleans and lists of text, not {type(value).__name__}")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise NotCanonical(f"{key}: broken text (half of a surrogate pair)") from error


def dumps(value: object) -> str:
    """Sorted keys, no spaces, nothing escaped that need not be."""
    return _ENCODER.encode(value)


def event_bytes(row: Sequence[Any]) -> bytes:
    """The hashed bytes of an event given as a row in the order of FIELDS, its `body` already canonical text.

    The keys stand in sorted order by construction; only text goes through the JSON encoder.
    """
    seq, recorded_at, occurred_at, actor, actor_kind, source, action, target, outcome, ref, body = row
    return (
        f'{{"action":{_quote(action)},"actor":{_quote(actor)},"actor_kind":{_quote(actor_kind)},"body":{body},'
        f'"occurred_at":{_quote(occurred_at)},"outcome":{_quote(outcome)},"recorded_at":{_quote(recorded_at)},"ref":{_quote(ref)},'
        f'"seq":{seq},"source":{_quote(source)},"target":{_quote(target)}}}'
    ).encode()
