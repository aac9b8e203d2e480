"""Django's handle on the package."""

from django.apps import AppConfig


class InsightConfig(AppConfig):
    """The `insight` application."""

    name = "tabard.insight"
    label = "insight"
