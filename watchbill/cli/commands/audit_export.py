"""`watchbill audit export`: the audit trail as JSON lines, and the signed checkpoint that covers them. The export is in the trail too."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from watchbill.base.datadir import write_private
from watchbill.base.problem import Problem
from watchbill.cli import server
from watchbill.cli.terminal import count, say, say_json, warn

HELP = "Write all audit events as JSON lines, each exactly what its hash covers, and the signed checkpoint beside it (FILE.checkpoint)."
EXAMPLE = "watchbill audit export trail.jsonl"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", nargs="?", default="-", help="where to write; standard output if left out")
    parser.add_argument("--json", action="store_true", help="say what was written as JSON (with a FILE)")


def run(arguments: argparse.Namespace) -> int:
    """0 written whole. Raises Problem; a file that could not be finished is removed."""
    if arguments.file == "-":
        _write(sys.stdout.buffer)
        sys.stdout.buffer.flush()
        return 0
    path = Path(arguments.file)
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as file:
            events, checkpoint = _write(file)
            file.flush()
            os.fsync(file.fileno())
        scratch.replace(path)
        if checkpoint:
            write_private(path.with_name(path.name + ".checkpoint"), checkpoint.encode())
    except OSError as error:
        detail = f"{path}: {error.strerror}."
        raise Problem("unwritable", "The export can't be written", detail, remedy="Give a file in a folder that you may write.") from error
    finally:
        scratch.unlink(missing_ok=True)
    if arguments.json:
        say_json({"file": str(path), "events": events, "checkpoint": f"{path}.checkpoint" if checkpoint else ""})
    else:
        say(f"{count(events, 'event')} written to {path}" + (f", their checkpoint to {path}.checkpoint." if checkpoint else "."))
    return 0


def _write(file: BinaryIO) -> tuple[int, str]:
    """Write every event that the checkpoint covers; how many, and the checkpoint's text. Raises Problem when events are missing."""
    events, covered, checkpoint = 0, 0, ""
    for page in _pages():
        covered, checkpoint = page["upto"], page["checkpoint"] or checkpoint
        file.writelines(line.encode() + b"\n" for line in page["lines"])
        events += len(page["lines"])
    if events != covered:
        warn(f"watchbill audit export: {covered} events are covered by the checkpoint and {events} are there: watchbill audit verify")
        raise Problem(
            "trail_damaged",
            "The trail is not whole",
            f"{covered - events} events are missing.",
            remedy="watchbill audit verify",
            status=409,
        )
    return events, checkpoint


def _pages() -> Iterator[dict[str, Any]]:
    after, upto = 0, 0
    while True:
        page = server.call("audit.export", {"after": after, "upto": upto})
        yield page
        after, upto = page["last"], page["upto"]
        if after >= upto or not page["lines"]:
            return
