"""Django's handle on the package."""

from django.apps import AppConfig


class MediaConfig(AppConfig):
    """The `media` application."""

    name = "tabard.media"
    label = "media"
