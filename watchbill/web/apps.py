"""The pages and the API as a Django app without tables. It never subscribes to news: pages read, services write."""

from importlib import import_module

from django.apps import AppConfig


class WebConfig(AppConfig):
    """Templates, template tags and static files of the product."""

    name = "watchbill.web"
    label = "web"
    verbose_name = "Pages and API"

    def ready(self) -> None:
        """Let the trail hear of sign-ins."""
        import_module("watchbill.web.sign_in").record_sign_ins()
