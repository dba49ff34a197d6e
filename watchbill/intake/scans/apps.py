"""Scanning's part in the project: subscribes to what the inbox took in and registers its jobs and server verbs."""

from __future__ import annotations

from django.apps import AppConfig


class ScansConfig(AppConfig):
    """The app with label `scans`."""

    name = "watchbill.intake.scans"
    label = "scans"

    def ready(self) -> None:
        from watchbill.base import jobs, newsroom  # noqa: PLC0415 - Django's registry must be complete first
        from watchbill.intake.scans import jobs as own_jobs  # noqa: PLC0415

        newsroom.subscribe("inbox.accepted", "scans.queue_reading", own_jobs.queue_reading)
        jobs.every("scans.look", 900)
