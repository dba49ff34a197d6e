"""Every ceiling of the floor, by name and in one place: bytes, counts, depths and times. Each has a test at its edge. Engines keep
their own.
"""

KIB = 1024
MIB = 1024 * KIB

# The writer
WRITE_GROUP = 128  # closures committed together
WRITE_WAIT_SECONDS = 10.0  # a caller's patience before its closure has begun
WRITE_RETRY_AFTER_SECONDS = 2.0
WRITE_STUCK_SECONDS = 30.0  # a closure running longer makes the health check fail
SLOW_LANE_EVERY_SECONDS = 0.05  # urgent work may hold the slow lane back this long

# SQLite
SQLITE_BUSY_SECONDS = 5.0
SQLITE_JOURNAL_BYTES = 64 * MIB

# PostgreSQL
POSTGRES_CONNECT_SECONDS = 5.0
POSTGRES_STATEMENT_SECONDS = 60.0
POSTGRES_LOCK_SECONDS = 10.0  # waiting for another transaction's row
POSTGRES_IDLE_SECONDS = 60.0  # a transaction in which nothing happens is ended by the server

POSTGRES_TRIES = 6  # of one closure, when other transactions were in its way
POSTGRES_PAUSE_SECONDS = 0.02  # before the second try; doubled each time, and shortened by chance

# Audit and news
AUDIT_TEXT_CHARS = 500  # action, target, actor, outcome, ref: each
AUDIT_BODY_BYTES = 16 * KIB
AUDIT_BODY_KEYS = 64
ERASED_AT_ONCE = 500  # private values erased in one transaction
ERASED_WORD_CHARS = 3  # the shortest word that a person is erased by
AUDIT_INT = 2**53 - 1  # RFC 8785: integers a JSON number holds exactly
AUDIT_PRIVATE_CHARS = 16 * KIB  # one private value, a list of them taken together
AUDIT_NAMES_KEPT = 10_000  # commitments of names that a process remembers
AUDIT_NAMES_SECONDS = 60.0  # how long it trusts them: another process may have erased one
AUDIT_NAMES_ASKED = 500  # names or commitments looked up in one statement
NEWS_BODY_BYTES = 16 * KIB
NEWS_TURN = 200  # deliveries claimed in one turn
NEWS_LEASE_SECONDS = 120
NEWS_RETRY_SECONDS = (1, 5, 15, 60, 300, 600)  # the last one repeats
NEWS_STUCK_AFTER = 5  # failures before a delivery is shown as stuck
NEWS_KEPT_DAYS = 30
NEWS_SUBJECT_LOCKS = 256  # subjects of news share these on PostgreSQL
SEQUENCE_BATCH = 2000  # events numbered in one transaction
SEQUENCE_EVERY_SECONDS = 0.2
SEQUENCE_LATE_SECONDS = 10.0  # a lag beyond this is a fault

# Jobs
JOB_ARGS_BYTES = 64 * KIB
JOB_LEASE_SECONDS = 600
JOB_ATTEMPTS = 8
JOB_RETRY_SECONDS = (2, 10, 30, 120, 600, 1800, 3600)
JOB_KEPT_DAYS = 7
JOB_ERROR_CHARS = 1000

# Between processes, on PostgreSQL
LISTEN_PAUSE_SECONDS = 0.5
LISTEN_PAUSE_MAX_SECONDS = 10.0
LISTEN_LOOK_SECONDS = 5.0  # how often a silent connection is looked after
WORKER_BEAT_SECONDS = 3.0
WORKER_GONE_SECONDS = 10.0  # without a beat it counts as dead, and what it had claimed is taken over
BLOB_PART_BYTES = 4 * MIB

# Loops
LOOP_POLL_SECONDS = 2.0
LOOP_STOP_SECONDS = 10.0
LOOP_SETTLE_ROUNDS = 25  # passes of run_turns before it gives up on loops that keep waking each other

# Inbox
INBOX_BYTES = 64 * MIB
INBOX_ROW_BYTES = 64 * KIB  # more than that becomes a file
INBOX_META_BYTES = 16 * KIB

# Audit trail reading
TRAIL_PAGE = 1000
TRAIL_VERIFY_CHUNK = 5000
CHECKPOINT_EVERY_SECONDS = 60
WITNESS_FILE_BYTES = 64 * MIB
WITNESS_SECONDS = 20.0  # for one witness to take a checkpoint
WITNESS_PATIENCE_SECONDS = 2.0  # how long whoever asked for a checkpoint waits for the witnesses; they go on beside
WITNESS_JOB_SECONDS = 5.0  # how long the job that makes checkpoints does
WITNESS_NOTES = 10_000  # checkpoints read back from one witness
WITNESS_PROBLEM_CHARS = 300
WITNESS_PLACE_CHARS = 500
TRAIL_LOOK = 2000  # events looked through for words at a time
TRAIL_LOOKED = 10_000  # and in one question; then it says up to where it looked
TRAIL_PART = 100_000  # events in an export of a part
TRAIL_AT_ONCE = 20_000  # events that a page exports or checks while one waits; more is a job
TRAIL_NOTES = 500  # earlier checkpoints in an export, spread over all
TRAIL_RUN_SECONDS = 6 * 3600
TRAIL_RUN_MIB = 2048
TRAIL_EXPORT_KEPT_DAYS = 7
TRAIL_RUNS_KEPT = 200
TRAIL_EXPORTS_KEPT = 20  # files of one asker; the oldest goes when there is one more
TRAIL_RUN_LOST_HOURS = 24  # after which a run that nothing works at is called interrupted

# Change events
CHANGE_SUMMARY_CHARS = 500
CHANGE_SOURCE_CHARS = 200
CHANGE_KIND_CHARS = 60
CHANGE_KEY_CHARS = 200
CHANGES_AT_ONCE = 1000  # told in one request
CHANGES_BYTES = 2 * MIB  # of such a request
CHANGE_TARGETS = 100
CHANGE_LINKS = 20
CHANGES_SHOWN = 200

# Small durable facts
STATE_VALUE_CHARS = 64 * KIB

# Settings
SETTINGS_FILE_BYTES = 256 * KIB
SECRET_FILE_BYTES = 64 * KIB

# Outgoing calls
OUTGOING_BODY_BYTES = 1 * MIB
OUTGOING_SECONDS = 15.0
OUTGOING_MAX_SECONDS = 120.0
MAIL_SECONDS = 20.0

# Downloads: documents too large to hold in memory, kept in parts until they are whole
DOWNLOAD_SECONDS = 3600.0
DOWNLOAD_IDLE_SECONDS = 30.0  # nothing arriving for so long is a broken connection
DOWNLOAD_PIECE_BYTES = 256 * KIB
DOWNLOAD_TRIES = 5  # of one call, each going on where the one before was cut
DOWNLOAD_PAUSE_SECONDS = 1.0  # before the second try; doubled for each after it
DOWNLOAD_REDIRECTS = 3
DOWNLOAD_SPARE_BYTES = 64 * MIB  # kept free on the disk for the database and its log

# Signed links
LINK_PAYLOAD_CHARS = 512

# Server verbs
VERB_PAYLOAD_BYTES = 8 * MIB

# Scanning
MANIFEST_BYTES = 64 * MIB
MANIFESTS_PER_PATH = 2000
MANIFEST_NAME_LETTERS = 400
PLACE_LETTERS = 200  # a repository, a branch
ADVISORIES_OLD_DAYS = 7  # older than that, what is called clean may not be
SCAN_LINES_KEPT = 500  # notes and unknown versions kept with a scan

# Who changed a file last, asked of git
GIT_SECONDS = 5.0  # one history
GIT_LOOK_SECONDS = 10.0  # all histories of one look
GIT_FILES = 20  # histories in one look
GIT_COMMITS = 10
GIT_COMMITTERS = 3
GIT_OUTPUT_BYTES = 64 * KIB
GIT_TOLD_CHARS = 2_000  # what a client says of them

# Serving
START_PATIENCE_SECONDS = 30.0  # a start waits this long for a command that works in the data directory
WEB_THREADS = 16  # threads that run pages; more gained nothing when measured
WAITING_REQUESTS = 1024  # requests in hand at once, most of them still arriving
REQUEST_BYTES = INBOX_BYTES + MIB
REQUEST_MEMORY_BYTES = 256 * KIB  # a larger body lies on disk while it arrives
REQUESTS_ARRIVING_BYTES = 1024 * MIB  # over all requests that are still arriving
FAST_CALLERS = 1024  # tokens it remembers
FAST_CALLER_SECONDS = 240  # and for how long; each is checked again in the transaction of what it opens
REQUEST_GRACE_SECONDS = 15
REQUEST_BYTES_PER_SECOND = 32 * KIB
