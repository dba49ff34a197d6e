"""The sample company in the project; it has no tables and starts nothing."""

from __future__ import annotations

from django.apps import AppConfig


class SampleConfig(AppConfig):
    """The app with label `sample`."""

    name = "watchbill.sample"
    label = "sample"
