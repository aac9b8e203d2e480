"""Django's handle on the package."""

from django.apps import AppConfig


class PeopleConfig(AppConfig):
    """The `people` application."""

    name = "tabard.people"
    label = "people"
