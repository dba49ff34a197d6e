"""The order of RPM's packages (Red Hat, Rocky Linux, AlmaLinux, SUSE and others): epoch, version, release. It reads text only.

Signs other than a tilde and a caret only separate. What may follow, lowest first: a tilde, the end, a caret, letters, a number.
"""

import re

_TOKENS = re.compile(r"~|\^|[A-Za-z]+|[0-9]+")
_EPOCH = re.compile(r"([0-9]*):")
_TILDE, _END, _CARET, _LETTERS, _NUMBER = range(5)

_Row = tuple[tuple[int, int, str], ...]
RpmKey = tuple[int, _Row, int, _Row]


def rpm_key(version: str) -> RpmKey | None:
    """(epoch, version, 1 if it has a release, release); None where the version has no digit, as in "unknown".

    Source: rpm's `rpmvercmp` and `parseEVR`; the release follows the last dash, and any release is newer than none.
    """
    evr = _evr(version)
    return evr if any(one[0] == _NUMBER for one in evr[1]) else None


def compare_rpm_words(a: str, b: str) -> int | None:
    """-1, 0 or 1 by the same rule, for versions of which at least one has no digit: rpm orders them, but nobody should rely on it."""
    first, second = _evr(a), _evr(b)
    return int(first > second) - int(first < second)


def rpm_spelling(version: str) -> str:
    """One spelling: without the epoch 0, unless what follows would read as one."""
    found = _EPOCH.match(version)
    rest = version[found.end() :] if found and int(found[1] or 0) == 0 else version
    return version if _EPOCH.match(rest) else rest


def _evr(version: str) -> RpmKey:
    found = _EPOCH.match(version)
    epoch, rest = (int(found[1] or 0), version[found.end() :]) if found else (0, version)
    plain, dash, release = rest.rpartition("-") if "-" in rest else (rest, "", "")
    return epoch, _row(plain), 1 if dash else 0, _row(release)


def _row(text: str) -> _Row:
    return (*map(_token, _TOKENS.findall(text)), (_END, 0, ""))


def _token(text: str) -> tuple[int, int, str]:
    if text == "~":
        return _TILDE, 0, ""
    if text == "^":
        return _CARET, 0, ""
    return (_NUMBER, int(text), "") if text.isdigit() else (_LETTERS, 0, text)
