"""Django's sessions in the database, with every write through the writer: left in request threads, sign-ins of many people at once fell
to 77 a second.

Inside a transaction that a library has opened in the request thread it writes there instead, since the writer would wait for that
transaction.
"""

from collections.abc import Callable
from typing import TypeVar

from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.db import connection

from watchbill.base.writer import in_unit, write

T = TypeVar("T")


def _written(fn: Callable[[], T]) -> T:
    if connection.in_atomic_block and not in_unit():
        return fn()
    return write(fn, name="session", beside=True)


class SessionStore(DatabaseStore):
    """A session is saved only when it was changed (SESSION_SAVE_EVERY_REQUEST stays off)."""

    def save(self, must_create: bool = False) -> None:
        """Store it. Raises CreateError or UpdateError as Django's does."""
        _written(lambda: super(SessionStore, self).save(must_create=must_create))

    def delete(self, session_key: str | None = None) -> None:
        """Forget it."""
        _written(lambda: super(SessionStore, self).delete(session_key))

    @classmethod
    def clear_expired(cls) -> None:
        """Drop sessions whose time is over."""
        _written(super().clear_expired)

    @classmethod
    def get_model_class(cls) -> type:
        """Django's own table."""
        return DatabaseStore.get_model_class()
