"""A real log of the product with all that can be had from it, made once and kept as files: tests need no database."""

import pytest
from django.db import transaction
from django.test import override_settings

from tests.independent.published_log import PublishedFiles, publish


@pytest.fixture(scope="session")
def published(django_db_setup, django_db_blocker, tmp_path_factory) -> PublishedFiles:
    """The files; the database forgets all of it."""
    home = tmp_path_factory.mktemp("published")
    with (
        django_db_blocker.unblock(),
        override_settings(
            TABARD_HOME=home / "home", TABARD_STORE_URL="", TABARD_WITNESS_POLICY=str(home / "policy")
        ),
        transaction.atomic(),
    ):
        files = publish(home)
        transaction.set_rollback(True)
    return files


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """A test of the files needs the database to be made, even where no other test that was chosen does."""
    for item in items:
        if "published" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.django_db)
