"""Django's handle on the package."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    """The `web` application."""

    name = "tabard.web"
    label = "web"
