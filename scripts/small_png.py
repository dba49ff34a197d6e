"""Makes a screenshot small: the same PNG with a palette of at most 256 colours, which is plenty for a page of text on plain grounds.

Colours that cover the most stay exact; rare ones, the soft edges of letters, become the nearest that is kept. It reads only what a browser
writes (8 bits a channel, RGB or RGBA, not interlaced) and says so otherwise.
"""

import struct
import zlib
from collections import Counter
from collections.abc import Iterator

SIGNATURE = b"\x89PNG\r\n\x1a\n"
COLOURS = 256
APART = 40  # squared distance under which two colours look alike
CHANNELS = {2: 3, 6: 4}

Colour = tuple[int, int, int]


def shrink(png: bytes) -> bytes:
    """The same picture in at most 256 colours. ValueError names what it can't read."""
    if not png.startswith(SIGNATURE):
        raise ValueError("not a PNG file")
    parts = list(_chunks(png))
    width, height, depth, kind, _, _, interlaced = struct.unpack(">IIBBBBB", parts[0][1])
    if depth != 8 or kind not in CHANNELS or interlaced:
        raise ValueError(f"a PNG of {depth} bits and colour type {kind}; 8 bits of RGB or RGBA, not interlaced, can be read")
    packed = zlib.decompress(b"".join(body for name, body in parts if name == b"IDAT"))
    rows = [_colours(row, CHANNELS[kind]) for row in _rows(packed, width * CHANNELS[kind], CHANNELS[kind])]
    kept, place = _palette(Counter(colour for row in rows for colour in row))
    lines = b"".join(b"\0" + bytes(place[colour] for colour in row) for row in rows)
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    body = [
        (b"IHDR", header),
        (b"PLTE", bytes(value for colour in kept for value in colour)),
        (b"IDAT", zlib.compress(lines, 9)),
        (b"IEND", b""),
    ]
    return SIGNATURE + b"".join(_chunk(name, data) for name, data in body)


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(SIGNATURE)
    while at < len(png):
        (length,) = struct.unpack_from(">I", png, at)
        yield png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        at += 12 + length


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _rows(packed: bytes, stride: int, step: int) -> Iterator[bytearray]:
    """The rows with their filters undone (PNG, third edition, section 9)."""
    above = bytearray(stride)
    for start in range(0, len(packed), stride + 1):
        row = bytearray(packed[start + 1 : start + 1 + stride])
        _undo(packed[start], row, above, step)
        yield row
        above = row


def _undo(kind: int, row: bytearray, above: bytearray, step: int) -> None:
    if kind == 2:
        for at, up in enumerate(above):
            row[at] = (row[at] + up) & 255
    elif kind:
        for at, up in enumerate(above):
            left, corner = (row[at - step], above[at - step]) if at >= step else (0, 0)
            guess = left if kind == 1 else (left + up) // 2 if kind == 3 else _paeth(left, up, corner)
            row[at] = (row[at] + guess) & 255


def _paeth(left: int, up: int, corner: int) -> int:
    ahead = left + up - corner
    return min((left, up, corner), key=lambda one: abs(ahead - one))


def _colours(row: bytearray, step: int) -> list[Colour]:
    return list(zip(row[0::step], row[1::step], row[2::step], strict=True))


def _palette(counted: Counter[Colour]) -> tuple[list[Colour], dict[Colour, int]]:
    """The colours to keep, most used first, and for every colour the place of the one that stands for it."""
    kept: list[Colour] = []
    place: dict[Colour, int] = {}
    for colour, _ in counted.most_common():
        near = min(range(len(kept)), key=lambda at: _distance(kept[at], colour), default=None)
        if near is None or (len(kept) < COLOURS and _distance(kept[near], colour) > APART):
            kept.append(colour)
            near = len(kept) - 1
        place[colour] = near
    return kept, place


def _distance(one: Colour, other: Colour) -> int:
    return (one[0] - other[0]) ** 2 + (one[1] - other[1]) ** 2 + (one[2] - other[2]) ** 2
