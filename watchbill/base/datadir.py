"""The data directory: where each file lies, and the lock that keeps a second server out. Of what the files say it
reads only control.json."""

import contextlib
import fcntl
import json
import os
import stat
import time
from dataclasses import dataclass
from pathlib import Path

from watchbill.base import storage
from watchbill.base.problem import Problem

_PRIVATE_DIR = 0o700
_PRIVATE_FILE = 0o600
_LOCK_PAUSE_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class DataDir:
    """Paths below one data directory. `prepare()` makes the folders."""

    path: Path

    @property
    def database(self) -> Path:
        """The embedded database's file."""
        return self.path / "watchbill.db"

    @property
    def files(self) -> Path:
        """Content-addressed raw input."""
        return self.path / "files"

    @property
    def keys(self) -> Path:
        """Signing keys and secrets, one a file, mode 0600."""
        return self.path / "keys"

    @property
    def advisories(self) -> Path:
        """The advisory store's own database file."""
        return self.path / "advisories.db"

    @property
    def control(self) -> Path:
        """Where a running server leaves its address and token for server commands."""
        return self.path / "control.json"

    @property
    def exports(self) -> Path:
        """The trail's exports that somebody asked for, a zip each."""
        return self.path / "exports"

    @property
    def lock(self) -> Path:
        """The file that a running server keeps locked."""
        return self.path / "server.lock"

    def prepare(self) -> "DataDir":
        """Make the directory and its folders, readable by this user only. Raises Problem("data_directory") when that fails."""
        try:
            for folder in (self.path, self.files, self.keys):
                folder.mkdir(mode=_PRIVATE_DIR, parents=True, exist_ok=True)
        except OSError as error:
            detail = f"{self.path} can't be used as the data directory: {error.strerror}."
            raise Problem("data_directory", "No data directory", detail, remedy="Set WATCHBILL_DATA to a folder you may write.") from error
        return self


class Lock:
    """Held for as long as this object lives and `release` was not called; the system drops it when the process dies."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor: int | None = descriptor

    def release(self) -> None:
        """Let go; a second call does nothing."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def take_lock(path: Path, patience: float = 0.0) -> Lock:
    """Lock the data directory at `path` for this process. Raises Problem("already_running") while another process holds it, and Problem
    503 when it can't be written.

    A command that works in the directory without a server holds it only for a moment: that is waited for, `patience` seconds at most. A
    server that holds it is not.
    """
    try:
        file = DataDir(path).prepare().lock
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _PRIVATE_FILE)
    except OSError as error:
        if problem := storage.as_problem(error):
            raise problem from error
        raise
    until = time.monotonic() + patience
    while not _locked_now(descriptor):
        if time.monotonic() < until and not _server_holds(path):
            time.sleep(_LOCK_PAUSE_SECONDS)
            continue
        os.close(descriptor)
        detail = f"Another Watchbill server is using {path}."
        remedy = "Stop it first, or give this one its own directory with WATCHBILL_DATA."
        raise Problem("already_running", "Already running", detail, remedy=remedy, status=409)
    os.ftruncate(descriptor, 0)
    os.write(descriptor, f"{os.getpid()}\n".encode())
    return Lock(descriptor)


def _locked_now(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _server_holds(path: Path) -> bool:
    """Whether the process that wrote itself into the lock is the one that left control.json: a server, which will not let go soon."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        return int(json.loads(DataDir(path).control.read_bytes())["pid"]) == int(DataDir(path).lock.read_bytes())
    return False


def is_locked(path: Path) -> bool:
    """Whether some process holds the lock of the data directory at `path`."""
    try:
        descriptor = os.open(DataDir(path).lock, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False


def write_private(path: Path, data: bytes) -> None:
    """Replace `path` by `data` in one step, durably, mode 0600: a reader sees the old file or the new one, never half of it."""
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, _PRIVATE_FILE)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(file.fileno(), _PRIVATE_FILE)
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    scratch.replace(path)
    fsync_folder(path.parent)


def fsync_folder(folder: Path) -> None:
    """Make names added to or moved in `folder` durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def is_private(path: Path) -> bool:
    """Whether nobody but the owner may read or write the file."""
    return not stat.S_IMODE(path.stat().st_mode) & 0o077


@dataclass(frozen=True, slots=True)
class Control:
    """How a server command reaches the running server."""

    url: str
    token: str


def read_control(path: Path) -> Control | None:
    """What a running server left, or None when there is none, when it is damaged, or when others may read the file."""
    file = DataDir(path).control
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        if is_private(file):
            stored = json.loads(file.read_bytes())
            return Control(str(stored["url"]), str(stored["token"]))
    return None
