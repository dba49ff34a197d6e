"""The order of Semantic Versioning 2.0.0, section 11, for npm, Cargo and Go, and of Go's own release names.

Build metadata does not count, so that Go's `+incompatible` is no difference; a Go pseudo-version is a pre-release like any other.
Strict where the standard is (no leading zeros), except that a `v` in front and missing minor and patch numbers are allowed, as Go does.
"""

import re

_NUMBER = r"(?:0|[1-9][0-9]*)"
_IDENTIFIER = rf"(?:{_NUMBER}|[0-9]*[A-Za-z-][0-9A-Za-z-]*)"
_SEMVER = re.compile(
    rf"v?({_NUMBER})(?:\.({_NUMBER})(?:\.({_NUMBER})(?:-({_IDENTIFIER}(?:\.{_IDENTIFIER})*))?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?)?)?"
)
_GO_RELEASE = re.compile(rf"(?:go)?({_NUMBER})\.({_NUMBER})(?:\.({_NUMBER}))?(?:(rc|beta|alpha)({_NUMBER}))?")

_Identifier = tuple[int, int, str]
SemverKey = tuple[int, int, int, int, tuple[_Identifier, ...]]


def semver_key(version: str) -> SemverKey | None:
    """(major, minor, patch, 1 if released, pre-release identifiers); None if it is no semantic version."""
    found = _SEMVER.fullmatch(version)
    if found is None:
        return None
    major, minor, patch, pre = found.groups()
    identifiers = tuple(map(_identifier, pre.split("."))) if pre else ()
    return int(major), int(minor or 0), int(patch or 0), 0 if pre else 1, identifiers


def go_key(version: str) -> SemverKey | None:
    """As `semver_key`, and the names of Go's own releases ("1.21rc2", "go1.21.3") at their place among them."""
    key = semver_key(version)
    if key is not None:
        return key
    found = _GO_RELEASE.fullmatch(version)
    if found is None:
        return None
    major, minor, patch, stage, number = found.groups()
    identifiers = ((1, 0, stage), (0, int(number), "")) if stage else ()
    return int(major), int(minor), int(patch or 0), 0 if stage else 1, identifiers


def _identifier(text: str) -> _Identifier:
    """Numbers sort as numbers and before words; words by their ASCII characters."""
    return (0, int(text), "") if text.isdigit() else (1, 0, text)
