"""Fetches one large document into a file through the guarded door, going on where an earlier try was cut. It says nothing about what the
document means, and never calls a part a whole.

Beside the file lies a note (`<name>.json`) of which version of the document it holds a part of: the address, the validator that the
server named (RFC 9110, 8.8), the whole length. A server that has another version by now, ignores ranges or lies about them makes the
file begin anew; two versions are never joined.
"""

import errno
import hashlib
import json
import re
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from watchbill.base import limits, outgoing
from watchbill.base.outgoing import CallFailed, Refused, Stream, TimedOut, Unreachable
from watchbill.base.problem import Problem

_CONTENT_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18}|\*)", re.ASCII)
_MOVED = (301, 302, 303, 307, 308)


@dataclass(frozen=True, slots=True)
class Mark:
    """What a server calls a version of a document: its ETag and Last-Modified, "" where it names none."""

    etag: str = ""
    modified: str = ""

    def conditions(self) -> dict[str, str]:
        """Headers that ask for the document only if it is another than this."""
        if self.etag:
            return {"If-None-Match": self.etag}
        return {"If-Modified-Since": self.modified} if self.modified else {}

    def going_on(self) -> str:
        """What tells in If-Range that this is still the version; "" when nothing strong enough was named (a weak ETag is not)."""
        if self.etag:
            return "" if self.etag.startswith("W/") else self.etag
        return self.modified


@dataclass(frozen=True, slots=True)
class Document:
    """A whole document in a file. `kept` bytes of it lay there from before; `sha256` in hex."""

    file: Path
    mark: Mark
    size: int
    sha256: str
    kept: int = 0


@dataclass(frozen=True, slots=True)
class _Part:
    """What the file is a part of. `whole` is its full length, -1 while the server has not said."""

    url: str
    mark: Mark
    whole: int = -1


class DiskFull(Problem):
    """No room for the document. What was there before is untouched."""

    def __init__(self, detail: str) -> None:
        remedy = "Make room on the disk of the data directory, then try again: what has arrived is kept."
        super().__init__("disk_full", "The disk is full", detail, remedy=remedy, status=507, retryable=True)


def download(
    url: str, file: Path, *, known: Mark, most: int, seconds: float, pause: Callable[[float], None] = time.sleep
) -> Document | None:
    """Fetch `url` into `file`, of at most `most` bytes, within `seconds`; None when the server says it is still the `known` version.

    A part that is there is gone on with, now and in a later call; `forget` drops it. Redirects are followed on the same scheme, host and
    port only. Raises CallFailed (among them Refused for an answer that can't be taken: a status, a size, no stated length), or DiskFull.
    """
    until = time.monotonic() + seconds
    kept = _size(file) if _read_note(file, url) else 0
    for attempt in range(limits.DOWNLOAD_TRIES):
        before = _size(file)
        try:
            return _try(url, file, known, most, until, kept)
        except (Unreachable, TimedOut):
            stuck = attempt > 0 and _size(file) <= before
            wait = limits.DOWNLOAD_PAUSE_SECONDS * 2**attempt
            if stuck or attempt == limits.DOWNLOAD_TRIES - 1 or time.monotonic() + wait >= until:
                raise
            pause(wait)
    raise AssertionError("the last try returns or raises")


def forget(file: Path) -> None:
    """Drop the file and its note, when it was taken or found to be bad."""
    for one in (_note(file), file):
        one.unlink(missing_ok=True)


def digest_of(file: Path) -> str:
    """SHA-256 of a file in hex."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _try(url: str, file: Path, known: Mark, most: int, until: float, kept: int) -> Document | None:
    """One connection (and those of redirects and of a range that was refused), from the first byte that is missing."""
    at = url
    moves = 0
    while True:
        part, have = _read_note(file, url), _size(file)
        headers = _asking(part, have, known)
        left = until - time.monotonic()
        if left <= 0:
            raise TimedOut(f"{urlsplit(at).netloc} had not answered in full in the time given; what arrived is kept.")
        with outgoing.stream(at, headers=headers, seconds=left) as answer:
            if answer.status in _MOVED:
                at, moves = _next_place(at, answer, moves), moves + 1
                continue
            if answer.status == 304:
                return _unchanged(at, file, part, known, kept)
            if answer.status in (206, 416) and "Range" in headers:
                if answer.status == 206 and part is not None and _fits(answer, part, have):
                    return _take(answer, file, _learnt(part, answer), have, most, kept)
                forget(file)
                continue
            if answer.status != 200:
                raise _unhappy(at, answer.status)
            fresh = _Part(url, Mark(answer.headers.get("etag", ""), answer.headers.get("last-modified", "")), _length(answer))
            return _take(answer, file, fresh, 0, most, 0)


def _unchanged(at: str, file: Path, part: _Part | None, known: Mark, kept: int) -> Document | None:
    """A 304: what lies there whole is the version, or what was taken before is."""
    if part is not None and _is_whole(part, _size(file)):
        return _document(file, part, kept)
    if not known.conditions():
        raise Unreachable(f"{urlsplit(at).netloc} answered 304 to a question without a condition.")
    return None


def _asking(part: _Part | None, have: int, known: Mark) -> dict[str, str]:
    """The headers: only if it changed; or the rest of what we have a part of; or, of a whole one, whether it is still the version."""
    if part is None or have == 0:
        return known.conditions()
    if _is_whole(part, have):
        return part.mark.conditions()
    return {"Range": f"bytes={have}-", "If-Range": part.mark.going_on()} if part.mark.going_on() else {}


def _is_whole(part: _Part | None, have: int) -> bool:
    return part is not None and part.whole == have > 0


def _fits(answer: Stream, part: _Part, have: int) -> bool:
    """Whether a 206 goes on exactly where we are, in the same version: some servers ignore If-Range."""
    found = _CONTENT_RANGE.fullmatch(answer.headers.get("content-range", "").strip())
    if found is None or int(found[1]) != have:
        return False
    whole = -1 if found[3] == "*" else int(found[3])
    if whole != -1 and (int(found[2]) != whole - 1 or part.whole not in (-1, whole)):
        return False
    return answer.headers.get("etag", part.mark.etag) == part.mark.etag


def _learnt(part: _Part, answer: Stream) -> _Part:
    whole = answer.headers["content-range"].rpartition("/")[2].strip()
    return _Part(part.url, part.mark, int(whole) if whole.isdecimal() else part.whole)


def _take(answer: Stream, file: Path, part: _Part, have: int, most: int, kept: int) -> Document:
    """Write the answer's bytes from `have` on. Raises Refused past `most`, DiskFull, and what reading raises; what arrived stays."""
    if answer.headers.get("content-encoding", "identity").lower() != "identity":
        raise Refused("It was packed on its way although we asked for it plain.")
    if not answer.says_where_it_ends:
        raise Refused("The answer does not say how long it is, so a part could be taken for the whole.")
    if part.whole > most:
        raise Refused(f"It has {part.whole:,} bytes; at most {most:,} are taken.")
    try:
        _make_room(file, max(part.whole - have, 0))
        with file.open("r+b" if have else "wb") as out:
            out.truncate(have)
            out.seek(have)
            _write_note(file, part)
            while data := answer.read(limits.DOWNLOAD_PIECE_BYTES):
                have += len(data)
                if have > most:
                    raise Refused(f"It has more than the {most:,} bytes that are taken.")
                out.write(data)
        part = _Part(part.url, part.mark, have if part.whole == -1 else part.whole)
        _write_note(file, part)
    except OSError as error:
        raise _disk_problem(error, file) from error
    except Refused:
        forget(file)
        raise
    if have != part.whole:
        forget(file)
        raise Unreachable(f"It was to have {part.whole:,} bytes, and {have:,} arrived.")
    return _document(file, part, kept)


def _document(file: Path, part: _Part, kept: int) -> Document:
    return Document(file, part.mark, part.whole, digest_of(file), kept)


def _length(answer: Stream) -> int:
    text = answer.headers.get("content-length", "")
    return int(text) if text.isdecimal() and len(text) < 19 and "chunked" not in answer.headers.get("transfer-encoding", "").lower() else -1


def _next_place(at: str, answer: Stream, moves: int) -> str:
    """Where a redirect leads. Raises Refused for another scheme, host or port, or too many."""
    to = urljoin(at, answer.headers.get("location", ""))
    old, new = urlsplit(at), urlsplit(to)
    if (old.scheme, old.netloc.lower()) != (new.scheme, new.netloc.lower()):
        remedy = "If that place is meant, put its address into the settings."
        raise Refused(f"{old.netloc} sends us on to another place, {new.netloc[:200] or 'nowhere'}; that is not followed.", remedy)
    if moves >= limits.DOWNLOAD_REDIRECTS:
        raise Refused(f"{old.netloc} sends us on more than {limits.DOWNLOAD_REDIRECTS} times.")
    return to


def _unhappy(at: str, status: int) -> CallFailed:
    where = urlsplit(at)
    if status in (408, 425, 429) or status >= 500:
        return Unreachable(f"{where.netloc} answered {status} for {where.path}.")
    remedy = "See whether the address in the settings is right." if status in (404, 410) else ""
    return NotThere(f"{where.netloc} has no {where.path} (it answered {status}).", remedy)


class NotThere(Refused):
    """The server answers, and has no such document for us."""


def _make_room(file: Path, wanted: int) -> None:
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    free = shutil.disk_usage(file.parent).free
    if wanted and free < wanted + limits.DOWNLOAD_SPARE_BYTES:
        raise DiskFull(f"{file.parent} has {free // limits.MIB:,} MiB left; {wanted // limits.MIB:,} MiB more are to come.")


def _disk_problem(error: OSError, file: Path) -> Problem:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull(f"{file.parent} has no room left.")
    detail = f"{file} can't be written: {error.strerror}."
    return Problem("data_directory", "The download can't be kept", detail, remedy="See who may write in the data directory.", status=500)


def _note(file: Path) -> Path:
    return file.with_name(file.name + ".json")


def _write_note(file: Path, part: _Part) -> None:
    scratch = _note(file).with_suffix(".new")
    scratch.write_text(json.dumps(asdict(part)), encoding="utf-8")
    scratch.replace(_note(file))


def _read_note(file: Path, url: str) -> _Part | None:
    """What the file is a part of; None when it is of another address, or there is nothing that can be gone on with."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        stored = json.loads(_note(file).read_text(encoding="utf-8"))
        part = _Part(str(stored["url"]), Mark(str(stored["mark"]["etag"]), str(stored["mark"]["modified"])), int(stored["whole"]))
        return part if part.url == url and file.is_file() else None
    return None


def _size(file: Path) -> int:
    with suppress(OSError):
        return file.stat().st_size
    return 0
