"""Every ceiling of the bell, by name: how long texts may be, how many rows a turn takes, how long a send may last. It computes nothing."""

# Alerts
TITLE_CHARS = 300
WHERE_CHARS = 300
SUBJECT_CHARS = 200
DEDUP_KEY_CHARS = 255
LINK_CHARS = 500
WHY_LINES = 20
GUIDANCE_LINES = 20
SENTENCE_CHARS = 600

# Contact methods and notification rules
FIELD_CHARS = 2_000
METHODS_PER_PERSON = 20
RULES_PER_LIST = 20
RULE_DELAY_SECONDS = 24 * 3600

# Who one step may reach
STEP_PEOPLE = 200

# The loop
STEPS_A_TURN = 50
STUCK_STEP_SECONDS = 60
PAGES_A_CLAIM = 64
SENDERS_PER_CHANNEL = 8
SEND_SECONDS = 10.0
RECORD_TRIES = 5  # a page that went and isn't recorded would go twice
RECORD_PAUSE_SECONDS = 1.0

# Apprise's child; importing its plugins takes most of a second of processor time
APPRISE_MEMORY_MIB = 1024
APPRISE_CPU_SECONDS = 10

# The self-audit
LATE_AFTER_SECONDS = 60.0
AUDIT_EVERY_SECONDS = 60
CLOCK_MOVED_GRACE_SECONDS = 5.0

# Texts that leave the house
MAIL_SUBJECT_CHARS = 200
ERROR_CHARS = 300
RECEIPT_CHARS = 200

# Signed links
ACK_LINK_HOURS = 24

# Reading
LIST_ROWS = 500
