"""The pages and the API as a Django app without tables. It never subscribes to news: pages read, services write."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    """Templates, template tags and static files of the product."""

    name = "watchbill.web"
    label = "web"
    verbose_name = "Pages and API"
