"""Yields the advisories of a zip, a directory or one file, bytes by bytes, within named limits; it unpacks nothing to disk.

An archive that is damaged, or that tries anything (names that climb out, symbolic links, an archive within, sizes that
lie, a bomb), is refused whole by `LoadRefused`, so that the caller can undo all of it. Symbolic links inside a
directory are not followed; they are yielded as refusals.
"""

import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from watchbill.engines.dependencies import store_limits as limits
from watchbill.engines.dependencies.packages import Unreadable

_NESTED = (".zip", ".gz", ".tgz", ".bz2", ".xz", ".zst", ".7z", ".tar", ".rar")
_END_RECORD = struct.Struct("<4s4H2LH")
_END64 = struct.Struct("<4sQ2H2L4Q")
_END64_PLACE = struct.Struct("<4sLQL")

_DAMAGE = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError, RuntimeError, ValueError, OverflowError, OSError)
"""All that zipfile and our own look at a broken archive can raise."""

Item = tuple[str, bytes | Unreadable]
"""Where it lies, and its bytes or why they were not read."""


class LoadRefused(Exception):
    """A whole source was refused, and nothing of the load it belongs to was kept. `unreadable` says what, where, why."""

    def __init__(self, code: str, reason: str, where: str) -> None:
        super().__init__(f"{where}: {reason}")
        self.unreadable = Unreadable(reason, where, code)


class Budget:
    """What one load may still unpack, over all its sources together."""

    def __init__(self, total: int) -> None:
        self.left = total

    def spend(self, size: int, where: str) -> None:
        """Take `size` bytes off, or raise LoadRefused (too_large)."""
        self.left -= size
        if self.left < 0:
            raise LoadRefused("too_large", f"unpacks to more than {limits.MAX_TOTAL_BYTES:,} bytes in all", where)


def read_source(path: Path, budget: Budget) -> Iterator[Item]:
    """Every advisory of one source. Raises LoadRefused: missing, not_a_file, empty, too_large, bad_archive,
    unsafe_archive."""
    try:
        mode = path.stat().st_mode
    except OSError as error:
        raise LoadRefused("missing", f"can't be opened: {error.strerror}", str(path)) from None
    if stat.S_ISDIR(mode):
        yield from _read_directory(path, budget)
    elif not stat.S_ISREG(mode):
        raise LoadRefused("not_a_file", "is neither a file nor a directory", str(path))
    elif path.suffix.lower() == ".zip" or _begins_as_zip(path):
        yield from _read_zip(path, budget)
    else:
        yield str(path), _read_file(path, budget)


def check_archive(path: Path) -> int:
    """Unpack every member of a zip and throw it away, so that each CRC and length was compared; how many files it holds. Raises
    LoadRefused: missing, empty, too_large, bad_archive, unsafe_archive."""
    where = str(path)
    budget = Budget(limits.MAX_TOTAL_BYTES)
    try:
        _check_directory(path)
        with zipfile.ZipFile(path) as archive:
            members = _checked_members(archive, where)
            for member in members:
                with archive.open(member) as stream:
                    while piece := stream.read(limits.PIECE_BYTES):
                        budget.spend(len(piece), where)
    except _DAMAGE as error:
        raise LoadRefused("bad_archive", f"the archive is damaged or of a kind we don't read ({error})", where) from error
    return len(members)


def read_bounded(path: Path, limit: int) -> bytes:
    """The whole of one regular file of at most `limit` bytes, or LoadRefused (missing, not_a_file, too_large)."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise LoadRefused("not_a_file", "is not a regular file", str(path))
        with path.open("rb") as stream:
            data = stream.read(limit + 1)
    except OSError as error:
        raise LoadRefused("missing", f"can't be read: {error.strerror}", str(path)) from None
    if len(data) > limit:
        raise LoadRefused("too_large", f"more than {limit:,} bytes", str(path))
    return data


def _begins_as_zip(path: Path) -> bool:
    return read_head(path, 4) in (b"PK\x03\x04", b"PK\x05\x06")


def read_head(path: Path, size: int) -> bytes:
    """The first bytes of a file, or LoadRefused (missing)."""
    try:
        with path.open("rb") as stream:
            return stream.read(size)
    except OSError as error:
        raise LoadRefused("missing", f"can't be read: {error.strerror}", str(path)) from None


def _read_file(path: Path, budget: Budget) -> bytes | Unreadable:
    try:
        data = read_bounded(path, limits.MAX_ADVISORY_BYTES)
    except LoadRefused as refused:
        return refused.unreadable
    budget.spend(len(data), str(path))
    return data


def _read_directory(root: Path, budget: Budget) -> Iterator[Item]:
    """JSON files at any depth and zips, in order of name; links are not followed, other files are not ours."""
    seen = 0
    for folder, folders, files in os.walk(root, followlinks=False):
        folders.sort()
        for name in sorted([*files, *(item for item in folders if (Path(folder) / item).is_symlink())]):
            path = Path(folder) / name
            if path.is_symlink():
                yield str(path), Unreadable("a symbolic link; links in a directory are not followed", str(path), "symbolic_link")
                continue
            if path.suffix.lower() not in (".json", ".zip"):
                continue
            seen += 1
            if seen > limits.MAX_MEMBERS:
                raise LoadRefused("too_large", f"more than {limits.MAX_MEMBERS:,} files", str(root))
            if path.suffix.lower() == ".zip":
                yield from _read_zip(path, budget)
            else:
                yield str(path), _read_file(path, budget)
    if not seen:
        raise LoadRefused("empty", "holds no .json file and no .zip", str(root))


def _read_zip(path: Path, budget: Budget) -> Iterator[Item]:
    where = str(path)
    try:
        _check_directory(path)
        with zipfile.ZipFile(path) as archive:
            members = _checked_members(archive, where)
            for member in members:
                yield f"{where}:{member.filename}", _read_member(archive, member, where, budget)
    except _DAMAGE as error:
        raise LoadRefused("bad_archive", f"the archive is damaged or of a kind we don't read ({error})", where) from error


def _check_directory(path: Path) -> None:
    """Bound the central directory before zipfile reads it whole. Source: APPNOTE 6.3.10, sections 4.3.14 to 4.3.16."""
    size = path.stat().st_size
    if size > limits.MAX_ARCHIVE_BYTES:
        raise LoadRefused("too_large", f"{size:,} bytes; an archive may have {limits.MAX_ARCHIVE_BYTES:,}", str(path))
    with path.open("rb") as stream:
        stream.seek(max(0, size - _END_RECORD.size - 65_535 - _END64_PLACE.size))
        tail = stream.read()
        place = tail.rfind(b"PK\x05\x06")
        if place < 0 or len(tail) - place < _END_RECORD.size:
            raise zipfile.BadZipFile("it has no end; it may have been cut short")
        directory = int(_END_RECORD.unpack_from(tail, place)[5])
        if directory == 0xFFFFFFFF and place >= _END64_PLACE.size:
            stream.seek(_END64_PLACE.unpack_from(tail, place - _END64_PLACE.size)[2])
            directory = int(_END64.unpack(stream.read(_END64.size))[8])
    if directory > limits.MAX_DIRECTORY_BYTES:
        raise LoadRefused("too_large", f"its table of contents has {directory:,} bytes", str(path))


def _checked_members(archive: zipfile.ZipFile, where: str) -> list[zipfile.ZipInfo]:
    members = archive.infolist()
    if len(members) > limits.MAX_MEMBERS:
        raise LoadRefused("too_large", f"{len(members):,} members; an archive may have {limits.MAX_MEMBERS:,}", where)
    for member in members:
        _check_member(member, where)
    files = [member for member in members if not member.is_dir()]
    if not files:
        raise LoadRefused("empty", "the archive holds no file", where)
    return files


def _check_member(member: zipfile.ZipInfo, where: str) -> None:
    # orig_filename is the name as it stands in the archive; filename has been cut at a NUL already
    name = member.orig_filename
    here = f"{where}:{name!r}"
    parts = PurePosixPath(name.replace("\\", "/")).parts
    if name.startswith(("/", "\\")) or ".." in parts or (len(name) > 1 and name[1] == ":") or "\0" in name:
        raise LoadRefused("unsafe_archive", "a member's name points outside the archive", here)
    kind = stat.S_IFMT(member.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise LoadRefused("unsafe_archive", "a member is a symbolic link or a device, not a file", here)
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        # the other kinds let the archive choose how much memory unpacking takes
        raise LoadRefused("bad_archive", "a member is packed in a way we don't read (only stored and deflated)", here)
    if name.lower().endswith(_NESTED):
        raise LoadRefused("unsafe_archive", "a member is an archive itself", here)
    if member.file_size > limits.RATIO_FREE_BYTES and member.file_size > limits.MAX_RATIO * max(1, member.compress_size):
        raise LoadRefused("unsafe_archive", f"a member unpacks to more than {limits.MAX_RATIO} times its size", here)


def _read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, where: str, budget: Budget) -> bytes | Unreadable:
    here = f"{where}:{member.filename}"
    if not member.filename.lower().endswith(".json"):
        return Unreadable("not a .json file", here, "not_osv")
    if member.file_size > limits.MAX_ADVISORY_BYTES:
        return Unreadable(f"{member.file_size:,} bytes; an advisory may have {limits.MAX_ADVISORY_BYTES:,}", here, "too_large")
    with archive.open(member) as stream:
        data = stream.read(limits.MAX_ADVISORY_BYTES + 1)
    budget.spend(len(data), here)
    if data[:4] == b"PK\x03\x04":
        raise LoadRefused("unsafe_archive", "a member is an archive itself", here)
    if len(data) > limits.RATIO_FREE_BYTES and len(data) > limits.MAX_RATIO * max(1, member.compress_size):
        raise LoadRefused("unsafe_archive", f"a member unpacks to more than {limits.MAX_RATIO} times its size", here)
    return data
