"""The order of RubyGems' versions, which are rows of numbers and words. It reads text only.

A word stands before every number, so that it makes a pre-release, and a version goes on as if with zeros for ever: 1 = 1.0, 1.0.a < 1 and
1 < 1.0.0.1. That last rule is no order of rows as they stand; each run of zeros is therefore written down by what follows it.
"""

import re

_VERSION = re.compile(r"[0-9]+[0-9A-Za-z]*(?:\.[0-9A-Za-z]+)*(?:-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?")
_SEGMENTS = re.compile(r"[0-9]+|[A-Za-z]+")

# The places of what may follow, lowest first. A longer run of zeros before a word lies nearer to the end of the version, and so does
# one before a number, from the other side.
_WORD, _ZEROS_THEN_WORD, _END, _ZEROS_THEN_NUMBER, _NUMBER = range(5)

RubyGemsKey = tuple[tuple[int, int, str], ...]


def rubygems_key(version: str) -> RubyGemsKey | None:
    """A key that sorts as `Gem::Version` does; None if it is no such version.

    Source: RubyGems' `Gem::Version#<=>` and `#canonical_segments`. A letter right after the first number ("1beta") is refused there when
    a version is made; its order is not in doubt, so it is let through here.
    """
    segments = _segments(version)
    if segments is None:
        return None
    key: list[tuple[int, int, str]] = []
    zeros = 0
    for segment in segments:
        if segment == 0:
            zeros += 1
            continue
        is_word = isinstance(segment, str)
        if zeros:
            key.append((_ZEROS_THEN_WORD, zeros, "") if is_word else (_ZEROS_THEN_NUMBER, -zeros, ""))
            zeros = 0
        key.append((_WORD, 0, segment) if isinstance(segment, str) else (_NUMBER, segment, ""))
    return (*key, (_END, 0, ""))


def rubygems_spelling(version: str) -> str:
    """One spelling: what decides the order, joined by dots. What is no such version stays as it is."""
    segments = _segments(version)
    if segments is None:
        return version
    begins = [] if segments and isinstance(segments[0], int) else ["0"]
    return ".".join([*begins, *map(str, segments)])


def _segments(version: str) -> list[int | str] | None:
    """Numbers and words, without zeros at the end and without zeros before the first word; a dash reads ".pre."."""
    if _VERSION.fullmatch(version) is None:
        return None
    found: list[int | str] = [int(one) if one.isdigit() else one for one in _SEGMENTS.findall(version.replace("-", ".pre."))]
    while found and found[-1] == 0:
        found.pop()
    first_word = next((place for place, one in enumerate(found) if isinstance(one, str)), 0)
    start = first_word
    while start and found[start - 1] == 0:
        start -= 1
    return found[:start] + found[first_word:]
