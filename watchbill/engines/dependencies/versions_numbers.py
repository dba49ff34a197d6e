"""The orders that are rows of whole numbers: CRAN's and Hackage's. It knows no words and no pre-releases, because they have none.

A longer row is newer than the row it goes on from, zeros included: 1.0.0 is newer than 1.0. Numbers are compared as numbers however long.
"""

import re

_CRAN = re.compile(r"[0-9]+(?:[.-][0-9]+)*")
_HACKAGE = re.compile(r"(?:0|[1-9][0-9]*)(?:\.(?:0|[1-9][0-9]*))*")

NumbersKey = tuple[int, ...]


def cran_key(version: str) -> NumbersKey | None:
    """The numbers of a CRAN version, a dash being the same as a dot; None if it is none.

    Source: R's `numeric_version` ("Writing R Extensions", 1.1.1: numbers separated by `.` or `-`); so that 0.9 < 0.75 and 0.01 = 0.1.
    """
    return _numbers(version.replace("-", ".")) if _CRAN.fullmatch(version) else None


def cran_spelling(version: str) -> str:
    """One spelling: dots only, no leading zeros. What is no CRAN version stays as it is."""
    key = cran_key(version)
    return version if key is None else ".".join(map(str, key))


def hackage_key(version: str) -> NumbersKey | None:
    """The numbers of a Hackage version; None if it is none, or one with leading zeros, which Cabal refuses.

    Source: the Haskell Package Versioning Policy and Cabal's `Distribution.Types.Version` (`Ord` of the list of numbers).
    """
    return _numbers(version) if _HACKAGE.fullmatch(version) else None


def _numbers(version: str) -> NumbersKey:
    return tuple(map(int, version.split(".")))
