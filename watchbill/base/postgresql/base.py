"""The database backend "watchbill.base.postgresql": Django's own, with text columns that refuse no length, as SQLite's don't.

How long a text may be is said where it comes in, by a named limit; a sentence that we put together ourselves must never keep somebody from
being paged on one of two databases.
"""

from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    """One thread's connection."""

    data_types = {**base.DatabaseWrapper.data_types, "CharField": "varchar", "SlugField": "varchar"}
