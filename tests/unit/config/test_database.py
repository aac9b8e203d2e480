"""A database's URL becomes Django's settings, and those of libpq that Django hands on."""

import pytest
from psycopg.conninfo import make_conninfo

from tabard.config.database import django_database

URL = "postgresql://tabard:secret@db.example:5433/footage"


def test_a_host_that_vanishes_is_noticed_within_a_minute_or_so():
    options = django_database(URL)["OPTIONS"]
    silence_s = options["keepalives_idle"] + options["keepalives_interval"] * options["keepalives_count"]
    assert 0 < silence_s <= 60
    assert 0 < options["tcp_user_timeout"] <= 60_000
    make_conninfo(**options)  # raises where libpq knows no such setting


def test_what_the_url_says_itself_is_stronger():
    options = django_database(f"{URL}?tcp_user_timeout=5000&sslmode=verify-full")["OPTIONS"]
    assert (options["tcp_user_timeout"], options["sslmode"]) == ("5000", "verify-full")
    assert "synchronous_commit=on" in options["options"]


def test_where_it_is_and_who_asks_are_named_as_django_wants_them():
    found = django_database(URL)
    named = [found[name] for name in ("HOST", "PORT", "NAME", "USER", "PASSWORD")]
    assert named == ["db.example", "5433", "footage", "tabard", "secret"]


def test_another_kind_of_database_is_refused():
    with pytest.raises(ValueError, match="PostgreSQL only"):
        django_database("sqlite:///footage")
