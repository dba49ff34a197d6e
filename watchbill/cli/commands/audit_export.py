"""`watchbill audit export`: the audit trail as JSON lines with the signed checkpoint that covers them, or as a zip that proves itself. The
export is in the trail too.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from watchbill.base.datadir import write_private
from watchbill.base.problem import Problem
from watchbill.cli import server
from watchbill.cli.terminal import count, inert, say, say_json, warn

HELP = (
    "Write all audit events as JSON lines, each exactly what its hash covers, and the signed checkpoint beside it (FILE.checkpoint);"
    " or with --zip everything that an outsider needs to check them, a verifier included."
)
EXAMPLE = "watchbill audit export --zip trail.zip --since their-checkpoint.txt"
PART = {
    "start": ("--from", "MOMENT", "only events recorded from then on: 2026-11-23T15:49:00Z"),
    "end": ("--to", "MOMENT", "only events recorded before then"),
    "target": ("--target", "THING", "only events about it: service:berth-board"),
    "actor": ("--actor", "NAME", "only what they did"),
    "action": ("--action", "ACTION", "only these actions; finding. for a whole room"),
    "words": ("--words", "WORDS", "only events that say so"),
}
LOOK_SECONDS = 1.0
CHECKPOINT_BYTES = 64 * 1024


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", nargs="?", default="-", help="where to write; standard output if left out")
    parser.add_argument(
        "--zip", action="store_true", help="write a zip with proofs, keys and a verifier; with the options below, of a part"
    )
    parser.add_argument(
        "--since", metavar="CHECKPOINT", help="the recipient's last checkpoint, a file: prove that this trail goes on from it"
    )
    parser.add_argument("--sealed", action="store_true", help="keep names and private values sealed")
    for name, (option, shown, told) in PART.items():
        parser.add_argument(option, dest=name, metavar=shown, default="", help=told)
    parser.add_argument("--json", action="store_true", help="say what was written as JSON (with a FILE)")


def run(arguments: argparse.Namespace) -> int:
    """0 written whole. Raises Problem; a file that could not be finished is removed."""
    part = {name: getattr(arguments, name) for name in PART if getattr(arguments, name)}
    if arguments.zip:
        return _export_zip(arguments, part)
    if part or arguments.since or arguments.sealed:
        raise Problem("usage", "Only with --zip", "A part, --since and --sealed go with --zip.", remedy="Add --zip.")
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


def _export_zip(arguments: argparse.Namespace, part: dict[str, str]) -> int:
    """Have it made, and bring it here."""
    if arguments.file == "-" and sys.stdout.isatty():
        raise Problem("usage", "A zip is not for a terminal", "It would be written to your screen.", remedy="Give a FILE.")
    since = _checkpoint(arguments.since) if arguments.since else ""
    made = server.call("audit.export_zip", {"since": since, "sealed": arguments.sealed, "part": part})
    while made["state"] in ("waiting", "running"):
        time.sleep(LOOK_SECONDS)
        made = server.call("audit.run", {"id": made["id"]})
    if made["state"] != "done":
        raise Problem("export", "The export could not be made", str(made["outcome"].get("problem", "")), remedy="See the server's log.")
    source = Path(made["file"])
    if arguments.file == "-":
        with source.open("rb") as file:
            shutil.copyfileobj(file, sys.stdout.buffer)
        sys.stdout.buffer.flush()
        return 0
    try:
        shutil.copyfile(source, arguments.file)
    except OSError as error:
        detail = f"{arguments.file}: {error.strerror}."
        raise Problem("unwritable", "The export can't be written", detail, remedy="Give a file in a folder that you may write.") from error
    outcome = made["outcome"]
    if arguments.json:
        say_json({"file": arguments.file, "events": outcome["events"], "size": outcome["size"], "root": outcome["root"]})
    else:
        written = f"{count(outcome['events'], 'event')} written to {inert(arguments.file)}"
        say(f"{written}, of {outcome['size']:,} under the root {outcome['root']}.")
    return 0


def _checkpoint(path: str) -> str:
    try:
        with Path(path).open("rb") as file:
            return file.read(CHECKPOINT_BYTES).decode(errors="replace")
    except OSError as error:
        raise Problem("unreadable", "No checkpoint", f"{path}: {error.strerror}.", field="--since", remedy="Give a file.") from error


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
