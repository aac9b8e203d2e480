"""Django's handle on the package."""

from django.apps import AppConfig


class IncidentsConfig(AppConfig):
    """The `incidents` application."""

    name = "tabard.incidents"
    label = "incidents"
