"""Identifiers and secrets. Ids sort by the time they were made; secrets don't tell anything. Nothing here is stored."""

import secrets
import threading

from watchbill.base import clock

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_RANDOM_BITS = 80
_ID_LETTERS = 26


class _Last:
    """The last id made, so that ids of one process grow even within a millisecond."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.value = 0


_last = _Last()


def new_id() -> str:
    """A ULID in lower case: 26 letters of Crockford's base 32, 48 bits of milliseconds and 80 random ones; grows within a process."""
    stamp = int(clock.now().timestamp() * 1000) << _RANDOM_BITS
    value = stamp | secrets.randbits(_RANDOM_BITS)
    with _last.lock:
        if value <= _last.value:
            value = _last.value + 1
        _last.value = value
    return "".join(_ALPHABET[(value >> shift) & 31] for shift in range(5 * (_ID_LETTERS - 1), -1, -5))


def new_secret(nbytes: int = 24) -> str:
    """`nbytes` (at least 16) of randomness from the system, as URL-safe base64 without padding. Raises ValueError for fewer."""
    if nbytes < 16:
        raise ValueError("a secret has at least 16 random bytes")
    return secrets.token_urlsafe(nbytes)
