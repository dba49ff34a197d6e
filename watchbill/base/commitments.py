"""Salted commitments: how a name or a sentence is hashed into the audit trail without standing in it, so that it can be erased later
and every hash stays valid.

That goes for the names of those who act, for addresses of people wherever they stand, and for what callers call private. In an event's
hashed bytes such a value is `~` and the base64url of HMAC-SHA256(salt, value). The value and its 16-byte salt lie beside,
in `audit_name` (one row a name, one salt for good, so that events of one person can be found) and `audit_private` (a salt for each
value). Whoever has no salt can't try values out. It never reads a value back (readable.py does).
"""

import base64
import hmac
import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import NamedTuple

from django.db import connection

from watchbill.base import clock, limits
from watchbill.base.canonical import Body, NotCanonical, check_text

Private = Mapping[str, str | Sequence[str]]
"""Values of an event's body that are personal or secret: text, or a list of texts, by key."""

SALT_BYTES = 16
LIST_MARK = "\x1f"
_MARK = "~"
_FORM = re.compile(r"~[A-Za-z0-9_-]{43}")
_ADDRESS = re.compile(r"[^\s@:/<>,;()]{1,64}@[^\s@:/<>,;()]{1,190}\.[A-Za-z]{2,}")
_HAS_ADDRESS = re.compile(r"\S@[^\s@]{1,190}\.[A-Za-z]{2,}")
_NAMES_OF = "SELECT name, commitment FROM audit_name WHERE name IN ({marks})"
_NAME_NEW = "INSERT INTO audit_name (name, commitment, salt) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING"
_PRIVATE = "INSERT INTO audit_private (commitment, salt, value, target) VALUES (%s, %s, %s, %s)"


class Sealed(NamedTuple):
    """A commitment with what opens it. `salt` is 16 bytes."""

    commitment: str
    salt: bytes
    value: str


class AuditDraft(NamedTuple):
    """An audit event before it has a number and the time of its recording. `body` is canonical text already, with commitments for the
    private values that `private` opens; `actor` is still the name itself.
    """

    occurred_at: str
    actor: str
    actor_kind: str
    source: str
    action: str
    target: str
    outcome: str
    ref: str
    body: str
    private: tuple[Sealed, ...] = ()


class Row(NamedTuple):
    """A draft as it is hashed, in the order of canonical.FIELDS without number and time of recording."""

    occurred_at: str
    actor: str
    actor_kind: str
    source: str
    action: str
    target: str
    outcome: str
    ref: str
    body: str


def commit(salt: bytes, value: str) -> str:
    """`~` and 43 letters: base64url of HMAC-SHA256(salt, value in UTF-8), without padding."""
    return _MARK + base64.urlsafe_b64encode(hmac.digest(salt, value.encode(), sha256)).rstrip(b"=").decode()


def is_commitment(text: str) -> bool:
    """Whether the text has a commitment's form. In an event's body nothing else ever has it."""
    return _FORM.fullmatch(text) is not None


def seal_value(value: str) -> Sealed:
    """Commit to a value with a salt of its own."""
    salt = secrets.token_bytes(SALT_BYTES)
    return Sealed(commit(salt, value), salt, value)


def seal_body(body: Body, private: Private) -> tuple[Body, tuple[Sealed, ...]]:
    """The body with the private values in it as commitments, and what opens them.

    A plain text with somebody's address in it is sealed as well; so is one that has a commitment's form, so that the form always means
    one thing. A list becomes a list of one commitment, to its items joined by LIST_MARK. Raises NotCanonical for a key given twice, for
    what is no text, and for too long a text.
    """
    posing = {key: value for key, value in body.items() if _is_personal(value)}
    if both := private.keys() & body.keys():
        raise NotCanonical(f"{min(both)} is both private and not")
    whole, sealed = dict(body), list[Sealed]()
    for key, value in {**posing, **private}.items():
        made = [_seal_text(key, text) for text in _texts(key, value)]
        sealed += made
        whole[key] = [one.commitment for one in made] if isinstance(value, (list, tuple)) else made[0].commitment
    return whole, tuple(sealed)


def _texts(key: str, value: object) -> list[object]:
    """What is to be sealed: a value, or a list as one text, so that many short items don't become many long commitments."""
    if not isinstance(value, (list, tuple)):
        return [value]
    for item in value:
        check_text(f"{key}[]", item)
    return [LIST_MARK.join(map(str, value))] if value else []


def might_be_personal(body_text: str) -> bool:
    """Whether some plain value of an event's body may have to be sealed; cheap, and now and then wrongly yes."""
    return "@" in body_text or f'"{_MARK}' in body_text


def _is_personal(value: object) -> bool:
    """Whether a plain value has an address in it, or could be taken for a commitment."""
    if isinstance(value, str):
        return is_commitment(value) or _HAS_ADDRESS.search(value) is not None
    return isinstance(value, (list, tuple)) and any(map(_is_personal, value))


def _seal_text(key: str, value: object) -> Sealed:
    check_text(key, value)
    text = str(value)
    if len(text) > limits.AUDIT_PRIVATE_CHARS:
        raise NotCanonical(f"{key}: a private text has at most {limits.AUDIT_PRIVATE_CHARS} characters")
    return seal_value(text)


def seal(drafts: Sequence[AuditDraft]) -> list[Row]:
    """Store what opens the drafts' private values, and give the rows to be hashed, in the drafts' order. Within the transaction that
    stores the events.

    The names of people, tokens and links are committed to, and addresses in targets and references; what the system itself is called
    stays plain.
    """
    names: set[str] = set()
    private: list[tuple[str, bytes, str, str]] = []
    for draft in drafts:
        if draft.actor_kind != "system":
            names.add(draft.actor)
        if "@" in draft.target or "@" in draft.ref:
            names.update(_ADDRESS.findall(draft.target), _ADDRESS.findall(draft.ref))
    known = _committed(names) if names else {}
    rows = [_row(draft, known) for draft in drafts]
    for draft, row in zip(drafts, rows, strict=True):
        private += [(*one, row.target) for one in draft.private]
    if private:
        with connection.cursor() as cursor:
            cursor.executemany(_PRIVATE, private)
    return rows


def _row(draft: AuditDraft, known: Mapping[str, str]) -> Row:
    actor = draft.actor if draft.actor_kind == "system" else known[draft.actor]
    target, ref = draft.target, draft.ref
    if "@" in target or "@" in ref:
        target, ref = with_names_sealed(target, known), with_names_sealed(ref, known)
    return Row(draft.occurred_at, actor, draft.actor_kind, draft.source, draft.action, target, draft.outcome, ref, draft.body)


def addresses_in(text: str) -> list[str]:
    """The addresses of people in a target or reference."""
    return _ADDRESS.findall(text) if "@" in text else []


def commitments_within(text: str) -> list[str]:
    """The commitments in a target or reference."""
    return _FORM.findall(text) if _MARK in text else []


def with_names_sealed(text: str, known: Mapping[str, str]) -> str:
    """The text with each address as its commitment, where there is one."""
    return _ADDRESS.sub(lambda found: known.get(found.group(), found.group()), text)


def with_names_opened(text: str, known: Mapping[str, Sealed]) -> str:
    """The text with each commitment as the name behind it, where it was not erased."""
    return _FORM.sub(lambda found: known[found.group()].value if found.group() in known else found.group(), text)


class _Names:
    """Commitments that this process has seen stored, by name. Dropped when a name is erased, and now and then, since another process
    may have erased one.
    """

    def __init__(self) -> None:
        self.known: dict[str, str] = {}
        self.since = 0.0


_names = _Names()


def forget_names() -> None:
    """Look every name up anew."""
    _names.known = {}


def _committed(names: set[str]) -> dict[str, str]:
    """Each name's commitment; a name that is new gets its salt here, and several processes may do that at once."""
    now = clock.monotonic()
    if now - _names.since > limits.AUDIT_NAMES_SECONDS or len(_names.known) > limits.AUDIT_NAMES_KEPT:
        _names.known, _names.since = {}, now
    known = _names.known
    if all(name in known for name in names):
        return known
    found = _stored(names)
    known.update(found)  # committed before we came; what is made below may yet be taken back, so it is looked up again next time
    fresh = sorted(names - found.keys())  # in order, so that two transactions never wait for each other
    if fresh:
        made = [seal_value(name) for name in fresh]
        with connection.cursor() as cursor:
            cursor.executemany(_NAME_NEW, [(one.value, one.commitment, one.salt) for one in made])
        found |= _stored(fresh)
    return {**known, **found}


def _stored(names: Iterable[str]) -> dict[str, str]:
    wanted = list(names)
    found: dict[str, str] = {}
    with connection.cursor() as cursor:
        for at in range(0, len(wanted), limits.AUDIT_NAMES_ASKED):
            part = wanted[at : at + limits.AUDIT_NAMES_ASKED]
            cursor.execute(_NAMES_OF.format(marks=", ".join(["%s"] * len(part))), part)
            found.update(cursor.fetchall())
    return found
