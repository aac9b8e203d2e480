"""A home folder of their own for the tests of pages and playback."""

import pytest


@pytest.fixture(autouse=True)
def home(settings, tmp_path):
    settings.TABARD_HOME = tmp_path
    settings.TABARD_STORE_URL = ""
    # How passwords are kept is tested with the accounts; here every test would wait for argon2 eight times.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    return tmp_path
