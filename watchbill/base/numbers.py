"""Numbers for rows that are about to be stored many at a time, so that what belongs to them can name them in the same breath.

Inside `write` only: on the embedded database one writer alone gives out numbers, on PostgreSQL the table's own sequence does. Only for
tables whose rows are never deleted.
"""

from collections.abc import Sequence

from django.db import connection

from watchbill.base.unit import current


def next_numbers(table: str, count: int) -> Sequence[int]:
    """`count` ids for rows of `table`, one of ours, rising; nobody else gets them."""
    current()
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(f"SELECT coalesce(max(id), 0) + 1 FROM {table}")  # noqa: S608 - a name of ours
            first = int(cursor.fetchone()[0])
            return range(first, first + count)
        cursor.execute("SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)", [table, count])
        return [int(row[0]) for row in cursor.fetchall()]
