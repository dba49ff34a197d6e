"""The database backend "watchbill.base.sqlite": Django's own for SQLite, with full durability (WAL, synchronous=FULL), foreign keys,
and a fair turn.

A transaction begins IMMEDIATE and holds the process's turn from BEGIN to COMMIT or ROLLBACK; a single writing statement outside a
transaction takes the turn around itself. So third-party code that writes in a request thread lines up with the writer thread instead of
fighting it. Reads never wait.
"""

import re
from collections.abc import Iterable
from functools import partial
from sqlite3 import Connection
from typing import Any

from django.db.backends.sqlite3 import base
from django.db.utils import OperationalError

from watchbill.base import limits
from watchbill.base.sqlite.turn import Turn, turn_for

_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    f"PRAGMA busy_timeout = {int(limits.SQLITE_BUSY_SECONDS * 1000)}",
    f"PRAGMA journal_size_limit = {limits.SQLITE_JOURNAL_BYTES}",
    "PRAGMA temp_store = MEMORY",
)
_WRITES = re.compile(r"\s*(INSERT|UPDATE|DELETE|REPLACE|CREATE|ALTER|DROP|VACUUM|REINDEX|ANALYZE)\b", re.IGNORECASE)


class TurnCursor(base.SQLiteCursorWrapper):
    """A cursor that waits for the turn before a single writing statement outside a transaction."""

    def __init__(self, wrapper: "DatabaseWrapper", connection: Connection) -> None:
        super().__init__(connection)
        self._wrapper = wrapper

    def execute(self, query: str, params: Any = None) -> "TurnCursor":  # noqa: ANN401 - as Django and the driver have it
        """Django's, under the turn when it writes alone."""
        if self._writes_alone(query):
            with self._wrapper.one_turn():
                super().execute(query, params)
        else:
            super().execute(query, params)
        return self

    def executemany(self, query: str, param_list: Iterable[Any]) -> "TurnCursor":
        """Django's, under the turn when it writes alone."""
        if self._writes_alone(query):
            with self._wrapper.one_turn():
                super().executemany(query, param_list)
        else:
            super().executemany(query, param_list)
        return self

    def _writes_alone(self, query: str) -> bool:
        return not self.connection.in_transaction and _WRITES.match(query) is not None


class _OneTurn:
    """The turn for the length of one statement, given back only if it was not held before."""

    def __init__(self, wrapper: "DatabaseWrapper") -> None:
        self._wrapper = wrapper
        self._had_it = False

    def __enter__(self) -> None:
        self._had_it = self._wrapper.turn.held_by(self._wrapper)
        self._wrapper.take_turn()

    def __exit__(self, *_: object) -> None:
        if not self._had_it:
            self._wrapper.give_turn()


class DatabaseWrapper(base.DatabaseWrapper):
    """One thread's connection."""

    @property
    def turn(self) -> Turn:
        """The line that all connections of this process to the same file stand in."""
        return turn_for(str(self.settings_dict["NAME"]))

    def take_turn(self) -> None:
        """Raises OperationalError when the turn doesn't come within the busy time-out, as SQLite itself would."""
        if not self.turn.take(self, limits.SQLITE_BUSY_SECONDS):
            raise OperationalError("database is locked: another thread has been writing for too long")

    def give_turn(self) -> None:
        """Let the next in line write."""
        self.turn.give(self)

    def one_turn(self) -> _OneTurn:
        """A context that holds the turn."""
        return _OneTurn(self)

    def get_new_connection(self, conn_params: dict[str, Any]) -> Connection:
        """Django's, then our pragmas, which hold for this connection."""
        connection: Connection = super().get_new_connection(conn_params)
        for pragma in _PRAGMAS:
            connection.execute(pragma).close()
        return connection

    def create_cursor(self, name: str | None = None) -> TurnCursor:
        """A cursor that knows the turn."""
        cursor: TurnCursor = self.connection.cursor(factory=partial(TurnCursor, self))
        return cursor

    def _start_transaction_under_autocommit(self) -> None:
        self.take_turn()
        try:
            self.cursor().execute("BEGIN IMMEDIATE")
        except BaseException:
            self.give_turn()
            raise

    def _commit(self) -> None:
        super()._commit()  # type: ignore[misc]  # the stubs leave out the methods meant for backends
        self.give_turn()  # a commit that failed is still a transaction: the rollback gives the turn

    def _rollback(self) -> None:
        try:
            super()._rollback()  # type: ignore[misc]  # as above
        finally:
            self.give_turn()

    def _close(self) -> None:
        try:
            super()._close()  # type: ignore[misc]  # as above
        finally:
            self.give_turn()
