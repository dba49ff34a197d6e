"""The file witness: appends each checkpoint to a file out of the administrator's reach (another machine's mount, an append-only
medium), and reads them back.

It never rewrites or shortens the file; text that is no complete checkpoint is passed over, so a torn last line can't hide the ones
before it.
"""

import os
import re
from pathlib import Path

from watchbill.base import limits
from watchbill.base.datadir import fsync_folder
from watchbill.base.settings import settings

_NOTE = re.compile(r"^[^\n]+\n[0-9]+\n[A-Za-z0-9+/=]+\n\n(?:\N{EM DASH} [^\n]+\n)+", re.MULTILINE)


def path() -> Path | None:
    """The configured file, None when there is no witness."""
    name = settings().witness.file
    return Path(name) if name else None


def append(file: Path, note: str) -> None:
    """Add one checkpoint, durably. Raises OSError."""
    made = not file.exists()
    descriptor = os.open(file, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)
    with os.fdopen(descriptor, "r+b", buffering=0) as out:
        size = out.seek(0, os.SEEK_END)
        torn = False
        if size:
            out.seek(-1, os.SEEK_END)
            torn = out.read(1) != b"\n"
        out.write((("\n\n" if torn else "") + note + "\n").encode())
        os.fsync(out.fileno())
    if made:
        fsync_folder(file.parent)


def notes(file: Path) -> list[str]:
    """Every complete note in the file, oldest first, signatures unchecked; the last 64 MiB of it. Raises OSError."""
    with file.open("rb") as stream:
        size = stream.seek(0, os.SEEK_END)
        stream.seek(max(0, size - limits.WITNESS_FILE_BYTES))
        text = stream.read().decode(errors="replace")
    return _NOTE.findall(text)
