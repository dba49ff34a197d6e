"""The incidents app: subscribes to the bell's news. It does nothing else at start."""

from importlib import import_module

from django.apps import AppConfig


class IncidentsConfig(AppConfig):
    """Incidents."""

    name = "watchbill.cases.incidents"
    label = "incidents"
    verbose_name = "Incidents"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Begin, now that models can be imported."""
        import_module("watchbill.cases.incidents.news").begin()
