"""What was appended, what stands in rows and store, and a log that takes no event."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.db import connection

from tabard.custody.models import Event
from tabard.vault.stores import configured_stores

REFUSED = "no event can be written just now"
_BREAK = f"""
    CREATE FUNCTION log_is_broken() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION '{REFUSED}' USING ERRCODE = 'disk_full'; END $$;
    CREATE TRIGGER log_is_broken BEFORE INSERT ON custody_event
        FOR EACH ROW EXECUTE FUNCTION log_is_broken();
"""
_MEND = "DROP TRIGGER log_is_broken ON custody_event; DROP FUNCTION log_is_broken()"


@contextmanager
def broken_log() -> Iterator[None]:
    """Inside the block PostgreSQL refuses every event, in the transaction that would write it."""
    with connection.cursor() as cursor:
        # A table with checks still to come cannot be given a trigger.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(_BREAK)
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    yield
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(_MEND)
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def known() -> set[UUID]:
    """The events that are there."""
    return set(Event.objects.values_list("id", flat=True))


def new_since(before: set[UUID]) -> list[Event]:
    """The events that came since, in their order, each with who and what."""
    return list(Event.objects.exclude(id__in=before).select_related("particulars").order_by("id"))


def rows() -> dict[str, str]:
    """A digest of each table's rows."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
        tables = [name for (name,) in cursor.fetchall()]
        each = " UNION ALL ".join(
            f"SELECT '{name}', md5(coalesce(string_agg(t::text, E'\\n' ORDER BY t::text), '')) FROM {name} AS t"  # noqa: S608
            for name in tables
        )
        cursor.execute(each)
        return dict(cursor.fetchall())


def objects() -> dict[str, str]:
    """Every visible object of every store, with the hash of its sealed bytes."""
    return {
        f"{name}:{entry.key}": hashlib.sha256(store.read(entry.key, 0, entry.size_bytes)).hexdigest()
        for name, store in configured_stores().items()
        for entry in store.entries()
    }
