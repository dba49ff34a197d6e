"""The contained child that reads one manifest: bytes on standard input, a MessagePack answer on standard output.

It imports the dependency engine and nothing of Django, so it starts quickly and holds no database. Given the file's path and the one
searched, it opens what the file draws in below the latter, and nothing else.
"""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec

from watchbill.base.lifeline import die_with_parent
from watchbill.engines.dependencies.packages import Inventory, Unreadable, nothing_beside
from watchbill.engines.dependencies.reading import files_beside, read


def encode(result: Inventory | Unreadable) -> bytes:
    """The answer as MessagePack: `["read", inventory]` or `["unreadable", reason]`."""
    return msgspec.msgpack.encode(["read" if isinstance(result, Inventory) else "unreadable", msgspec.to_builtins(result)])


def decode(answer: bytes) -> Inventory | Unreadable:
    """The inverse of `encode`; raises `msgspec.MsgspecError` when the child wrote something else."""
    kind, value = msgspec.msgpack.decode(answer)
    return msgspec.convert(value, Inventory) if kind == "read" else msgspec.convert(value, Unreadable)


def main() -> None:
    die_with_parent()
    name, *places = sys.argv[1:]
    beside = files_beside(Path(places[0]), Path(places[1])) if len(places) == 2 else nothing_beside
    sys.stdout.buffer.write(encode(read(name, sys.stdin.buffer.read(), beside)))


if __name__ == "__main__":
    main()
