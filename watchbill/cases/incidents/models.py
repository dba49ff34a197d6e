"""The tables of incidents: what was said, who is in, and the log. Private: other rooms see the codename and nothing else."""

from django.db import models


class Incident(models.Model):
    """People working together on something now. `once` makes one telling of it, sent again, the same incident."""

    codename = models.CharField(max_length=60, unique=True)
    text = models.TextField()
    state = models.CharField(max_length=8, default="open")  # open, closed
    started_by = models.CharField(max_length=254)
    started_by_name = models.CharField(max_length=254)
    started_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    closed_by = models.CharField(max_length=254, blank=True)
    alert_id = models.BigIntegerField(null=True)
    once = models.CharField(max_length=64, null=True, unique=True)

    class Meta:
        indexes = [models.Index(fields=["state", "-started_at"], name="incident_open")]

    def __str__(self) -> str:
        return self.codename


class Responder(models.Model):
    """Somebody who was brought in, and how: started it, was paged, acknowledged, was added."""

    incident = models.ForeignKey("incidents.Incident", on_delete=models.CASCADE, related_name="responders")
    person = models.ForeignKey("roster.Person", on_delete=models.PROTECT, related_name="+")
    how = models.CharField(max_length=12)
    since = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["incident", "person"], name="responder_once")]

    def __str__(self) -> str:
        return f"{self.person_id} in {self.incident_id}"


class TimelineLine(models.Model):
    """One line of the log. `key` makes a line that news brings come once."""

    incident = models.ForeignKey("incidents.Incident", on_delete=models.CASCADE, related_name="lines")
    at = models.DateTimeField()
    kind = models.CharField(max_length=12)  # said, page, role, step
    who = models.CharField(max_length=254, blank=True)
    text = models.TextField()
    key = models.CharField(max_length=80, null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["incident", "key"], name="line_once")]
        indexes = [models.Index(fields=["incident", "at", "id"], name="timeline_order")]

    def __str__(self) -> str:
        return self.text
