"""Bytes to text and lines, within limits; every other notation starts here. It knows no file format."""

import codecs
import re
from collections.abc import Iterator

from watchbill.engines.dependencies import limits
from watchbill.engines.dependencies.packages import RefusedError

_WIDE_MARKS = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_CONFLICT = re.compile(r"^(?:<{7}|>{7}) ", re.MULTILINE)


def text_of(data: bytes, most: int = limits.MAX_LOCKFILE_BYTES) -> str:
    """UTF-8 text, a byte order mark left out. Raises RefusedError: too_large, encoding with the place, syntax for merge conflicts."""
    check_size(data, most)
    if data.startswith(_WIDE_MARKS):
        raise RefusedError("encoding", "the file is UTF-16 or UTF-32; it has to be UTF-8", "its first bytes")
    if 0 in data:
        raise RefusedError("encoding", "the file holds NUL bytes, so it is no text", f"byte {data.index(0) + 1}")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RefusedError("encoding", "the file is not UTF-8", f"byte {error.start + 1}") from None
    if found := _CONFLICT.search(text):
        line = text.count("\n", 0, found.start()) + 1
        raise RefusedError("syntax", "the file holds an unresolved merge conflict", f"line {line}")
    return text


def check_size(data: bytes, most: int) -> None:
    """Raises RefusedError too_large past `most` bytes."""
    if len(data) > most:
        raise RefusedError("too_large", f"the file is larger than {most // (1024 * 1024)} MiB")


def lines_of(text: str) -> Iterator[tuple[int, str]]:
    """(number from 1, line without its end) for LF and CRLF files. Raises RefusedError too_large for too many or too long lines."""
    if text.count("\n") > limits.MAX_LINES:
        raise RefusedError("too_large", f"the file has more than {limits.MAX_LINES:,} lines")
    start, number = 0, 0
    while start < len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        number += 1
        if end - start > limits.MAX_LINE_CHARS:
            raise RefusedError("too_large", f"a line is longer than {limits.MAX_LINE_CHARS:,} characters", f"line {number}")
        yield number, text[start:end].rstrip("\r")
        start = end + 1
