"""Scanning in the project: what runs later, what it is told by news, and its server verbs."""

from importlib import import_module

from django.apps import AppConfig


class ScansConfig(AppConfig):
    """Lockfiles and SBOMs in."""

    name = "watchbill.intake.scans"
    label = "scans"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Begin, now that models can be imported."""
        import_module("watchbill.intake.scans.jobs").begin()
        import_module("watchbill.intake.scans.verbs")
