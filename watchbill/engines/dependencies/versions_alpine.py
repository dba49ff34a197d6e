"""The order of Alpine's packages, as apk has it, and of the distributions that use apk too. It reads text only.

A version is numbers, one letter, suffixes of fixed names, a commit and a revision: 1.2.3b_rc1~c0ffee-r4. What may follow at any place,
lowest first: a suffix that makes a pre-release, the end, a revision, a commit, a suffix's number, another suffix, a letter, a number.
"""

import re

_PRE = {"alpha": 0, "beta": 1, "pre": 2, "rc": 3}
_POST = {"cvs": 0, "svn": 1, "git": 2, "hg": 3, "p": 4}
_SUFFIX = rf"_(?:{'|'.join((*_PRE, *_POST))})[0-9]*"
_VERSION = re.compile(rf"([0-9]+(?:\.[0-9]+)*)([a-z]?)((?:{_SUFFIX})*)(~[0-9a-f]+)?(?:-r([0-9]+))?")
_READABLE = re.compile(rf"((?:[0-9]+(?:\.[0-9]+)*\.?)?)([a-z]?)((?:{_SUFFIX})*)(~[0-9a-f]+)?(?:(-r)([0-9]*))?")
_ONE_SUFFIX = re.compile(r"_([a-z]+)([0-9]*)")
_PRE_RELEASE, _END, _REVISION, _COMMIT, _SUFFIX_NUMBER, _LATER, _LETTER, _NUMBER = range(8)

AlpineKey = tuple[tuple[int, int, str], ...]


def alpine_key(version: str) -> AlpineKey | None:
    """A key that sorts as apk does; None if it is no version to apk.

    Source: apk-package(5), "pkgver"; apk-tools' `apk_version_compare` (version 3). After the first number, one with a leading zero
    sorts as text and before those without: 1.09 < 1.1. A longer version is newer: 1.0 > 1, 1-r0 > 1.
    """
    found = _VERSION.fullmatch(version)
    if found is None:
        return None
    numbers, letter, suffixes, commit, revision = found.groups()
    return _key(numbers.split("."), letter, suffixes, commit or "", revision)


def compare_malformed(a: str, b: str) -> int | None:
    """-1, 0 or 1 for two texts of which at least one is no version to apk; what apk's own test mode made of them (version 2).

    What can be read of each is compared, a missing revision being r0; then the one with something unreadable left is the older. Two
    that go wrong before their revision are compared as text.
    """
    (first, first_rest, first_broken), (second, second_rest, second_broken) = _readable(a), _readable(b)
    if first_broken and second_broken:
        return int(a > b) - int(a < b)
    if first != second:
        return 1 if first > second else -1
    return int(bool(second_rest)) - int(bool(first_rest))


def _readable(version: str) -> tuple[AlpineKey, str, bool]:
    """(key of what can be read, what is left, whether it goes wrong before a revision)."""
    found = _READABLE.match(version)
    assert found is not None  # it matches the empty text at least
    numbers, letter, suffixes, commit, marked, revision = found.groups()
    rest = version[found.end() :]
    key = _key(numbers.strip(".").split("."), letter, suffixes, commit or "", revision or "0")
    return key, rest, bool(rest) and marked is None


def _key(numbers: list[str], letter: str, suffixes: str, commit: str, revision: str | None) -> AlpineKey:
    row = [(_NUMBER, int(numbers[0] or 0), "")]
    row += [(_NUMBER, -1, one) if one[0] == "0" else (_NUMBER, int(one), "") for one in numbers[1:]]
    if letter:
        row.append((_LETTER, 0, letter))
    for name, number in _ONE_SUFFIX.findall(suffixes):
        row.append((_PRE_RELEASE, _PRE[name], "") if name in _PRE else (_LATER, _POST[name], ""))
        if number:
            row.append((_SUFFIX_NUMBER, int(number), ""))
    if commit:
        row.append((_COMMIT, 0, commit))
    if revision is not None:
        row.append((_REVISION, int(revision), ""))
    return (*row, (_END, 0, ""))
