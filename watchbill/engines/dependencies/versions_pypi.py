"""The order of PyPI's versions: PEP 440 as `packaging` has it, and what can be said about versions older than that standard.

Some 80 versions that advisories list are no PEP 440 versions ("0.7.10p1", "0.1-bulbasaur", "2013-01-21T20:33:09+0100"). The rule
before it, `LegacyVersion`, put all of them before every PEP 440 version, so that "4.11-final" counted as older than "1.0". Here an
old version is placed only where its leading numbers settle the question; "2.0-final" against "2.0" is unknown.
"""

import re

from packaging.version import InvalidVersion, Version

# A release number, which may be missing before a dash, then a suffix that PEP 440 does not know.
_LEGACY = re.compile(r"(?P<release>[0-9]+(?:\.[0-9]+)*)?(?P<suffix>(?(release)|-)[-_.+a-z0-9:]*)", re.IGNORECASE)
_PIECES = re.compile(r"[0-9]+|[a-z]+|-", re.IGNORECASE)
_PRE_RELEASE_WORDS = {"pre": "c", "preview": "c", "rc": "c", "dev": "@", "-": "final-"}

_NO_NUMBER: tuple[int, ...] = ()
_Placed = tuple[tuple[int, ...], tuple[str, ...] | None]


def pypi_key(version: str) -> Version | None:
    """The PEP 440 version, which sorts; None if it is none."""
    try:
        return Version(version)
    except InvalidVersion:
        return None


def compare_legacy(a: str, b: str) -> int | None:
    """-1, 0 or 1 for two PyPI versions of which at least one is older than PEP 440; None where its numbers don't settle it.

    Two old versions with the same numbers are ordered by their suffix, piece by piece, as setuptools' `parse_version` did.
    """
    first, second = _placed(a), _placed(b)
    if first is None or second is None:
        return None
    if first[0] == second[0]:
        if first[1] is None or second[1] is None:
            return None
        return int(first[1] > second[1]) - int(first[1] < second[1])
    if _goes_on_from(first, second) or _goes_on_from(second, first):
        return None
    return -1 if first[0] < second[0] else 1


def _goes_on_from(old: _Placed, other: _Placed) -> bool:
    """Whether the numbers of `other` only begin to differ where an old version's suffix stands: "2013-05-09" and "2013.1"."""
    shared = len(old[0])
    return old[1] is not None and old[0] != _NO_NUMBER and other[0][:shared] == old[0]


def _placed(version: str) -> _Placed | None:
    """(epoch and release numbers without trailing zeros, pieces of the suffix or None for PEP 440 versions)."""
    key = pypi_key(version)
    if key is not None:
        return _without_zeros((key.epoch, *key.release)), None
    found = _LEGACY.fullmatch(version)
    if found is None:
        return None
    numbers = found["release"]
    # No number at all stands before the release 0, which is (0, 0) with its epoch.
    release = _NO_NUMBER if numbers is None else _without_zeros((0, *map(int, numbers.split("."))))
    return release, _suffix_pieces(found["suffix"])


def _without_zeros(numbers: tuple[int, ...]) -> tuple[int, ...]:
    while len(numbers) > 2 and numbers[-1] == 0:
        numbers = numbers[:-1]
    return numbers


def _suffix_pieces(suffix: str) -> tuple[str, ...]:
    pieces = []
    for piece in _PIECES.findall(suffix.lower()):
        word = _PRE_RELEASE_WORDS.get(piece, piece)
        pieces.append(word.zfill(8) if word[:1].isdigit() else "*" + word)
    return (*pieces, "*final")
