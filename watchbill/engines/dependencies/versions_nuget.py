"""The order of NuGet's versions: Semantic Versioning 2.0.0 with a fourth number, and without regard to case. It reads text only."""

import re

_IDENTIFIER = r"(?:0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)"
_VERSION = re.compile(
    rf"([0-9]+)(?:\.([0-9]+))?(?:\.([0-9]+))?(?:\.([0-9]+))?(?:-({_IDENTIFIER}(?:\.{_IDENTIFIER})*))?"
    r"(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?"
)
_NUMBER = re.compile(r"-?[0-9]+")
_LEAST, _MOST = -(2**31), 2**31 - 1

_Identifier = tuple[int, int, str]
NuGetKey = tuple[tuple[int, int, int, int], int, tuple[_Identifier, ...]]


def nuget_key(version: str) -> NuGetKey | None:
    """(four numbers, 1 if released, pre-release identifiers); None if it is none. Build metadata does not count.

    Source: NuGet.Client's `NuGetVersion.TryParse` and `VersionComparer` (VersionRelease). An identifier that is no 32-bit number is a
    word there, a sign included, and so it is here; the four numbers may be longer here.
    """
    found = _VERSION.fullmatch(version)
    if found is None:
        return None
    *numbers, pre = found.groups()
    major, minor, patch, revision = (int(one or 0) for one in numbers)
    identifiers = tuple(map(_identifier, pre.lower().split("."))) if pre else ()
    return (major, minor, patch, revision), 0 if pre else 1, identifiers


def nuget_spelling(version: str) -> str:
    """One spelling, NuGet's normalised form in lower case: three numbers, a fourth that is not zero, no build metadata."""
    found = _VERSION.fullmatch(version)
    if found is None:
        return version
    *numbers, pre = found.groups()
    parts = [int(one or 0) for one in numbers]
    plain = ".".join(map(str, parts if parts[3] else parts[:3]))
    return f"{plain}-{pre.lower()}" if pre else plain


def _identifier(text: str) -> _Identifier:
    """Numbers sort as numbers and before words; words by their characters in lower case."""
    if _NUMBER.fullmatch(text) and _LEAST <= int(text) <= _MOST:
        return 0, int(text), ""
    return 1, 0, text
