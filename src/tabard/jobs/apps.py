"""Django's handle on the package."""

from django.apps import AppConfig


class JobsConfig(AppConfig):
    """The `jobs` application."""

    name = "tabard.jobs"
    label = "jobs"
