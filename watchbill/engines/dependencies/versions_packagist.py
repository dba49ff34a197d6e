"""The order of Packagist's versions, as Composer has it: four numbers, then a stability. It reads text only.

Composer writes a version with four numbers (1.0 is 1.0.0.0) and compares by PHP's `version_compare`, to which, lowest first, come: dev,
alpha, beta, RC, the end, a number, patch. Branches ("dev-main", "1.x-dev") move, so they have no place among versions.
"""

import re
from itertools import zip_longest

_VERSION = re.compile(r"[vV]?([0-9][0-9A-Za-z._:-]*)(?:\+[^\s+]+)?")
_BAD_SEPARATORS = re.compile(r"[._:-](?:[._:-]|\Z)")
_PIECES = re.compile(r"[0-9]+|[A-Za-z]+")
_PHP_VERSION = re.compile(r"[vV]?[0-9][0-9A-Za-z.#+_-]*")
_PHP_PIECES = re.compile(r"[0-9]+|[A-Za-z]+|#")
_DEV, _ALPHA, _BETA, _RC, _END, _NUMBER, _PATCH = range(7)
_WORDS = {"dev": _DEV, "alpha": _ALPHA, "a": _ALPHA, "beta": _BETA, "b": _BETA, "rc": _RC, "pl": _PATCH, "p": _PATCH, "patch": _PATCH}
_NAMES = {_DEV: "dev", _ALPHA: "alpha", _BETA: "beta", _RC: "rc", _PATCH: "patch"}
_BRANCH = "dev-"
_PARTS = 4

_Split = tuple[tuple[int, ...], int | None, tuple[int, ...], bool]
PackagistKey = tuple[tuple[int, int], ...]


def packagist_key(version: str) -> PackagistKey | None:
    """A key that sorts as Composer does once it has normalised; None for branches, words it does not know, and what is no version.

    Source: composer/semver's `VersionParser::normalize` and PHP's `version_compare`. Build metadata does not count. More than four
    numbers, and numbers of more digits than Composer takes, are let through.
    """
    found = _split(version)
    if found is None:
        return None
    numbers, word, more, dev = found
    padded = numbers + (0,) * (_PARTS - len(numbers))
    key = [(_NUMBER, number) for number in padded]
    if word is not None:
        key += [(word, 0), *((_NUMBER, number) for number in more)]
    return (*key, (_DEV, 0), (_END, 0)) if dev else (*key, (_END, 0))


def packagist_spelling(version: str) -> str:
    """One spelling, Composer's normalised form in lower case ("1.0.0.0-beta2"). What has no order stays as it is."""
    found = _split(version)
    if found is None:
        return version
    numbers, word, more, dev = found
    plain = ".".join(map(str, numbers + (0,) * (_PARTS - len(numbers))))
    stability = "" if word is None else f"-{_NAMES[word]}{'.'.join(map(str, more))}"
    return plain + stability + ("-dev" if dev else "")


def compare_as_written(a: str, b: str) -> int:
    """For two versions that Composer takes for one: PHP's answer for the texts as they stand, to which 1.0 is older than 1.0.0.

    Only a tie is broken by it, and only for who asks about two texts: an installed 1.0 is in every range that 1.0.0 is in.
    """
    first, second = _split(a), _split(b)
    if first is None or second is None:
        return 0
    return int(len(first[0]) > len(second[0])) - int(len(first[0]) < len(second[0]))


def compare_odd(a: str, b: str) -> int | None:
    """-1, 0 or 1 for two texts of which at least one has no place: a branch is older than every version (as composer/semver's
    `Comparator` has it), and `#`, which means "any number" to PHP, equals each. None for the rest, two branches among them."""
    branches = a.startswith(_BRANCH), b.startswith(_BRANCH)
    if all(branches):
        return None
    if any(branches):
        known = packagist_key(b if branches[0] else a) is not None
        return (-1 if branches[0] else 1) if known else None
    first, second = _php_pieces(a), _php_pieces(b)
    return None if first is None or second is None else _php_compare(first, second)


def _split(version: str) -> _Split | None:
    """(numbers, stability, numbers after it, whether "-dev" ends it); None where Composer knows no such version."""
    found = _VERSION.fullmatch(version)
    if found is None or _BAD_SEPARATORS.search(found[1]):
        return None
    pieces = _PIECES.findall(found[1].lower())
    dev = pieces[-1] == "dev"
    if dev or pieces[-1] == "stable":
        pieces.pop()
    words = [place for place, piece in enumerate(pieces) if not piece.isdigit()]
    if len(words) > 1 or (words and (pieces[words[0]] not in _WORDS or pieces[words[0]] == "dev")):
        return None
    end = words[0] if words else len(pieces)
    word = _WORDS[pieces[end]] if words else None
    return tuple(map(int, pieces[:end])), word, tuple(map(int, pieces[end + 1 :])), dev


def _php_pieces(version: str) -> list[str] | None:
    if _PHP_VERSION.fullmatch(version) is None:
        return None
    pieces = _PHP_PIECES.findall(version.lower().removeprefix("v"))
    return pieces if all(piece.isdigit() or piece == "#" or piece in _WORDS for piece in pieces) else None


def _php_compare(first: list[str], second: list[str]) -> int:
    for one, other in zip_longest(first, second, fillvalue=""):
        if one.isdigit() and other.isdigit():
            order = int(int(one) > int(other)) - int(int(one) < int(other))
        elif not one or not other:
            order = (1 if one else -1) * _against_the_end(one or other)
        else:
            left, right = _WORDS.get(one, _END), _WORDS.get(other, _END)
            order = int(left > right) - int(left < right)
        if order:
            return order
    return 0


def _against_the_end(piece: str) -> int:
    rank = _NUMBER if piece.isdigit() else _WORDS.get(piece, _END)
    return int(rank > _END) - int(rank < _END)
