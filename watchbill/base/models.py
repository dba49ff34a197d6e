"""The floor's tables. Rows only; no decisions. Private to base: other rooms call the modules beside this one.

Times of audit events are text of fixed width (2026-01-02T03:04:05.123456Z): exactly what was hashed, sortable, the same on every database.
"""

from django.db import models
from django.db.models.functions import Now


class AuditEvent(models.Model):
    """One leaf of the audit trail's Merkle tree; `seq` counts from 1 and is the leaf's index plus one. Never updated, never deleted.

    The columns hold exactly what was hashed: `actor` and private values in `body` are commitments (commitments.py).
    """

    seq = models.BigIntegerField(primary_key=True)
    recorded_at = models.CharField(max_length=27)
    occurred_at = models.CharField(max_length=27)
    actor = models.TextField()
    actor_kind = models.CharField(max_length=16)
    source = models.CharField(max_length=64)
    action = models.TextField()
    target = models.TextField()
    outcome = models.TextField()
    ref = models.TextField()
    body = models.TextField()
    leaf = models.BinaryField(max_length=32)

    class Meta:
        db_table = "audit_event"
        indexes = [
            models.Index(fields=["recorded_at"], name="audit_time"),
            models.Index(fields=["actor", "recorded_at"], name="audit_actor_time"),
            models.Index(fields=["target", "recorded_at"], name="audit_target_time"),
        ]


class AuditPending(models.Model):
    """An audit event that waits for its number, on PostgreSQL: an AuditEvent without `seq` and `leaf`. `at` is the database's own time."""

    recorded_at = models.CharField(max_length=27)
    occurred_at = models.CharField(max_length=27)
    actor = models.TextField()
    actor_kind = models.CharField(max_length=16)
    source = models.CharField(max_length=64)
    action = models.TextField()
    target = models.TextField()
    outcome = models.TextField()
    ref = models.TextField()
    body = models.TextField()
    at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "audit_pending"


class AuditName(models.Model):
    """Who is behind a commitment in `AuditEvent.actor`. The row goes when the person is erased; the events stay."""

    commitment = models.CharField(max_length=44, unique=True)
    name = models.TextField(unique=True)
    salt = models.BinaryField(max_length=16)

    class Meta:
        db_table = "audit_name"


class AuditPrivate(models.Model):
    """A private value of an event's body, by its commitment there, and the event's target. The row goes when the value is erased."""

    commitment = models.CharField(max_length=44, unique=True)
    salt = models.BinaryField(max_length=16)
    value = models.TextField()
    target = models.TextField(db_index=True)

    class Meta:
        db_table = "audit_private"


class AuditFrontier(models.Model):
    """The right edge of the audit tree, in one row (id 1), changed in the same transaction as the events."""

    state = models.BinaryField()

    class Meta:
        db_table = "audit_frontier"


class AuditRow(models.Model):
    """Hashes of 4,096 events in a row: 256, one for each 16 of them, and their root (engines/merkle/blocks.py). Made from the leaves to
    save work when proofs are made, and trusted by nobody. `number` counts from 0.
    """

    number = models.BigIntegerField(primary_key=True)
    root = models.BinaryField(max_length=32)
    hashes = models.BinaryField(max_length=8192)

    class Meta:
        db_table = "audit_row"


class TrailRun(models.Model):
    """A long reading of the whole trail that somebody asked for: an export to a file, or a check. `what` and `outcome` are JSON."""

    kind = models.CharField(max_length=12)
    asked_by = models.TextField()
    asked_at = models.DateTimeField(db_index=True)
    what = models.TextField()
    state = models.CharField(max_length=12, default="waiting")
    done = models.BigIntegerField(default=0)
    total = models.BigIntegerField(default=0)
    outcome = models.TextField(default="{}")
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "audit_run"


class Checkpoint(models.Model):
    """A signed statement of the trail's size and root, and what the witness said to it."""

    size = models.BigIntegerField(unique=True)
    root = models.CharField(max_length=64)
    at = models.DateTimeField()
    text = models.TextField()
    witness = models.CharField(max_length=200, blank=True, default="")
    witnessed_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "audit_checkpoint"


class WitnessState(models.Model):
    """How a witness fares: the size of the newest checkpoint it has, how many changes of the key it was told of, what the last attempt
    brought. `place` as configured when it got that; `said` the last news about it: ok or failed.
    """

    name = models.CharField(max_length=40, primary_key=True)
    place = models.CharField(max_length=500)
    size = models.BigIntegerField(default=0)
    rotations = models.IntegerField(default=0)
    tried_at = models.DateTimeField(null=True)
    last_ok = models.DateTimeField(null=True)
    problem = models.CharField(max_length=300, default="")
    said = models.CharField(max_length=10, default="")

    class Meta:
        db_table = "audit_witness"


class News(models.Model):
    """Something a lower room has to tell, written with the change it tells of."""

    topic = models.CharField(max_length=120)
    subject = models.CharField(max_length=200)
    body = models.TextField()
    created_at = models.DateTimeField(db_index=True)


class Delivery(models.Model):
    """News still owed to one subscriber; the row goes when the subscriber has taken it. `due` moves into the future while it is being
    delivered, by the worker `holder` (0: not one of several).
    """

    news = models.ForeignKey(News, on_delete=models.CASCADE)
    subscriber = models.CharField(max_length=120)
    subject = models.CharField(max_length=200)
    due = models.DateTimeField()
    attempts = models.IntegerField(default=0)
    last_error = models.TextField(default="")
    holder = models.BigIntegerField(db_default=0)

    class Meta:
        indexes = [
            models.Index(fields=["subscriber", "subject", "id"], name="delivery_line"),
            models.Index(fields=["due"], name="delivery_due"),
        ]


class Job(models.Model):
    """Work for later: walked by the loop, leased while it runs. Rows of periodic kinds stay and are armed again."""

    kind = models.CharField(max_length=120)
    args = models.TextField()
    key = models.CharField(max_length=200, default="")
    lane = models.CharField(max_length=120, default="")
    state = models.CharField(max_length=12, default="waiting")
    due = models.DateTimeField()
    lease_until = models.DateTimeField(null=True)
    attempts = models.IntegerField(default=0)
    last_error = models.TextField(default="")
    created_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    holder = models.BigIntegerField(db_default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["key"], condition=models.Q(state__in=["waiting", "running"]) & ~models.Q(key=""), name="job_key_once"
            )
        ]
        indexes = [
            models.Index(fields=["due"], condition=models.Q(state="waiting"), name="job_due"),
            models.Index(fields=["lease_until"], condition=models.Q(state="running"), name="job_lease"),
        ]


class Inbox(models.Model):
    """Bytes as they came in; `data` is null when they lie in a content-addressed file."""

    kind = models.CharField(max_length=120)
    source = models.CharField(max_length=200)
    key = models.CharField(max_length=200, default="")
    meta = models.TextField()
    received_at = models.DateTimeField(db_index=True)
    sha256 = models.CharField(max_length=64, db_index=True)
    size = models.BigIntegerField()
    data = models.BinaryField(null=True)
    state = models.CharField(max_length=12, default="new")
    problem = models.TextField(default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "key"], condition=~models.Q(key=""), name="inbox_key_once")]


class Worker(models.Model):
    """A living process, on PostgreSQL. Times are the database's own. The row goes when the process ends or its beat stays away."""

    role = models.CharField(max_length=8)
    host = models.CharField(max_length=253)
    pid = models.IntegerField()
    address = models.CharField(max_length=253, default="")
    version = models.CharField(max_length=40, default="")
    started_at = models.DateTimeField(db_default=Now())
    beat_at = models.DateTimeField(db_default=Now())


class Blob(models.Model):
    """Bytes under their SHA-256, on PostgreSQL, where every process must be able to read them; `BlobPart` has them."""

    digest = models.CharField(max_length=64, primary_key=True)
    size = models.BigIntegerField()


class BlobPart(models.Model):
    """A piece of a blob; `number` counts from 0."""

    blob = models.ForeignKey(Blob, on_delete=models.CASCADE)
    number = models.IntegerField()
    data = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["blob", "number"], name="blob_part_once")]


class Change(models.Model):
    """Something changed somewhere: a deploy, a config run, an access."""

    occurred_at = models.DateTimeField(db_index=True)
    recorded_at = models.DateTimeField()
    summary = models.TextField()
    source = models.CharField(max_length=200)
    kind = models.CharField(max_length=60)
    by = models.CharField(max_length=200)
    links = models.TextField()
    key = models.CharField(max_length=200, default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "key"], condition=~models.Q(key=""), name="change_key_once")]


class ChangeTarget(models.Model):
    """What a change touched."""

    change = models.ForeignKey(Change, on_delete=models.CASCADE)
    target = models.CharField(max_length=200)

    class Meta:
        indexes = [models.Index(fields=["target", "change"], name="change_target")]


class Fact(models.Model):
    """A small durable fact about this installation."""

    key = models.CharField(max_length=120, primary_key=True)
    value = models.TextField()
    updated_at = models.DateTimeField()
