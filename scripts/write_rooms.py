"""Writes docs/rooms.md from the import contract in pyproject.toml and the docstring of each room, so that the map can't
drift from the code.

It decides nothing: the contract says what lies above what, the rooms say what they are for. `--check` only compares, and exits 1
when the page is stale.
"""

import ast
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

TREE = Path(__file__).resolve().parents[1]
PAGE = TREE / "docs" / "rooms.md"

HEAD = """# Rooms and arrows

<!-- Written by scripts/write_rooms.py (make docs) from the import contract and the rooms' own docstrings: change those. -->

**Calls go down, news goes up.** A room imports only rooms in lines below its own; rooms in one line don't know each other. What a lower
room has to tell is a news row written in the same transaction, and upper rooms subscribe to it in their `apps.py`. Foreign keys point
down too. `make check` and `make test` both fail when an import or a key points up.

"""

PLAN = """
## The floor plan of a room

| file | what stands in it |
| --- | --- |
| `rules.py` | pure: frozen values and functions; no Django, clock, I/O or randomness (they are arguments) |
| `models.py` | tables, constraints, indexes, querysets; no decisions; imported only inside the room |
| `services.py` | the verbs, and the only writers: load, decide by rules, write, audit, news |
| `queries.py` | reads for pages, API and other rooms; plain values |
| `jobs.py` | what runs later |
| `apps.py` | subscribes to news, registers jobs and verbs |
| `migrations/` | this room's tables, one line of history |

`__init__.py` holds a docstring and nothing else: a re-export would drag Django into the pure parts. A big room has sub-packages with
the same plan.

## What the contract says

"""


@dataclass(frozen=True)
class Room:
    """One package under watchbill/: its name, the first sentence it says about itself, its sub-packages, and whether code stands in it."""

    name: str
    purpose: str
    parts: tuple[str, ...]
    built: bool


def contracts(tree: Path = TREE) -> list[dict[str, object]]:
    """The import contracts as they stand in pyproject.toml."""
    settings = tomllib.loads((tree / "pyproject.toml").read_text(encoding="utf-8"))
    found: list[dict[str, object]] = settings["tool"]["importlinter"]["contracts"]
    return found


def layers(tree: Path = TREE) -> tuple[tuple[str, ...], ...]:
    """The rooms from the top line to the bottom one; rooms of one line stand side by side."""
    lines = next(c["layers"] for c in contracts(tree) if c["id"] == "rooms")
    assert isinstance(lines, list)
    return tuple(tuple(name.strip() for name in line.split("|")) for line in lines)


def rank(room: str, tree: Path = TREE) -> int:
    """How high a room stands: 0 is the lowest line. Raises StopIteration for a name that is no room."""
    return next(height for height, line in enumerate(reversed(layers(tree))) if room in line)


def purpose_of(package: Path) -> str:
    """What a package says about itself, as one line; empty when it says nothing."""
    docstring = ast.get_docstring(ast.parse((package / "__init__.py").read_text(encoding="utf-8"))) or ""
    return " ".join(docstring.split("\n\n", maxsplit=1)[0].split())


def room(name: str, tree: Path = TREE) -> Room:
    """One room as it stands on disk."""
    package = tree / "watchbill" / name
    parts = tuple(sorted(p.parent.name for p in package.glob("*/__init__.py") if p.parent.name != "migrations"))
    return Room(name, purpose_of(package), parts, has_code(package))


def has_code(package: Path) -> bool:
    """Whether anything but docstrings stands in the package."""
    return any(path.name != "__init__.py" for path in package.rglob("*.py"))


def rows(tree: Path = TREE) -> Iterator[str]:
    """The table of rooms, top line first."""
    yield "| rooms, from the doors down | what for |"
    yield "| --- | --- |"
    for line in layers(tree):
        for name in line:
            here = room(name, tree)
            waiting = "" if here.built else " *Not built yet.*"
            beside = f" (beside {', '.join(f'`{other}`' for other in line if other != name)})" if len(line) > 1 else ""
            yield f"| `{name}`{beside} | {here.purpose}{waiting} |"
            yield from (part_row(name, part, tree) for part in here.parts)
    yield f"| `client`, apart from all | {room('client', tree).purpose} |"


def part_row(name: str, part: str, tree: Path) -> str:
    """The line of one sub-package."""
    package = tree / "watchbill" / name / part
    waiting = "" if has_code(package) else " *Not built yet.*"
    return f"| &nbsp;&nbsp;`{name}/{part}` | {purpose_of(package)}{waiting} |"


def page(tree: Path = TREE) -> str:
    """The whole of docs/rooms.md."""
    promises = "".join(f"- {contract['name']}.\n" for contract in contracts(tree))
    return HEAD + "\n".join(rows(tree)) + "\n" + PLAN + promises


def main(argv: list[str]) -> int:
    """Write the page, or with --check say whether it is stale (1) or fresh (0)."""
    text = page()
    if "--check" in argv:
        fresh = PAGE.exists() and PAGE.read_text(encoding="utf-8") == text
        print("docs/rooms.md is fresh" if fresh else "docs/rooms.md is stale: run make docs")
        return 0 if fresh else 1
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(text, encoding="utf-8")
    print("wrote docs/rooms.md")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
