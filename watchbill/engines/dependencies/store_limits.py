"""Every bound the advisory store sets on what it is given, named once; it holds numbers and nothing else.

Sizes are bytes unless the name says otherwise. The largest public per-ecosystem archive has some 220,000 members
of a few kilobytes each; the limits leave room above that, and bound what a hostile file can make us hold in memory.
"""

MIB = 1024 * 1024

MAX_ADVISORY_BYTES = 8 * MIB
"""One advisory; the largest seen in the public language databases is well under 1 MiB."""

MAX_ARCHIVE_BYTES = 1024 * MIB
"""A zip as it lies on disk."""

MAX_DIRECTORY_BYTES = 32 * MIB
"""A zip's central directory, read whole before the first member: bounds memory before any member is looked at."""

MAX_MEMBERS = 400_000
"""Members of one zip, or files under one directory."""

MAX_TOTAL_BYTES = 4096 * MIB
"""All that one load may unpack, over all its sources."""

MAX_RATIO = 200
"""Unpacked to packed, of one member. Advisory JSON packs 4:1 to 12:1."""

RATIO_FREE_BYTES = 64 * 1024
"""A member that unpacks to no more than this may have any ratio: short repetitive text packs well."""

MAX_REFUSED_LISTED = 1_000
"""Refusals kept one by one in a report; the rest are only counted."""

MAX_KEV_BYTES = 64 * MIB
MAX_KEV_ENTRIES = 100_000

MAX_ID_LENGTH = 200
MAX_NAME_LENGTH = 1_000
MAX_VERSION_LENGTH = 1_000

MAX_ALIAS_GROUP = 1_000
"""Identifiers followed when aliases of aliases are gathered for display."""

BUSY_SECONDS = 10.0
"""How long a load waits for another process that is writing the same store."""

MAX_EPSS_BYTES = 256 * MIB
"""A day's scores, unpacked; some 300,000 rows have about 10 MiB."""

MAX_EPSS_SCORES = 3_000_000

SHRUNK_SHARE = 0.5
"""A source that holds less than this share of what it held last time is taken for damaged."""

UNREADABLE_SHARE = 0.5
"""A mirror's archive of which more than this share can't be read is no archive of advisories."""

PIECE_BYTES = 1 * MIB
"""Read at once while an archive is checked."""
