"""Django's handle on the package."""

from django.apps import AppConfig


class RecordingsConfig(AppConfig):
    """The `recordings` application."""

    name = "tabard.recordings"
    label = "recordings"
