"""Django's name for this room. When all rooms are loaded it starts the floor's own routine and imports each room's `verbs`, which
register server verbs.
"""

from importlib import import_module

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class BaseConfig(AppConfig):
    """The floor."""

    name = "watchbill.base"
    label = "base"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register loops and periodic jobs, then whatever verbs the rooms have."""
        # Models exist only now, so what uses them can't be imported at this module's top.
        import_module("watchbill.base.routine").begin()
        autodiscover_modules("verbs")
