"""Every ceiling of the package readers, by name; each has a test at its edge. The advisory store's own are in `store_limits`.

Real files stay far below: the largest lockfiles seen in the wild are some 10 MB with 30,000 packages.
"""

MAX_LOCKFILE_BYTES = 64 * 1024 * 1024
"""One lockfile or SBOM. Larger ones are refused before anything is decoded."""

MAX_TOML_BYTES = 16 * 1024 * 1024
"""TOML is parsed in plain Python, some 10 MB/s on ordinary files and a twentieth of it on hostile ones."""

MAX_YAML_BYTES = 32 * 1024 * 1024

MAX_DEPTH = 200
"""Nesting of arrays and objects."""

MAX_JSON_VALUES = 1_000_000
"""Values in one JSON document, an object counting twice: what bounds the memory that 64 MiB of `{"a":1},` would take (some 300 bytes for
each). A package-lock.json of 30,000 packages has 400,000."""

MAX_TOML_VALUES = 1_000_000
"""Values, tables and keys in one TOML document; a package of uv.lock with twenty wheels has some 120."""

MAX_YAML_VALUES = 1_500_000

MAX_XML_BYTES = 32 * 1024 * 1024

MAX_XML_ELEMENTS = 4_000_000
"""Elements of one XML document, those that a reader leaves out too."""

MAX_XML_KEPT = 600_000
"""Elements that a reader keeps of one document, some 300 bytes each; two attributes count as one element."""

MAX_XML_ATTRIBUTES = 64
"""Attributes of one element."""

MAX_XML_TEXT_CHARS = 1024 * 1024
"""Characters that stand in one element directly."""

MAX_TOML_HEADER_PARTS = 400_000
"""Dotted parts of all `[table]` lines together: the parser keeps some 800 bytes for each."""

MAX_TOML_KEY_DOTS = 200_000
"""Dots in all keys together: each makes a table, and the parser keeps some 400 bytes for it. Lockfiles hold next to none."""

MAX_KEY_PARTS = 16
"""Parts of one dotted TOML key: the parser takes time with their square."""

MAX_LINES = 1_000_000
"""Lines of one line-based file."""

MAX_LINE_CHARS = 65_536
"""Characters of one line of a line-based file, continuation lines joined."""

MAX_PACKAGES = 100_000
"""Packages of one file."""

MAX_SPECIFIERS = 500_000
"""Words under which all packages of one yarn.lock are listed, such as `a@^1`; a package has some three."""

MAX_NOTES = 1_000
"""Unusable parts listed for one file; a last note says how many more there were."""

MAX_NAME_CHARS = 512
MAX_VERSION_CHARS = 256
MAX_BOUND_CHARS = 1_024
MAX_PLACE_CHARS = 1_024
MAX_INTEGRITY_CHARS = 256
MAX_GROUPS = 32
MAX_GROUP_CHARS = 80

MAX_PATH_STEPS = 12
"""Steps of the chain that brings a package in; what a longer one leaves out is one step, written "…"."""

MAX_STEP_CHARS = 512

MAX_ROOT_GROUPS = 32
"""Groups of direct dependencies told apart, as each takes a walk over the graph; further ones count as one, written "…"."""

MAX_INCLUDED_FILES = 100
"""Files that one lockfile may have opened beside it, as a requirements file does by `-r` and `-c`, all levels together."""

MAX_RELATIONS = 300_000
"""Relationships of use in one SPDX document; those of 30,000 packages are a third of it."""

MAX_GEM_SPECS = 400_000
"""Gems of one file, one for each platform."""

MAX_STAND_INS = 32
"""Packages that are taken to stand in for one name that they provide or replace."""

MAX_PARENTS = 16
"""Parents of a Maven project that are followed."""

MAX_PROPERTY_ROUNDS = 16
"""How often properties of a Maven project may name each other."""

MAX_PROPERTIES_FILLED = 32
"""Properties filled in at once in one text of a Maven project."""

MAX_CONTACTS = 32
"""People, teams and addresses kept of what a bill of materials says about its subject."""

HEAD_BYTES = 64 * 1024
"""What a reader may look at to recognise its format."""

VERSION_KEYS_KEPT = 131_072
"""Parsed versions kept in memory, per order."""
