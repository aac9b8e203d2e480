"""Django's handle on the package."""

from django.apps import AppConfig


class IntakeConfig(AppConfig):
    """The `intake` application."""

    name = "tabard.intake"
    label = "intake"
