"""The file witness: appends each checkpoint to a file out of the administrator's reach (another machine's mount, an append-only medium),
and reads them back.

It never rewrites or shortens the file; text that is no complete checkpoint is passed over, so a torn last line can't hide the ones
before it.
"""

import os
from pathlib import Path

from watchbill.base import limits
from watchbill.base.datadir import fsync_folder
from watchbill.base.handover import Gone, Handover, Lost, WitnessFailed, WitnessInfo, notes_in
from watchbill.base.settings import WitnessSettings

INFO = WitnessInfo(
    name="file",
    title="A file on a disk that only adds",
    settings=("file",),
    confirms=True,
    reads_back=True,
    example='file = "/mnt/append-only/watchbill-checkpoints"',
)


def place(own: WitnessSettings) -> str:
    """The file's path."""
    return own.file


def hand_over(given: Handover, own: WitnessSettings) -> None:
    """Append it, durably."""
    try:
        for text in given.texts():
            append(Path(own.file), text)
    except OSError as error:
        raise WitnessFailed(error.strerror or str(error)) from error


def read_back(own: WitnessSettings) -> list[str]:
    """The file's checkpoints; the last 64 MiB of it."""
    try:
        return notes(Path(own.file))
    except FileNotFoundError as error:
        raise Gone(f"the witness file {own.file} is gone") from error
    except OSError as error:
        raise Lost(f"the witness file {own.file} can't be read: {error.strerror}") from error


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
        return notes_in(stream.read().decode(errors="replace"))
