"""Django's handle on the package."""

from django.apps import AppConfig


class VaultConfig(AppConfig):
    """The `vault` application."""

    name = "tabard.vault"
    label = "vault"
