"""Django's handle on the package."""

from django.apps import AppConfig


class SafekeepingConfig(AppConfig):
    """The `safekeeping` application."""

    name = "tabard.safekeeping"
    label = "safekeeping"
