"""`watchbill packages`: what a reader sees in lockfiles and SBOMs, as JSON lines for scripts. No server, no Django."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from watchbill.cli.terminal import say_json, warn
from watchbill.engines.dependencies import limits
from watchbill.engines.dependencies.packages import Inventory, Unreadable
from watchbill.engines.dependencies.reading import files_beside, read
from watchbill.intake.scans.manifests import find_manifests

HELP = "List the packages of lockfiles and SBOMs, or of all below a folder, as JSON lines; what can't be read is a line with `error`."
EXAMPLE = "watchbill packages poetry.lock services/"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "files", metavar="PATH", nargs="+", type=Path, help="a lockfile, an SBOM, or a folder of them; names say which kind"
    )
    parser.add_argument("--json", action="store_true", help="JSON lines, which it always prints")


def run(arguments: argparse.Namespace) -> int:
    """0 when every file was read, 2 when one was not. Parts of a file that could not be used are told on standard error."""
    code = 0
    for path, root in (found for given in arguments.files for found in _files(given)):
        found = look(path, root)
        if isinstance(found, Unreadable):
            code = 2
            say_json({"file": str(path), "error": found.reason, "where": found.where, "code": found.code})
            continue
        for package in found.packages:
            shown: dict[str, Any] = msgspec.to_builtins(package)
            say_json({**shown, "file": str(path), "kind": found.kind})
        for note in found.notes:
            warn(f"{path}: not looked at: {note.reason}" + (f" ({note.where})" if note.where else ""))
    return code


def _files(given: Path) -> Iterator[tuple[Path, Path | None]]:
    """(file, where it may draw in others, None for its own folder) of a file, or of all below a folder; the folder if there are none."""
    below = list(find_manifests(given)) if given.is_dir() else []
    for found in below:
        yield found.file, found.root
    if not below:
        yield given, None


def look(path: Path, root: Path | None = None) -> Inventory | Unreadable:
    """What the file holds; never more of it than the readers' limit is taken in, whatever kind of file it is."""
    if path.is_dir():
        return Unreadable(reason="no lockfile or SBOM lies in this folder or below", where=str(path), code="unopened")
    try:
        with path.open("rb") as file:
            data = file.read(limits.MAX_LOCKFILE_BYTES + 1)
    except OSError as error:
        return Unreadable(reason=f"cannot be opened: {error.strerror}", where=str(path), code="unopened")
    if len(data) > limits.MAX_LOCKFILE_BYTES:
        return Unreadable(reason=f"larger than {limits.MAX_LOCKFILE_BYTES:,} bytes", where=str(path), code="too_large")
    return read(path.as_posix(), data, files_beside(path, root))
