"""`watchbill roster import-catalog`: keep what Backstage's catalog-info.yaml files say of ownership. The server reads and checks them."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from pathlib import Path

from watchbill.base import limits
from watchbill.base.problem import Problem, invalid
from watchbill.cli import server
from watchbill.cli.terminal import inert, say, say_json

HELP = "Keep what catalog-info.yaml files say of ownership, all or nothing; the nearest one above a lockfile decides whose it is."
EXAMPLE = "watchbill roster import-catalog . --repo saltmarsh/berth-board --dry-run"

NAMES = ("catalog-info.yaml", "catalog-info.yml")
SKIPPED = frozenset({".git", ".hg", ".svn", ".venv", "venv", "node_modules", "__pycache__", ".tox", "target", "vendor"})
FILE_BYTES = 1024 * 1024
"""More than this of one file is never read; the server's own limit is lower and told in its words."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("paths", metavar="PATH", nargs="+", type=Path, help="a catalog-info.yaml, or a folder that is searched for them")
    parser.add_argument("--repo", metavar="ORG/NAME", default="", help="the repository, where the files don't say it themselves")
    parser.add_argument("--service", metavar="S", default="", help="the service, where its repository is not in the roster")
    parser.add_argument("--prune", action="store_true", help="also remove what was read from files of the repository that are not given")
    parser.add_argument("--dry-run", action="store_true", help="only print what would change")
    parser.add_argument("--json", action="store_true", help="the changes as JSON")


def run(arguments: argparse.Namespace) -> int:
    """0 kept, or nothing to change; a dry run answers 1 when there is something to change. Raises Problem: nothing was changed."""
    found = [file for path in arguments.paths for file in _found(path)]
    if not found:
        raise invalid("path", f"There is no {NAMES[0]} in {', '.join(map(str, arguments.paths))}.", "Name the file itself.")
    payload = {
        "files": [{"place": place, "text": _text(file)} for file, place in found],
        "repo": arguments.repo,
        "service": arguments.service,
        "dry_run": arguments.dry_run,
        "prune": arguments.prune,
    }
    answer = server.call("roster.import_catalog", payload)
    changed = int(answer["changed"])
    if arguments.json:
        say_json(answer)
    else:
        did = "would be changed" if arguments.dry_run else "changed"
        say(*map(inert, answer["lines"]), *(f"Note: {inert(note)}" for note in answer["notes"]))
        say(*(f"The roster doesn't know {inert(owner)}: what it owns goes to the next step." for owner in answer["strangers"]))
        say(f"{changed} {did}." if changed else "Nothing to change.")
    return 1 if arguments.dry_run and changed else 0


def _found(path: Path) -> Iterator[tuple[Path, str]]:
    """(file, place below its repository's top) of a file named, or of each catalog file in a folder; links are passed by."""
    if not path.exists():
        raise invalid("path", f"There is nothing at {path}.", "Name a folder or a catalog-info.yaml.")
    full = path.resolve()
    top = next((one for one in (full, *full.parents) if (one / ".git").exists()), full if full.is_dir() else full.parent)
    if full.is_file():
        yield full, full.relative_to(top).as_posix()
        return
    for where, folders, files in os.walk(full):
        folders[:] = sorted(name for name in folders if name not in SKIPPED)
        name = next((name for name in NAMES if name in files), "")
        file = Path(where, name)
        if name and not file.is_symlink():
            yield file, file.relative_to(top).as_posix()


def _text(file: Path) -> str:
    """The file's text. Raises Problem when it can't be read, is too large, or is no UTF-8."""
    try:
        with file.open("rb") as opened:
            data = opened.read(FILE_BYTES + 1)
        if len(data) > min(FILE_BYTES, limits.VERB_PAYLOAD_BYTES):
            raise invalid(str(file), f"{file} is larger than a catalog file may be.", "Split it: each folder may have its own.")
        return data.decode()
    except OSError as error:
        raise Problem(
            "unreadable", "The catalog file can't be read", f"{file}: {error.strerror}.", remedy="Give files that you may read."
        ) from error
    except UnicodeDecodeError as error:
        raise invalid(str(file), f"{file} is no UTF-8 text: {error.reason} at byte {error.start}.", "Save it as UTF-8.") from error
