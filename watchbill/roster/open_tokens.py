"""Whether a token that was looked up a moment ago still stands as it did: one short question, asked inside the transaction of what it
opened.

It decides nothing: `queries.token_holder` does, and is asked again as soon as anything differs.
"""

from __future__ import annotations

from typing import Any

from django.db import connection

Standing = tuple[Any, ...]
"""All that decides what a token opens, as the database holds it; compared, never looked into."""

_STANDING = (
    "SELECT t.revoked_at, t.expires_at, t.scopes, p.id, p.email, p.role, p.is_active"
    " FROM roster_apitoken t JOIN roster_person p ON p.id = t.person_id WHERE t.id = %s"
)


def standing(token_id: int) -> Standing | None:
    """How the token stands now; None when there is no such token."""
    with connection.cursor() as cursor:
        cursor.execute(_STANDING, [token_id])
        row: Standing | None = cursor.fetchone()
    return row
