"""The order of Debian's and Ubuntu's packages, as dpkg has it: epoch, upstream version, revision. It reads text only.

A tilde stands before everything, even before the end, letters before all other signs, and digits count as numbers.
"""

import re

_VERSION = re.compile(r"(?:([0-9]+):)?([0-9][0-9A-Za-z.+~:-]*)")
_EPOCH_ZERO = re.compile(r"0+:")
_REVISION = re.compile(r"[0-9A-Za-z.+~]+")
_PIECES = re.compile(r"([^0-9]*)([0-9]*)")
_END = (0,)
_TILDE = -1
_AFTER_LETTERS = 256

_Part = tuple[tuple[int, ...] | int, ...]
DebianKey = tuple[int, _Part, _Part]


def debian_key(version: str) -> DebianKey | None:
    """(epoch, upstream version, revision), each a row of signs and numbers; None if it is none.

    Source: Debian Policy, 5.6.12; deb-version(7); dpkg's `parseversion` and `verrevcmp`. An upstream version that does not begin with a
    digit is warned of there and none here.
    """
    found = _VERSION.fullmatch(version)
    if found is None:
        return None
    epoch, rest = found.groups()
    if ":" in rest and epoch is None:
        return None
    upstream, dash, revision = rest.rpartition("-") if "-" in rest else (rest, "", "")
    if not upstream or (dash and _REVISION.fullmatch(revision) is None):
        return None
    return int(epoch or 0), _part(upstream), _part(revision)


def debian_spelling(version: str) -> str:
    """One spelling: without the epoch 0, unless what follows would read as one."""
    found = _EPOCH_ZERO.match(version)
    return version[found.end() :] if found and ":" not in version[found.end() :] else version


def _part(text: str) -> _Part:
    """Signs and numbers in turn, beginning with signs. No signs at all are the end: they only stand first and last."""
    row: list[tuple[int, ...] | int] = []
    for signs, digits in _PIECES.findall(text):
        if signs or digits or not row:
            row += (*map(_sign, signs), 0), int(digits or 0)
    return (*row, _END)


def _sign(sign: str) -> int:
    if sign == "~":
        return _TILDE
    return ord(sign) if sign.isalpha() else ord(sign) + _AFTER_LETTERS
