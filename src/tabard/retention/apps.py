"""Django's handle on the package."""

from django.apps import AppConfig


class RetentionConfig(AppConfig):
    """The `retention` application."""

    name = "tabard.retention"
    label = "retention"
