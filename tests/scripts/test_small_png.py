"""Pictures made small: the same picture to the eye, exact where it is plain, and honest about what it can't read."""

from __future__ import annotations

import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as some

from scripts.small_png import SIGNATURE, shrink

Pixels = list[list[tuple[int, int, int]]]


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def guess(kind: int, left: int, up: int, corner: int) -> int:
    """What each filter of the PNG specification expects at a byte."""
    if kind == 4:
        ahead = left + up - corner
        apart = [abs(ahead - left), abs(ahead - up), abs(ahead - corner)]
        return (left, up, corner)[apart.index(min(apart))]
    return (0, left, up, (left + up) // 2)[kind]


def png(rows: Pixels, kinds: list[int], *, depth: int = 8) -> bytes:
    """An RGB picture whose rows are filtered as asked, as a browser's encoder might."""
    lines, above = b"", [0] * (3 * len(rows[0]))
    for row, kind in zip(rows, kinds, strict=True):
        flat = [value for pixel in row for value in pixel]
        before = [0, 0, 0, *flat]
        corners = [0, 0, 0, *above]
        lines += bytes([kind]) + bytes((value - guess(kind, before[at], above[at], corners[at])) & 255 for at, value in enumerate(flat))
        above = flat
    header = struct.pack(">IIBBBBB", len(rows[0]), len(rows), depth, 2, 0, 0, 0)
    return SIGNATURE + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")


def read_back(small: bytes) -> Pixels:
    """The pixels of a palette picture without filters."""
    at, parts = len(SIGNATURE), {}
    while at < len(small):
        (length,) = struct.unpack_from(">I", small, at)
        name, data = small[at + 4 : at + 8], small[at + 8 : at + 8 + length]
        assert struct.unpack_from(">I", small, at + 8 + length)[0] == zlib.crc32(name + data)
        parts[name] = data
        at += 12 + length
    width, height, depth, kind = struct.unpack_from(">IIBB", parts[b"IHDR"])
    assert (depth, kind) == (8, 3)
    palette = [tuple(parts[b"PLTE"][one : one + 3]) for one in range(0, len(parts[b"PLTE"]), 3)]
    flat = zlib.decompress(parts[b"IDAT"])
    return [[palette[value] for value in flat[row * (width + 1) + 1 : (row + 1) * (width + 1)]] for row in range(height)]  # type: ignore[misc]


FAR_APART = some.tuples(*[some.sampled_from([0, 60, 120, 180, 240])] * 3)


@given(data=some.data(), width=some.integers(1, 6), kinds=some.lists(some.integers(0, 4), min_size=1, max_size=6))
def test_few_colours_stay_exact_whatever_the_filters(data: some.DataObject, width: int, kinds: list[int]) -> None:
    rows = data.draw(some.lists(some.lists(FAR_APART, min_size=width, max_size=width), min_size=len(kinds), max_size=len(kinds)))
    assert read_back(shrink(png(rows, kinds))) == rows


@given(data=some.data(), width=some.integers(1, 40))
def test_no_colour_moves_far_while_there_is_room(data: some.DataObject, width: int) -> None:
    row = data.draw(some.lists(some.tuples(*[some.integers(0, 255)] * 3), min_size=width, max_size=width))
    [small] = read_back(shrink(png([row], [0])))
    assert all(sum((a - b) ** 2 for a, b in zip(one, other, strict=True)) <= 40 for one, other in zip(row, small, strict=True))


def test_more_colours_than_fit_still_make_a_picture() -> None:
    row = [(red * 8, green * 8, 0) for red in range(32) for green in range(32)]
    [small] = read_back(shrink(png([row], [1])))
    assert len(set(small)) == 256


def test_the_ground_of_a_page_stays_exact() -> None:
    ground, ink = (245, 246, 247), (20, 30, 40)
    rows = [[ground] * 50, [ground] * 20 + [(shade, shade, shade) for shade in range(0, 250, 10)] + [ink] * 5]
    small = read_back(shrink(png(rows, [2, 4])))
    assert small[0] == rows[0]


def test_what_is_no_png_is_refused() -> None:
    with pytest.raises(ValueError, match="not a PNG"):
        shrink(b"GIF89a")


def test_sixteen_bits_are_refused_by_name() -> None:
    with pytest.raises(ValueError, match="16 bits"):
        shrink(png([[(0, 0, 0)]], [0], depth=16))
