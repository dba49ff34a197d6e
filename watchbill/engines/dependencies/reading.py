"""Which reader reads a file, and reading it: any bytes give an inventory or a sentence on why not, never an exception.

Readers are found by walking the `readers` package. What another file holds is only looked at through `Beside`; `files_beside` is the one
that opens files, and it never leaves the folder it was given.
"""

import codecs
import importlib
import logging
import pkgutil
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Protocol, cast

from watchbill.engines.dependencies import limits, readers
from watchbill.engines.dependencies.packages import Beside, Inventory, ReaderInfo, RefusedError, Unreadable, nothing_beside, shortened

_log = logging.getLogger(__name__)
_MAY_BE_BLANK = (".lock", ".mod", ".sum", ".yaml", ".yml")


class Reader(Protocol):
    """What a module of the `readers` package offers."""

    INFO: ReaderInfo

    def sniff(self, head: bytes) -> bool:
        """Whether bytes that begin so are this reader's."""

    def read(self, filename: str, data: bytes, beside: Beside) -> Inventory:
        """The packages of the file; raises RefusedError."""


@cache
def _readers() -> tuple[Reader, ...]:
    names = sorted(module.name for module in pkgutil.iter_modules(readers.__path__))
    return tuple(cast(Reader, importlib.import_module(f"{readers.__name__}.{name}")) for name in names)


def kinds() -> tuple[ReaderInfo, ...]:
    """Every reader's description, by name."""
    return tuple(reader.INFO for reader in _readers())


def reader_for(filename: str, head: bytes) -> ReaderInfo | None:
    """The reader of a file named so (a path will do) that begins so: by exact name, then content, then pattern; None if nobody's."""
    found = _choose(filename, head)
    return found.INFO if found else None


def read(filename: str, data: bytes, beside: Beside = nothing_beside) -> Inventory | Unreadable:
    """The packages that a file's bytes name, or why they can't be read; nothing is raised whatever the bytes are.

    `beside` opens the files that this one draws in (`-r base.txt`, the go.sum of a go.mod); without it they become notes.
    """
    reader = _choose(filename, data[: limits.HEAD_BYTES])
    if reader is None:
        return _unclaimed(filename, data)
    try:
        return reader.read(filename, data, beside)
    except RefusedError as refusal:
        return refusal.unreadable
    except RecursionError:
        return Unreadable(reason=f"the file nests deeper than {limits.MAX_DEPTH} levels", where="", code="too_deep")
    except Exception as fault:  # noqa: BLE001 - a reader's own fault must count as "not looked at", never as clean, and never stop a scan
        _log.exception("the %s reader failed", reader.INFO.name)
        return Unreadable(
            reason=f"the {reader.INFO.name} reader failed on this file ({type(fault).__name__})", where="", code="reader_failed"
        )


def read_go(mod: bytes, sums: bytes | None) -> Inventory | Unreadable:
    """A go.mod together with the go.sum of the same name, None where there is none."""
    return read("go.mod", mod, lambda name: sums)


def files_beside(path: Path, root: Path | None = None) -> Beside:
    """Opens what the file at `path` draws in, as long as it lies under `root` (the file's own folder if not given), links followed.

    What is absent, outside, no plain file or larger than MAX_LOCKFILE_BYTES is None.
    """
    folder = path.resolve().parent
    bounds = folder if root is None else root.resolve()

    def opened(name: str) -> bytes | None:
        try:
            target = (folder / name).resolve()
            if not target.is_relative_to(bounds) or not target.is_file() or target.stat().st_size > limits.MAX_LOCKFILE_BYTES:
                return None
            return target.read_bytes()
        except (OSError, ValueError, RuntimeError):
            return None

    return opened


def _choose(filename: str, head: bytes) -> Reader | None:
    path = PurePosixPath(filename.replace("\\", "/").lower())
    by_name = next((r for r in _readers() if path.name in (name.lower() for name in r.INFO.files)), None)
    if by_name:
        return by_name
    plain = head.removeprefix(codecs.BOM_UTF8)
    by_content = next((r for r in _readers() if r.sniff(plain)), None)
    if by_content:
        return by_content
    last_two = "/".join(path.parts[-2:])
    return next((r for r in _readers() if any(fnmatchcase(last_two, p) or fnmatchcase(path.name, p) for p in r.INFO.patterns)), None)


def _unclaimed(filename: str, data: bytes) -> Inventory | Unreadable:
    """No reader's: a lockfile-like name with nothing but comments in it holds no packages; anything else can't be read."""
    name = PurePosixPath(filename.replace("\\", "/")).name
    lines = data[: limits.HEAD_BYTES].splitlines() if len(data) < limits.HEAD_BYTES else [data[:1]]
    if name.lower().endswith(_MAY_BE_BLANK) and all(not line.strip() or line.lstrip().startswith(b"#") for line in lines):
        return Inventory(kind="blank", packages=())
    return Unreadable(reason="no reader knows this kind of file", where=shortened(name, 200), code="unsupported")
