"""The order of Maven's versions: numbers and qualifiers, of which some words have a place of their own. It reads text only.

A version is cut at dots, dashes and between digits and letters; what means nothing (0, "ga", "final", "release") is dropped at the end,
before a dash and before a qualifier. What may follow, lowest first: alpha, beta, milestone, rc, snapshot, the end, sp, other words, a
number after a dash, a number after a dot.
"""

import re

_VERSION = re.compile(r"[0-9][0-9A-Za-z._+~-]*")
_PIECES = re.compile(r"([.-]?)([0-9]+|[^0-9.-]+|(?=[.-]|\Z))")
_ALIASES = {"cr": "rc", "ga": "", "final": "", "release": ""}
_BEFORE_A_NUMBER = {"a": "alpha", "b": "beta", "m": "milestone"}
_KNOWN = {"alpha": 0, "beta": 1, "milestone": 2, "rc": 3, "snapshot": 4}
_PRE_RELEASE, _END, _WORD, _AFTER_DASH, _AFTER_DOT = range(5)

_Token = tuple[str, int | str]
MavenKey = tuple[tuple[int, int, str], ...]


def maven_key(version: str) -> MavenKey | None:
    """A key that sorts as Maven does; None if the version does not begin with a digit: Maven would order any text at all, "v1.0" and
    "main" before every number, but a guess that such a version is old helps nobody.

    Source: the POM reference, "Version Order Specification", and Maven's `ComparableVersion`. Where the two differ, or differ between
    releases of Maven (a number after a word by a dot, zeros before a dash), this follows the specification.
    """
    tokens = _tokens(version)
    return None if tokens is None else (*map(_place, tokens), (_END, 0, ""))


def maven_spelling(version: str) -> str:
    """One spelling: lower case, without what means nothing, words after a dash. What has no order stays as it is."""
    tokens = _tokens(version)
    if tokens is None:
        return version
    return "".join(f"{mark}{value}" if isinstance(value, int) else f"-{value or 'ga'}" for mark, value in tokens)


def _tokens(version: str) -> list[_Token] | None:
    """(what stands before: a dot, a dash or nothing for the first, number or word), without those that mean nothing."""
    if _VERSION.fullmatch(version) is None:
        return None
    kept: list[_Token] = []
    pieces = _PIECES.findall(version.lower())
    for place, (mark, text) in enumerate(pieces):
        value = _value(text, pieces[place + 1] if place + 1 < len(pieces) else ("", ""))
        token = (mark or ("-" if kept else ""), value)
        if token[0] == "-" or isinstance(value, str):
            _drop_nothings(kept)
        kept.append(token)
    _drop_nothings(kept)
    return kept


def _value(text: str, following: tuple[str, str]) -> int | str:
    if text.isdigit() or not text:
        return int(text or 0)
    goes_on = following[0] == "" and following[1].isdigit()
    return _BEFORE_A_NUMBER.get(text, text) if goes_on and len(text) == 1 else _ALIASES.get(text, text)


def _drop_nothings(tokens: list[_Token]) -> None:
    while len(tokens) > 1 and not tokens[-1][1]:
        tokens.pop()


def _place(token: _Token) -> tuple[int, int, str]:
    mark, value = token
    if isinstance(value, int):
        return (_AFTER_DASH if mark == "-" else _AFTER_DOT), value, ""
    if value in _KNOWN:
        return _PRE_RELEASE, _KNOWN[value], ""
    if not value:
        return _END, 1, ""
    return _WORD, 0 if value == "sp" else 1, value
