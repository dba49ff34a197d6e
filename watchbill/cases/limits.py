"""Every ceiling of the cases room, by name: counts, lengths and times. Each has a test at its edge."""

# What one scan may bring
SIGHTINGS_PER_SCAN = 50_000  # one transaction: about half a minute on two cores
INPUTS_PER_SCAN = 10_000
SCAN_KEY_CHARS = 80

# Text that others wrote, cut to this many characters where it is stored
NAME_CHARS = 300  # service, team, repository, branch, source, package, advisory
PATH_CHARS = 500  # manifest, purl
VERSION_CHARS = 200
TITLE_CHARS = 300
SUMMARY_CHARS = 8_000
LIST_ITEMS = 100  # aliases, references, fixed versions, weaknesses, commands: each
NAMED_OWNERS = 10  # names that an SBOM gives as its owners
COMMITTERS_SHOWN = 3
REASON_CHARS = 2_000

# Deciding and closing
CHUNK = 500  # rows in one statement
HELD_SHARE = 0.5  # a scan that would close more than this share of what it covers ...
HELD_AT_LEAST = 10  # ... and at least this many, waits for a person
NOW_DUE_HOURS = 24
HOURS_DUE_WORKING_HOURS = 24  # three working days of eight hours
ACCEPTANCE_DAYS = 180
GUIDANCE_LINES = 12
WHY_LINES = 12
NAMED_IN_ALERT = 8  # findings named one by one in an alert that stands for many

# Searching
QUERY_CHARS = 500
QUERY_TERMS = 20
PAGE_ROWS = 10_000
PAGE_NUMBER = 1_000
COUNT_AT_MOST = 10_000  # free text: counted no further than this

# Incidents
INCIDENT_CHARS = 2_000
TIMELINE_CHARS = 2_000
TIMELINE_SHOWN = 500
RESPONDERS = 200
