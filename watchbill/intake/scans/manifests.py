"""From bytes or a folder to manifests: which files are lockfiles, and what a reader makes of each.

A big or slow file is read in a contained child, so that no upload can hold up a page. Files are only ever opened below the path that
somebody entitled configured; symbolic links are never followed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from watchbill.base import limits
from watchbill.base.sandbox import Burst, run_contained
from watchbill.engines.dependencies.packages import Inventory, Unreadable, nothing_beside, visible
from watchbill.engines.dependencies.reading import files_beside, read, reader_for
from watchbill.intake.scans.reader_child import decode
from watchbill.intake.scans.rules import named_owners
from watchbill.intake.scans.values import ReadManifest, UnreadManifest

_IN_PROCESS_BYTES = 256 * 1024
_SKIPPED_FOLDERS = frozenset({".git", ".hg", ".svn", ".venv", "venv", "node_modules", "__pycache__", ".tox", "target", "vendor"})


@dataclass(frozen=True)
class FoundFile:
    """A file that looks like a manifest: its place below the searched path, with forward slashes, the file, and the path searched."""

    manifest: str
    file: Path
    root: Path


def read_manifest(manifest: str, data: bytes, found: FoundFile | None = None) -> ReadManifest | UnreadManifest:
    """What `data`, called `manifest`, pins; in this process when small, in a contained child otherwise. Never raises on content.

    What a file draws in, such as the go.sum of a go.mod, is opened below the path in which it was `found`, and not at all without that.
    """
    if len(data) > limits.MANIFEST_BYTES:
        return UnreadManifest(manifest, f"larger than {limits.MANIFEST_BYTES // (1024 * 1024)} MiB", "the file's size")
    if len(data) <= _IN_PROCESS_BYTES:
        result = read(manifest, data, files_beside(found.file, found.root) if found else nothing_beside)
    else:
        result = _read_contained(manifest, data, found)
    if isinstance(result, Unreadable):
        return UnreadManifest(manifest, result.reason, result.where)
    notes = tuple(f"{note.where}: {note.reason}" if note.where else note.reason for note in result.notes)
    return ReadManifest(manifest, result.kind, result.packages, notes, named_owners(result.subject))


def _read_contained(name: str, data: bytes, found: FoundFile | None) -> Inventory | Unreadable:
    places = [os.fspath(found.file), os.fspath(found.root)] if found else []
    answer = run_contained("watchbill.intake.scans.reader_child", [name, *places], data)
    if isinstance(answer, Burst):
        return Unreadable(reason=f"the reader {answer.reason}", where="", code="too_large")
    try:
        return decode(answer)
    except (msgspec.MsgspecError, ValueError) as error:
        return Unreadable(reason=f"the reader answered nonsense: {error}", where="", code="shape")


def find_manifests(path: Path) -> Iterator[FoundFile]:
    """Every manifest at or below `path`, in a stable order, at most `limits.MANIFESTS_PER_PATH`; links and installed trees are skipped."""
    if path.is_file():
        yield FoundFile(path.name, path, path.parent)
        return
    found = 0
    for folder, folders, files in os.walk(path, followlinks=False):
        folders[:] = sorted(name for name in folders if name not in _SKIPPED_FOLDERS)
        for name in sorted(files):
            file = Path(folder, name)
            if file.is_symlink() or not file.is_file() or reader_for(file.as_posix(), b"") is None:
                continue
            if _told_elsewhere(name, files, file):
                continue  # twice would be two findings for one problem
            yield FoundFile(visible(file.relative_to(path).as_posix()), file, path)
            found += 1
            if found >= limits.MANIFESTS_PER_PATH:
                return


def _told_elsewhere(name: str, files: list[str], file: Path) -> bool:
    """Whether another file of the same build says what this one would: a go.mod, or the lockfile above `gradle/`."""
    if name == "go.sum":
        return "go.mod" in files
    return name == "verification-metadata.xml" and (file.parent.parent / "gradle.lockfile").is_file()


def read_file(found: FoundFile) -> ReadManifest | UnreadManifest:
    """Read one found file; a file that cannot be opened is an `UnreadManifest`, never an exception."""
    try:
        if found.file.stat().st_size > limits.MANIFEST_BYTES:
            return UnreadManifest(found.manifest, f"larger than {limits.MANIFEST_BYTES // (1024 * 1024)} MiB", "the file's size")
        return read_manifest(found.manifest, found.file.read_bytes(), found)
    except OSError as error:
        return UnreadManifest(found.manifest, f"cannot be opened: {error.strerror}", str(found.file))
