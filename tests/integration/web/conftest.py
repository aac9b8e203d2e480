"""A home folder of their own for the tests of pages and playback."""

import pytest


@pytest.fixture(autouse=True)
def home(settings, tmp_path):
    settings.TABARD_HOME = tmp_path
    settings.TABARD_STORE_URL = ""
    return tmp_path
