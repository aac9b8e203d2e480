"""Django's handle on the package."""

from django.apps import AppConfig


class DisclosureConfig(AppConfig):
    """The `disclosure` application."""

    name = "tabard.disclosure"
    label = "disclosure"
