"""The findings app: subscribes to the bell's and the roster's news and registers its jobs. It does nothing else at start."""

from importlib import import_module

from django.apps import AppConfig


class FindingsConfig(AppConfig):
    """Findings, decisions and acceptances."""

    name = "watchbill.cases.findings"
    label = "findings"
    verbose_name = "Findings"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Begin, now that models can be imported."""
        import_module("watchbill.cases.findings.news").begin()
