"""The findings app: subscribes to the bell's news and registers its jobs. It does nothing else at start."""

from django.apps import AppConfig


class FindingsConfig(AppConfig):
    """Findings, decisions and acceptances."""

    name = "watchbill.cases.findings"
    label = "findings"
    verbose_name = "Findings"
