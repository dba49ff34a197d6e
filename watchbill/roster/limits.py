"""The ceilings of the roster, by name: bytes, counts and lengths. Numbers only; each has a test at its edge."""

ROSTER_BYTES = 2 * 1024 * 1024
"""The largest roster.toml."""

NAME_CHARS = 120
TEXT_CHARS = 1_000
"""A description, a note, a reason."""

SLUG_CHARS = 63
EMAIL_CHARS = 254
GLOB_CHARS = 140
LIST_ITEMS = 500
"""Members of a team, repos of a service, turns of a layer and the like."""

TARGETS = 20
STEPS = 20
REPEATS = 10
STEP_DELAY_SECONDS = 7 * 24 * 3600

CODEOWNERS_BYTES = 512 * 1024
CODEOWNERS_LINES = 10_000
PATTERN_STARS = 3
"""Wildcards in one part of a path between two slashes; more could make matching take exponential time."""

PATTERN_DEEP_STARS = 3
"""`**` in one pattern."""

CATALOG_BYTES = 256 * 1024
"""One catalog-info.yaml."""

CATALOG_ENTITIES = 500
CATALOG_TEXT_CHARS = 500
"""One value of a catalog file that is kept."""

CATALOG_FILES = 1_000
"""Catalog files of one import, or of one look at a watched path."""

CATALOG_DEPTH = 64
"""Folders above a path that are asked for a catalog file; deeper ones only up to here and at the top."""

CATALOG_PLACE_CHARS = 500

PATH_CHARS = 1_024
PATTERNS_CACHED = 64

TOKEN_DAYS = 90
TOKEN_MAX_DAYS = 366
TOKENS_PER_PERSON = 50
TOKEN_USE_NOTED_SECONDS = 300
"""A token's last use is written down at most this often."""

OVERRIDE_DAYS = 92
AUDIT_LINES_BYTES = 12_000
"""How much of a diff the summary event of an apply keeps; each change has its own event anyway."""

NEXT_WATCH_DAYS = (8, 92)
"""How far ahead the next person on watch is looked for: first near, then as far as it goes."""

SHIFTS_DAYS = 400
"""The longest stretch of shifts that one question may ask for."""
