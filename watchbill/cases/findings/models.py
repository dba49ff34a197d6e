"""The tables of findings. No decisions are taken here.

A finding is one problem in one place. What each feed (a source looking at a place) saw of it is a row of its own, so that a finding
which two sources report is fixed only when both rows are closed. Lists are ordered by (decision, due date, id), and the indexes say so."""

from django.db import models

# "is true" for lookups: Django writes `is_open=True` as a bare column, which SQLite can't look up in an index; `is_open__in=YES` it can.
YES = (True,)
# Where a finding without an EPSS score stands among others: after every score (1,000,000 is a score of 0).
NO_SCORE = 1_000_001


class Finding(models.Model):
    """One problem in one place: identity, facts, decision, owner and state as they stand now. The trail has how they came about."""

    fingerprint = models.CharField(max_length=32, unique=True)
    identity_version = models.PositiveSmallIntegerField(default=1)
    spot = models.CharField(max_length=32, db_index=True)
    kind = models.CharField(max_length=20, default="dependency")
    service = models.CharField(max_length=300, blank=True)
    repo = models.CharField(max_length=300, blank=True)
    branch = models.CharField(max_length=300, blank=True)
    manifest = models.CharField(max_length=500, blank=True)

    advisory = models.CharField(max_length=300, db_index=True)
    aliases = models.JSONField(default=list)
    ecosystem = models.CharField(max_length=40, blank=True)
    package = models.CharField(max_length=300, blank=True, db_index=True)
    purl = models.CharField(max_length=500, blank=True)
    installed = models.CharField(max_length=200, blank=True)
    pin = models.CharField(max_length=12, default="pinned")
    pin_note = models.CharField(max_length=300, blank=True)
    title = models.CharField(max_length=300)
    summary = models.TextField(blank=True)
    facts = models.JSONField(default=dict)

    state = models.CharField(max_length=16)
    is_open = models.BooleanField(default=True)
    decision = models.CharField(max_length=8)
    decision_rank = models.PositiveSmallIntegerField()
    outcome = models.CharField(max_length=16)
    inputs = models.JSONField(default=list)
    capped = models.BooleanField(default=False)
    triage = models.BooleanField(default=False)
    short_why = models.CharField(max_length=300, blank=True)
    decided_at = models.DateTimeField()
    due = models.DateTimeField(null=True)
    due_sort = models.DateTimeField()
    epss_sort = models.PositiveIntegerField(default=NO_SCORE)

    team = models.CharField(max_length=300, blank=True)
    unowned = models.BooleanField(default=False)
    owner_rule = models.CharField(max_length=500, blank=True)
    owner_origin = models.CharField(max_length=20, blank=True)
    owner_fixed = models.BooleanField(default=False)
    taken_by = models.CharField(max_length=254, blank=True)
    taken_at = models.DateTimeField(null=True)
    claimed_by = models.CharField(max_length=254, blank=True)
    claimed_at = models.DateTimeField(null=True)

    first_seen = models.DateTimeField()
    last_seen = models.DateTimeField()
    seen_day = models.DateField()
    seen_mask = models.PositiveIntegerField(default=1)
    not_seen_at = models.DateTimeField(null=True)
    not_seen_why = models.CharField(max_length=500, blank=True)
    reopened_count = models.PositiveIntegerField(default=0)
    reopened_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    closed_why = models.CharField(max_length=500, blank=True)
    proof = models.JSONField(default=list)
    alert_id = models.BigIntegerField(null=True, db_index=True)
    alert_key = models.CharField(max_length=200, blank=True, db_index=True)

    class Meta:
        indexes = [
            models.Index(fields=["is_open", "decision_rank", "due_sort", "epss_sort", "id"], name="finding_pressing"),
            models.Index(
                fields=["is_open", "state", "decision_rank", "decision", "team", "service", "unowned", "due_sort"], name="finding_tally"
            ),  # counts under a search are read from it alone
            models.Index(fields=["state", "decision_rank", "due_sort", "epss_sort", "id"], name="finding_state"),
            models.Index(fields=["team", "is_open", "decision_rank", "due_sort", "epss_sort", "id"], name="finding_team"),
            models.Index(fields=["service", "is_open", "decision_rank", "due_sort", "epss_sort", "id"], name="finding_service"),
            models.Index(fields=["taken_by", "is_open"], name="finding_taken"),
            models.Index(
                fields=["decision_rank", "due_sort", "epss_sort", "id"],
                name="finding_not_seen",
                condition=models.Q(not_seen_at__isnull=False),
            ),
            models.Index(fields=["state", "-last_seen", "id"], name="finding_seen"),
            models.Index(fields=["is_open", "due_sort"], name="finding_due"),
        ]

    def __str__(self) -> str:
        return f"finding {self.pk}: {self.title}"


class Feed(models.Model):
    """One source looking at one place. Evidence closes only what the same feed saw."""

    source = models.CharField(max_length=300)
    service = models.CharField(max_length=300, blank=True)
    repo = models.CharField(max_length=300, blank=True)
    branch = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "service", "repo", "branch"], name="feed_once")]

    def __str__(self) -> str:
        return f"{self.source} on {self.service or self.repo}"


class InputLook(models.Model):
    """When a feed last read a manifest, and how many packages stood there. An unreadable or held-empty look leaves it as it was."""

    feed = models.ForeignKey("findings.Feed", on_delete=models.CASCADE, related_name="looks")
    manifest = models.CharField(max_length=500)
    finished_at = models.DateTimeField()
    packages = models.IntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["feed", "manifest"], name="look_once")]

    def __str__(self) -> str:
        return f"{self.manifest} at {self.finished_at}"


class RecordedScan(models.Model):
    """One scan as it was told: what it declared and read, and what came of it. Its key makes telling it twice harmless."""

    key = models.CharField(max_length=80, unique=True)
    feed = models.ForeignKey("findings.Feed", on_delete=models.CASCADE, related_name="scans")
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    complete = models.BooleanField()
    inputs = models.JSONField(default=list)
    inputs_read = models.JSONField(default=list)
    unreadable = models.JSONField(default=list)
    packages = models.IntegerField(default=0)
    packages_by_input = models.JSONField(default=dict)
    tool = models.CharField(max_length=300, blank=True)
    state = models.CharField(max_length=12)  # applied, ignored, held, released, rejected, superseded
    held_reason = models.CharField(max_length=500, blank=True)
    would_close = models.IntegerField(default=0)
    settled_by = models.CharField(max_length=254, blank=True)
    settled_at = models.DateTimeField(null=True)
    settled_why = models.CharField(max_length=2000, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["state", "recorded_at"], name="scan_state"),
            models.Index(fields=["feed", "finished_at"], name="scan_of_feed"),
        ]

    def __str__(self) -> str:
        return self.key


class SeenBy(models.Model):
    """What one feed saw of one finding. `open` until that feed's own newer evidence shows it gone."""

    feed = models.ForeignKey("findings.Feed", on_delete=models.CASCADE, related_name="sightings")
    finding = models.ForeignKey("findings.Finding", on_delete=models.CASCADE, related_name="sightings")
    fingerprint = models.CharField(max_length=32)
    advisory = models.CharField(max_length=300)
    manifest = models.CharField(max_length=500, blank=True)
    facts = models.JSONField(default=dict)
    facts_hash = models.CharField(max_length=16)
    open = models.BooleanField(default=True)
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    last_scan = models.ForeignKey("findings.RecordedScan", on_delete=models.PROTECT, related_name="seen")
    not_seen_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey("findings.RecordedScan", on_delete=models.PROTECT, null=True, related_name="closed")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["feed", "fingerprint"], name="seen_once")]
        indexes = [models.Index(fields=["feed", "open", "manifest"], name="seen_open")]

    def __str__(self) -> str:
        return f"{self.advisory} in {self.manifest}"


class MergedName(models.Model):
    """Another name (advisory) under which a finding is told. Kept, so that the name leads to it and never to a second finding."""

    fingerprint = models.CharField(max_length=32, unique=True)
    finding = models.ForeignKey("findings.Finding", on_delete=models.CASCADE, related_name="other_names")
    advisory = models.CharField(max_length=300)
    recorded_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.advisory


class Acceptance(models.Model):
    """A request to accept a risk, or to call a finding not affected, and what became of it. At most one waits or holds for a finding."""

    finding = models.ForeignKey("findings.Finding", on_delete=models.CASCADE, related_name="acceptances")
    kind = models.CharField(max_length=12)  # accept, not_affected
    state = models.CharField(max_length=12)  # asked, signed, rejected, expired, outgrown, ended
    reason = models.TextField()
    until = models.DateTimeField(null=True)
    asked_by = models.CharField(max_length=254)
    asked_at = models.DateTimeField()
    settled_by = models.CharField(max_length=254, blank=True)
    settled_at = models.DateTimeField(null=True)
    settled_why = models.CharField(max_length=2000, blank=True)
    decision = models.CharField(max_length=8)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["finding"], condition=models.Q(state__in=["asked", "signed"]), name="acceptance_one_alive"),
        ]
        indexes = [models.Index(fields=["state", "until"], name="acceptance_until")]

    def __str__(self) -> str:
        return f"{self.kind} of finding {self.finding_id} until {self.until}"
