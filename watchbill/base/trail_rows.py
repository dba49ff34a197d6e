"""The tree's hashes as the database keeps them: leaves beside their events, and rows of hashes over 4,096 of them, so that a proof at ten
million events reads a few kilobytes.

Rows are made from leaves whenever there are enough new ones, never changed, and never believed: whoever makes a proof checks it.
"""

from collections.abc import Sequence
from functools import partial

from django.db import connection

from watchbill.base.ledger import read_frontier
from watchbill.base.models import AuditRow
from watchbill.base.writer import write
from watchbill.engines.merkle.blocks import ROW, Missing, make_row

_LEAVES = "SELECT leaf FROM audit_event WHERE seq > %s AND seq <= %s ORDER BY seq"
_AT_ONCE = 32  # rows written together


class Hashes:
    """Leaves and rows, for engines/merkle/blocks.py. `rows` False leaves the stored rows out and computes everything from the leaves."""

    def __init__(self, *, rows: bool = True) -> None:
        self._rows = rows

    def leaves(self, first: int, last: int) -> Sequence[bytes]:
        """Leaf `first` is that of event `first + 1`."""
        with connection.cursor() as cursor:
            cursor.execute(_LEAVES, [first, last])
            return [bytes(row[0]) for row in cursor.fetchall()]

    def row(self, number: int) -> bytes:
        """256 hashes, one after the other."""
        found = AuditRow.objects.filter(number=number).values_list("hashes", flat=True).first()
        return bytes(found or b"")

    def roots(self) -> Sequence[bytes]:
        """Of the rows from number 0 on, up to the first that is missing."""
        if not self._rows:
            return []
        roots: list[bytes] = []
        for number, root in AuditRow.objects.order_by("number").values_list("number", "root"):
            if number != len(roots):
                break
            roots.append(bytes(root))
        return roots


def store_rows() -> int:
    """Make the rows for which there are events by now; how many. Stops where events are missing."""
    begun = number = len(Hashes().roots())
    end = read_frontier().size // ROW
    while fresh := _fresh_rows(number, end):
        write(partial(AuditRow.objects.bulk_create, fresh, ignore_conflicts=True), lane="slow", name="trail.rows")
        number += len(fresh)
    return number - begun


def _fresh_rows(number: int, end: int) -> list[AuditRow]:
    """Some rows from `number` on, before `end`."""
    rows: list[AuditRow] = []
    for one in range(number, min(end, number + _AT_ONCE)):
        try:
            root, hashes = make_row(Hashes().leaves(one * ROW, (one + 1) * ROW))
        except Missing:
            break
        rows.append(AuditRow(number=one, root=root, hashes=hashes))
    return rows
