"""The tables of the bell. An alert carries its policy as it was; a page row is one attempt to reach one person one way, and stays as
the record of it. Foreign keys only point down (to people); the subject is text. No decision is made here."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from watchbill.paging import limits
from watchbill.paging.rules.words import AlertState, Decision, LogKind, PageState


class Alert(models.Model):
    """One reason to reach people. `policy` is a snapshot and never changes; `next_step_at` is when the loop looks at it again."""

    uid = models.CharField(max_length=26, unique=True, editable=False)
    subject = models.CharField(max_length=limits.SUBJECT_CHARS)
    dedup_key = models.CharField(max_length=limits.DEDUP_KEY_CHARS)
    title = models.CharField(max_length=limits.TITLE_CHARS)
    decision = models.CharField(max_length=8, choices=[(one.value, one.value) for one in Decision])
    state = models.CharField(max_length=16, default=AlertState.TRIGGERED.value, choices=[(one.value, one.value) for one in AlertState])
    team = models.CharField(max_length=100, blank=True)
    team_name = models.CharField(max_length=200, blank=True)
    zone = models.CharField(max_length=64, default="UTC")
    link = models.CharField(max_length=limits.LINK_CHARS, blank=True)
    where = models.CharField(max_length=limits.WHERE_CHARS, blank=True, default="")
    why = models.JSONField(default=list)
    guidance = models.JSONField(default=list)
    policy = models.JSONField()
    step = models.PositiveIntegerField(default=0)
    loop = models.PositiveIntegerField(default=0)
    next_step_at = models.DateTimeField(null=True)
    next_names = models.JSONField(default=list)
    exhausted_at = models.DateTimeField(null=True)
    opened_at = models.DateTimeField()
    opened_by = models.CharField(max_length=254)
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.CharField(max_length=254, blank=True)
    acknowledged_person = models.ForeignKey("roster.Person", null=True, on_delete=models.PROTECT, related_name="+")
    resolved_at = models.DateTimeField(null=True)
    resolved_by = models.CharField(max_length=254, blank=True)

    class Meta:
        """One open alert a key is a promise of the database, not of the code. Partial indexes ask IS NULL only: SQLite knows it again."""

        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["dedup_key"], condition=Q(resolved_at__isnull=True), name="paging_one_open_alert_a_key"),
            models.CheckConstraint(condition=Q(decision__in=[one.value for one in Decision]), name="paging_alert_decision"),
            models.CheckConstraint(condition=Q(state__in=[one.value for one in AlertState]), name="paging_alert_state"),
            models.CheckConstraint(
                condition=Q(state=AlertState.RESOLVED.value, resolved_at__isnull=False)
                | (~Q(state=AlertState.RESOLVED.value) & Q(resolved_at__isnull=True)),
                name="paging_alert_open_until_resolved",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["next_step_at"], condition=Q(next_step_at__isnull=False), name="paging_alert_due"),
            models.Index(fields=["subject", "-id"], name="paging_alert_subject"),
            models.Index(fields=["-id"], condition=Q(resolved_at__isnull=True), name="paging_alert_open"),
        ]

    def __str__(self) -> str:
        return f"alert {self.pk}: {self.title}"


class ContactMethod(models.Model):
    """One verified (or not yet verified) way to reach a person.

    `fields` holds what the channel's description asks for, secrets included.
    """

    person = models.ForeignKey("roster.Person", on_delete=models.CASCADE, related_name="+")
    channel = models.CharField(max_length=40)
    fields = models.JSONField(default=dict)
    verified_at = models.DateTimeField(null=True)
    last_ok = models.DateTimeField(null=True)
    last_fail = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.channel} of person {self.person_id}"


class NotificationRule(models.Model):
    """`delay_seconds` after a step reaches this person, page them by this method. One list for each urgency."""

    person = models.ForeignKey("roster.Person", on_delete=models.CASCADE, related_name="+")
    list = models.CharField(max_length=8, choices=[(one.value, one.value) for one in Decision])
    delay_seconds = models.PositiveIntegerField()
    contact_method = models.ForeignKey(ContactMethod, on_delete=models.CASCADE, related_name="rules")
    order = models.PositiveIntegerField()

    class Meta:
        """Read in the order they were made."""

        ordering: ClassVar[list[str]] = ["order", "id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["person", "list", "order"], name="paging_rule_order"),
            models.CheckConstraint(condition=Q(list__in=[one.value for one in Decision]), name="paging_rule_list"),
        ]

    def __str__(self) -> str:
        return f"{self.list}: after {self.delay_seconds} s by method {self.contact_method_id}"


class Page(models.Model):
    """One attempt to reach one person one way.

    `due` is when it was meant to ring; `next_at` when the loop looks at it next (due, another try, or the end of a sender's lease) and
    is null once it never will again. `holder` is the process that sends it, where there are several (base/workers.py).
    """

    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, related_name="pages")
    person = models.ForeignKey("roster.Person", on_delete=models.PROTECT, related_name="+")
    contact_method = models.ForeignKey(ContactMethod, null=True, on_delete=models.SET_NULL, related_name="+")
    loop = models.PositiveIntegerField()
    step = models.PositiveIntegerField()
    channel = models.CharField(max_length=40)
    state = models.CharField(max_length=12, choices=[(one.value, one.value) for one in PageState])
    due = models.DateTimeField()
    next_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    holder = models.BigIntegerField(db_default=0)
    attempts = models.PositiveIntegerField(default=0)
    idem = models.CharField(max_length=80, unique=True)
    sent_at = models.DateTimeField(null=True)
    receipt = models.CharField(max_length=limits.RECEIPT_CHARS, blank=True)
    why = models.CharField(max_length=limits.SENTENCE_CHARS, blank=True)
    error = models.CharField(max_length=limits.ERROR_CHARS, blank=True)

    class Meta:
        """The loop's only question ("what is due?") is answered by one small partial index."""

        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=Q(state__in=[one.value for one in PageState]), name="paging_page_state"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["next_at"], condition=Q(next_at__isnull=False), name="paging_page_due"),
            models.Index(F("person"), F("due").desc(), name="paging_page_person"),
        ]

    def __str__(self) -> str:
        return f"page {self.pk} of alert {self.alert_id} by {self.channel}: {self.state}"


class AlertLog(models.Model):
    """One readable line of what was decided and why. Only ever added to."""

    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, related_name="lines")
    at = models.DateTimeField()
    kind = models.CharField(max_length=16, choices=[(one.value, one.value) for one in LogKind])
    text = models.CharField(max_length=1000)
    person = models.ForeignKey("roster.Person", null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        """Lines stand in the order they were written."""

        ordering: ClassVar[list[str]] = ["id"]

    def __str__(self) -> str:
        return self.text
