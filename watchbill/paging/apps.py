"""Django's name for this room; when all rooms are loaded it puts the bell's turn into the loop and its self-audit among the periodic
jobs."""

from importlib import import_module

from django.apps import AppConfig


class PagingConfig(AppConfig):
    """The bell."""

    name = "watchbill.paging"
    label = "paging"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Begin, now that models can be imported."""
        import_module("watchbill.paging.jobs").begin()
        import_module("watchbill.paging.verbs")
