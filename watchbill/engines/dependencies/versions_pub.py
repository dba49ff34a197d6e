"""The order of Dart's packages: Semantic Versioning with one difference, that build metadata counts. It reads text only."""

import re

_IDENTIFIERS = r"[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*"
_VERSION = re.compile(rf"v?([0-9]+)(?:\.([0-9]+)(?:\.([0-9]+)(?:-({_IDENTIFIERS}))?(?:\+({_IDENTIFIERS}))?)?)?")

_Identifier = tuple[int, int, str]
PubKey = tuple[int, int, int, int, tuple[_Identifier, ...], tuple[_Identifier, ...]]


def pub_key(version: str) -> PubKey | None:
    """(major, minor, patch, 1 if released, pre-release identifiers, build identifiers); None if it is none.

    Source: Dart's pub_semver (`Version.compareTo`): as SemVer 2.0.0, and 1.0.0 < 1.0.0+1 < 1.0.0+a. Leading zeros are let through there
    and here; a `v` in front and missing minor and patch numbers only here, as in our other orders of this kind.
    """
    found = _VERSION.fullmatch(version)
    if found is None:
        return None
    major, minor, patch, pre, build = found.groups()
    return int(major), int(minor or 0), int(patch or 0), 0 if pre else 1, _identifiers(pre), _identifiers(build)


def pub_spelling(version: str) -> str:
    """One spelling: without a `v` in front. The build stays, for it makes another version."""
    return version[1:] if version[:1] in ("v", "V") else version


def _identifiers(text: str | None) -> tuple[_Identifier, ...]:
    """Numbers sort as numbers and before words; words by their ASCII characters."""
    return tuple((0, int(one), "") if one.isdigit() else (1, 0, one) for one in text.split(".")) if text else ()
