"""Django's handle on the package."""

from django.apps import AppConfig


class FleetConfig(AppConfig):
    """The `fleet` application."""

    name = "tabard.fleet"
    label = "fleet"
