"""A long honest trail, made quickly: the same rows, hashes and frontier as one event after the other would give, written by the bare
driver in large transactions. For tests and benchmarks at sizes that nobody waits for.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from django.db import connection, transaction

from watchbill.base import canonical
from watchbill.base.models import AuditEvent, AuditFrontier, AuditName
from watchbill.engines.merkle.frontier import Frontier
from watchbill.engines.merkle.hashing import leaf_hash

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
EVENTS_A_SECOND = 1
TARGETS = 5000
ACTORS = 40
_CHUNK = 50_000
_COLUMNS = (*canonical.FIELDS, "leaf")
_INSERT = f"INSERT INTO audit_event ({', '.join(_COLUMNS)}) VALUES ({', '.join(['%s'] * len(_COLUMNS))})"
_WORDS = ("lodash", "react-server-dom-webpack", "pillow", "log4j", "openssl", "xz", "urllib3")


def moment_of(seq: int) -> datetime:
    """When event `seq` was recorded."""
    return BEGAN + timedelta(seconds=(seq - 1) // EVENTS_A_SECOND)


def rows(first: int, count: int, actors: list[str]) -> Iterator[tuple[Any, ...]]:
    """Events in the order of canonical.FIELDS, without their hashes."""
    for seq in range(first, first + count):
        at = moment_of(seq).strftime("%Y-%m-%dT%H:%M:%S.000000Z")
        word = _WORDS[seq % len(_WORDS)]
        action = ("finding.opened", "page.sent", "alert.acknowledged", "finding.fixed")[seq % 4]
        body = f'{{"installed":"4.17.{seq % 97}","package":"{word}","tier":{seq % 4}}}'
        by = actors[seq * 7919 % len(actors)]
        yield (seq, at, at, by, "person", "web", action, f"finding:{seq * 104729 % TARGETS}", "done", f"scan:{seq // 100}", body)


def fill(count: int) -> Frontier:
    """Write so many events behind those that there are (none yet, as a rule); the tree's frontier then."""
    first = (AuditEvent.objects.order_by("-seq").values_list("seq", flat=True).first() or 0) + 1
    actors = list(AuditName.objects.order_by("pk").values_list("commitment", flat=True)) or [f"person-{number}" for number in range(ACTORS)]
    state = AuditFrontier.objects.values_list("state", flat=True).first()
    tree = Frontier.from_bytes(bytes(state)) if state else Frontier()
    made = rows(first, count, actors)
    while chunk := list(islice(made, _CHUNK)):
        leaves = [leaf_hash(canonical.event_bytes(row)) for row in chunk]
        tree.extend(leaves)
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.executemany(_INSERT, [(*row, leaf) for row, leaf in zip(chunk, leaves, strict=True)])
            AuditFrontier.objects.update_or_create(pk=1, defaults={"state": tree.to_bytes()})
    return tree
