"""The child process that updates the advisory store: its order as JSON on standard input, its report as JSON on standard output.

Unpacking and reading a few hundred megabytes holds up no page when another process does it. It imports nothing of Django and dies with
the server that asked for it; what it had fetched by then is gone on with next time.
"""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec

from watchbill.base.lifeline import die_with_parent
from watchbill.engines.dependencies.store import AdvisoryStore
from watchbill.intake.scans.mirror import MirrorReport, Wanted, update


class Order(msgspec.Struct, frozen=True):
    """What the child is to do, and for whom: `parent` is the process it dies with."""

    store: str
    folder: str
    parent: int
    wanted: Wanted


def run(order: Order) -> MirrorReport:
    """Do it."""
    with AdvisoryStore.open(Path(order.store)) as store:
        return update(store, Path(order.folder), order.wanted)


def main() -> None:
    order = msgspec.json.decode(sys.stdin.buffer.read(), type=Order)
    die_with_parent(order.parent)
    sys.stdout.buffer.write(msgspec.json.encode(run(order)))


if __name__ == "__main__":
    main()
