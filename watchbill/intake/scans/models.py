"""What was looked at and what stood there: sources, scans and the kept inventory of packages.

No decisions here. Findings belong to `cases`; a scan only remembers what it saw, so that a new advisory finds its owners without
anybody scanning again.
"""

from __future__ import annotations

from django.db import models


class Source(models.Model):
    """One configured feeder: a place from which lockfiles or SBOMs come, pushed or read from a watched path.

    ``hints`` keeps by manifest what its last reading said about people: ``named_owners`` (the SBOM's own words) and ``committers``.
    """

    name = models.CharField(max_length=300, unique=True)
    kind = models.CharField(max_length=10, choices=[("pushed", "pushed"), ("path", "watched path")])
    service = models.CharField(max_length=100, blank=True)
    repo = models.CharField(max_length=300, blank=True)
    branch = models.CharField(max_length=200, blank=True)
    path = models.CharField(max_length=1000, blank=True)
    created_at = models.DateTimeField()
    last_scan_at = models.DateTimeField(null=True)
    last_outcome = models.TextField(blank=True)
    last_ok = models.BooleanField(default=False)
    inputs = models.JSONField(default=list)
    hints = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["service"], name="source_service")]


class Scan(models.Model):
    """One look: which inputs were read, which could not be, and what came of it."""

    source = models.ForeignKey("scans.Source", on_delete=models.PROTECT, related_name="scans")
    key = models.CharField(max_length=80, unique=True)
    inbox_id = models.BigIntegerField(null=True)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField()
    complete = models.BooleanField()
    packages = models.IntegerField(default=0)
    inputs_read = models.JSONField(default=list)
    unreadable = models.JSONField(default=list)
    notes = models.JSONField(default=list)
    unknown = models.JSONField(default=list)
    outcome = models.TextField(blank=True)
    held = models.BooleanField(default=False)

    class Meta:
        indexes = [models.Index(fields=["source", "-finished_at"], name="scan_source_newest")]


class InventoryRow(models.Model):
    """One package as one manifest pins it now; replaced manifest by manifest as newer looks arrive."""

    source = models.ForeignKey("scans.Source", on_delete=models.CASCADE, related_name="inventory")
    manifest = models.CharField(max_length=500)
    ecosystem = models.CharField(max_length=40)
    name = models.CharField(max_length=300)
    version = models.CharField(max_length=200, blank=True)
    bound = models.CharField(max_length=200, blank=True)
    purl = models.CharField(max_length=600, blank=True)
    direct = models.BooleanField(null=True)
    path = models.JSONField(default=list)
    kind = models.CharField(max_length=40, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["ecosystem", "name"], name="inventory_package"),
            models.Index(fields=["source", "manifest"], name="inventory_place"),
        ]
