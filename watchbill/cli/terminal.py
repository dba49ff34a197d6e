"""Words for a terminal: foreign text made inert, columns, one way to print JSON. It decides nothing and knows no command.

Whatever came from a file, a package or a person may hold escape sequences or letters that turn the direction of writing; here they
become visible instead of being obeyed.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence


def inert(text: object) -> str:
    """The text on one line, with every letter that a terminal might act on (controls, line breaks, bidi marks) written as its number."""
    shown = str(text)
    return shown if shown.isprintable() else "".join(letter if letter.isprintable() else _number(letter) for letter in shown)


def _number(letter: str) -> str:
    code = ord(letter)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def columns(rows: Iterable[Sequence[object]], indent: str = "  ") -> list[str]:
    """Rows as lines, each column as wide as its widest cell, two blanks between; cells are made inert."""
    cells = [[inert(cell) for cell in row] for row in rows]
    if not cells:
        return []
    widths = [max(len(row[place]) for row in cells) for place in range(len(cells[0]))]
    return [(indent + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))).rstrip() for row in cells]


def say(*lines: str) -> None:
    """Print lines on standard output. They must be inert already: what comes from outside goes through `inert` or `columns`."""
    for line in lines:
        sys.stdout.write(line + "\n")


def warn(*lines: object) -> None:
    """Print lines on standard error, made inert."""
    for line in lines:
        sys.stderr.write(inert(line) + "\n")


def say_json(value: object) -> None:
    """One line of JSON, everything beyond ASCII escaped, so that it is inert too."""
    sys.stdout.write(json.dumps(value) + "\n")


def count(number: int, one: str, many: str = "") -> str:
    """`1 finding`, `1,204 findings`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
