"""Django's handle on the package."""

from django.apps import AppConfig


class CustodyConfig(AppConfig):
    """The `custody` application."""

    name = "tabard.custody"
    label = "custody"
