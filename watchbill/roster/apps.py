"""Django's name for this room, and the security team that exists from the first moment. It serves no pages."""

from importlib import import_module
from typing import Any

from django.apps import AppConfig
from django.db.models import QuerySet
from django.db.models.signals import post_migrate


class RosterConfig(AppConfig):
    """The people."""

    name = "watchbill.roster"
    label = "roster"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """After the tables are made, see to it that an unowned thing has somewhere to go (law 4)."""
        import_module("watchbill.roster.verbs")
        post_migrate.connect(_begin, sender=self, dispatch_uid="roster.begin")


def _begin(sender: AppConfig, using: str, **_rest: object) -> None:
    """The empty company: a security team with a schedule and a policy of its own, to be filled. Nothing, when there is one already."""

    def rows(model: str) -> QuerySet[Any]:
        found: QuerySet[Any] = sender.get_model(model)._default_manager.using(using)  # noqa: SLF001 - a model known by name only
        return found

    if rows("Company").exists():
        return
    policy, _ = rows("Policy").get_or_create(slug="security", defaults={"name": "Security"})
    team, _ = rows("Team").get_or_create(slug="security", defaults={"name": "Security", "policy": policy})
    watch, _ = rows("Schedule").get_or_create(slug="security", defaults={"name": "Security", "team": team})
    for position, target in enumerate(({"schedule": watch}, {"team": team})):
        step, _ = rows("PolicyStep").get_or_create(policy=policy, position=position)
        rows("StepTarget").get_or_create(step=step, position=0, defaults=target)
    rows("Company").create(id=1, security_team=team, security_schedule=watch)
