"""The log's tables on a real server, for real: what the application's role tries in vain, and its owner too."""
# ruff: noqa: S608, ISC004 - statements are made of the names of tables, and long ones in pieces

import json
import os
import subprocess
import sys
from collections.abc import Iterator

import psycopg
import pytest
from django.apps import apps
from tests.prepared import prepare

from tabard.cli.database_roles import settle
from tabard.cli.home import Home, embedded_url
from tabard.cli.postgres import Server
from tabard.custody.log_tables import MAY_CHANGE, REFUSALS

TABARD = [sys.executable, "-c", "from tabard.cli.main import run; run()"]
ROWS = """
    INSERT INTO custody_event (id, kind, at, subject_type, subject_id, leaf, position)
         VALUES (gen_random_uuid(), 'recording.viewed', now(), 'recording', gen_random_uuid(), 'leaf 0', NULL),
                (gen_random_uuid(), 'recording.played', now(), 'recording', gen_random_uuid(), 'leaf 1', NULL),
                (gen_random_uuid(), 'recording.played', now(), 'recording', gen_random_uuid(), 'waits', NULL);
    UPDATE custody_event SET position = right(encode(leaf, 'escape'), 1)::int WHERE leaf <> 'waits';
    INSERT INTO custody_eventparticulars
         SELECT id, 'account', 'a', 'Sgt Example', 'salt', '{"why": "court"}', 'salt' FROM custody_event;
    INSERT INTO custody_node VALUES (0, 0, sha256('0')), (0, 1, sha256('1')), (1, 0, sha256('01'));
    INSERT INTO custody_checkpoint VALUES (2, sha256('01'), 'note', now());
    INSERT INTO custody_cosignature (checkpoint_id, witness, line, cosigned_at) VALUES (2, 'w', 'line', now());
    INSERT INTO custody_timestamptoken (checkpoint_id, authority, token, stamped_at) VALUES (2, 'a', 'der', now());
"""
PLACED = "(SELECT id FROM custody_event WHERE position = 0)"


def tabard(home: Home, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """The command line in a process of its own, with nothing of this one's settings."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("TABARD_", "DATABASE_", "DJANGO_"))
    }
    return subprocess.run(
        [*TABARD, *arguments],
        env={**kept, "TABARD_HOME": str(home.root), **environ},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Iterator[Home]:
    """An installation whose log has a row in every table, all written by the application's role."""
    found = prepare(Home(tmp_path_factory.mktemp("home")))
    with Server(found, {}) as server:
        with psycopg.connect(server.url) as connection:
            connection.execute(ROWS)
        yield found


def as_role(home: Home, role: str) -> psycopg.Connection:
    return psycopg.connect(embedded_url(home, user=role), autocommit=True)


CATALOGUE = """
    SELECT 'relations',
           string_agg(concat_ws(' ', relname, relowner, relacl, relrowsecurity, relhasrules), E'\n' ORDER BY relname)
      FROM pg_class WHERE relnamespace = 'public'::regnamespace
    UNION ALL
    SELECT 'triggers', string_agg(concat_ws(' ', tgrelid::regclass, tgname, tgenabled), E'\n' ORDER BY tgrelid, tgname)
      FROM pg_trigger
    UNION ALL
    SELECT 'functions', string_agg(concat_ws(' ', proname, prosrc, proowner), E'\n' ORDER BY proname, prosrc)
      FROM pg_proc WHERE pronamespace = 'public'::regnamespace
"""
EVERYTHING = CATALOGUE + "".join(
    f" UNION ALL SELECT '{table}', string_agg(t::text, E'\n' ORDER BY t::text) FROM {table} AS t"
    for table in MAY_CHANGE
)


def everything(home: Home) -> dict[str, str]:
    """The rows of the log's tables, and all that the catalogue says of who may do what to them."""
    with as_role(home, "postgres") as connection:
        return dict(connection.execute(EVERYTHING).fetchall())


def rows(home: Home) -> dict[str, str]:
    """The rows of the log's tables alone."""
    return {name: found for name, found in everything(home).items() if name in MAY_CHANGE}


def refusal(home: Home, role: str, statement: str) -> psycopg.Error:
    """What the statement is refused with; nothing was changed by it."""
    before = everything(home)
    with as_role(home, role) as connection, pytest.raises(psycopg.Error) as refused, connection.transaction():
        connection.execute(statement)
    assert everything(home) == before
    return refused.value


def other_columns(table: str) -> list[str]:
    """The columns of a table of the log that nothing may write a second time, as its model has them."""
    (model,) = (
        model for model in apps.get_app_config("custody").get_models() if model._meta.db_table == table
    )
    return [field.column for field in model._meta.concrete_fields if field.column not in MAY_CHANGE[table]]


ALTERED = [
    (table, f"UPDATE {table} SET {column} = {column}")
    for table in MAY_CHANGE
    for column in other_columns(table)
]
REMOVED = [(table, f"DELETE FROM {table}") for table in MAY_CHANGE]
EMPTIED = [(table, f"TRUNCATE {table} CASCADE") for table in MAY_CHANGE]


def statements_on(table: str) -> dict[str, str]:
    """What else an application that was taken over might try on one table of the log."""
    column = other_columns(table)[0]
    return {
        "upsert": f"INSERT INTO {table} SELECT * FROM {table} LIMIT 1"
        f" ON CONFLICT ({key(table)}) DO UPDATE SET {column} = excluded.{column}",
        "merge": f"MERGE INTO {table} AS t USING {table} AS s ON {matched(table)}"
        f" WHEN MATCHED THEN UPDATE SET {column} = s.{column}",
        "merge away": f"MERGE INTO {table} AS t USING {table} AS s ON {matched(table)} WHEN MATCHED THEN DELETE",
        "with": f"WITH gone AS (DELETE FROM {table} RETURNING *) SELECT count(*) FROM gone",
        "drop": f"DROP TABLE {table} CASCADE",
        "switch off": f"ALTER TABLE {table} DISABLE TRIGGER ALL",
        "switch one off": f"ALTER TABLE {table} DISABLE TRIGGER {table}_not_removed",
        "drop trigger": f"DROP TRIGGER {table}_not_removed ON {table}",
        "new trigger": f"CREATE TRIGGER quiet BEFORE INSERT ON {table} EXECUTE FUNCTION custody_refuse()",
        "rule": f"CREATE RULE quiet AS ON INSERT TO {table} DO INSTEAD NOTHING",
        "policy": f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        "column": f"ALTER TABLE {table} DROP COLUMN {column}",
        "rename": f"ALTER TABLE {table} RENAME TO elsewhere",
        "own": f"ALTER TABLE {table} OWNER TO tabard",
        "view": f"CREATE OR REPLACE VIEW public.{table} AS SELECT 1",
    }


def key(table: str) -> str:
    return {
        "custody_eventparticulars": "event_id",
        "custody_node": "level, index",
        "custody_checkpoint": "size",
    }.get(table, "id")


def matched(table: str) -> str:
    return " AND ".join(f"t.{column} = s.{column}" for column in key(table).split(", "))


def test_every_table_of_the_log_is_listed() -> None:
    assert {model._meta.db_table for model in apps.get_app_config("custody").get_models()} == set(MAY_CHANGE)


def test_the_application_works_as_a_role_that_owns_nothing_and_is_nobody_elses_member(home):
    with as_role(home, "tabard") as connection:
        owned = connection.execute(
            "SELECT count(*) FROM pg_class WHERE relowner = 'tabard'::regrole"
        ).fetchone()
        powers = connection.execute(
            "SELECT rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls,"
            " EXISTS (SELECT 1 FROM pg_auth_members WHERE member = oid) FROM pg_roles WHERE rolname = 'tabard'"
        ).fetchone()
    assert owned == (0,)
    assert not any(powers)


@pytest.mark.parametrize(("table", "statement"), ALTERED + REMOVED + EMPTIED)
def test_the_application_is_refused_by_its_privileges(home, table, statement):
    error = refusal(home, "tabard", statement)
    assert isinstance(error, psycopg.errors.InsufficientPrivilege)
    assert f"permission denied for table {table}" in str(error)


@pytest.mark.parametrize("table", MAY_CHANGE)
@pytest.mark.parametrize("attempt", statements_on("custody_event"))
def test_the_application_finds_no_way_round(home, table, attempt):
    error = refusal(home, "tabard", statements_on(table)[attempt])
    assert isinstance(error, psycopg.errors.InsufficientPrivilege)


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE OR REPLACE FUNCTION custody_refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
        "DROP FUNCTION custody_refuse() CASCADE",
        "ALTER FUNCTION custody_refuse() OWNER TO tabard",
        "SET ROLE tabard_owner",
        "SET ROLE postgres",
        "SET SESSION AUTHORIZATION tabard_owner",
        "SET session_replication_role = replica",
        "GRANT tabard_owner TO tabard",
        "ALTER ROLE tabard SUPERUSER",
        "CREATE SCHEMA mine",
        "DROP SCHEMA public CASCADE",
        "CREATE TABLE public.mine (n int)",
        "REASSIGN OWNED BY tabard_owner TO tabard",
        "COPY custody_event FROM PROGRAM 'cat'",
        "COPY custody_event FROM '/etc/hostname'",
        "DELETE FROM django_migrations",
        "TRUNCATE people_account CASCADE",
    ],
)
def test_the_application_cannot_become_more_than_it_is(home, statement):
    error = refusal(home, "tabard", statement)
    assert isinstance(error, psycopg.errors.InsufficientPrivilege), error


def test_the_application_gives_nobody_a_right_that_it_lacks(home):
    """PostgreSQL only warns of a GRANT that gives nothing; what counts is that it gave nothing."""
    before = everything(home)
    with as_role(home, "tabard") as connection:
        connection.execute("GRANT DELETE ON custody_event TO PUBLIC")
    assert everything(home) == before


@pytest.mark.parametrize(
    ("statement", "name"),
    [
        (f"UPDATE custody_event SET position = 7 WHERE id = {PLACED}", "custody_event_not_moved"),
        (f"UPDATE custody_event SET position = NULL WHERE id = {PLACED}", "custody_event_not_moved"),
        ("UPDATE custody_event SET position = 2 - position WHERE position < 2", "custody_event_not_moved"),
        (
            "MERGE INTO custody_event AS t USING custody_event AS s ON t.id = s.id"
            " WHEN MATCHED THEN UPDATE SET position = s.position + 9",
            "custody_event_not_moved",
        ),
        (
            "INSERT INTO custody_event SELECT * FROM custody_event WHERE position = 0"
            " ON CONFLICT (id) DO UPDATE SET position = 9",
            "custody_event_not_moved",
        ),
        ("UPDATE custody_event SET position = 1 WHERE position IS NULL", "custody_event_position_once"),
        (
            "UPDATE custody_event SET position = -1 WHERE position IS NULL",
            "custody_event_position_not_negative",
        ),
        (
            "INSERT INTO custody_event SELECT gen_random_uuid(), kind, at, subject_type, subject_id, leaf, 0"
            " FROM custody_event WHERE position = 0",
            "custody_event_position_once",
        ),
        ("INSERT INTO custody_node VALUES (0, 0, sha256('other'))", "custody_node_pkey"),
        (
            "INSERT INTO custody_checkpoint VALUES (2, sha256('other'), 'note', now())",
            "custody_checkpoint_pkey",
        ),
        (
            "INSERT INTO custody_timestamptoken (checkpoint_id, authority, token, stamped_at)"
            " VALUES (2, 'a', 'other', now())",
            "custody_timestamp_once_per_authority",
        ),
        (
            'UPDATE custody_eventparticulars SET details = \'{"why": "none"}\'',
            "custody_eventparticulars_not_replaced",
        ),
        (
            "UPDATE custody_eventparticulars SET details = details, details_salt = details_salt",
            "custody_eventparticulars_not_replaced",
        ),
        ("UPDATE custody_eventparticulars SET details = NULL", "custody_details_and_salt_together"),
        (
            "UPDATE custody_eventparticulars SET details_salt = NULL",
            "custody_details_and_salt_together",
        ),
    ],
)
def test_where_the_application_may_write_the_tables_hold_it_to_what_for(home, statement, name):
    error = refusal(home, "tabard", statement)
    assert isinstance(error, psycopg.errors.IntegrityError)
    assert error.diag.constraint_name == name


def test_copying_rows_in_at_a_taken_place_is_refused(home):
    before = everything(home)
    with (
        as_role(home, "tabard") as connection,
        connection.cursor() as cursor,
        pytest.raises(psycopg.errors.UniqueViolation) as refused,
        cursor.copy("COPY custody_node (level, index, hash) FROM STDIN") as copy,
    ):
        copy.write_row([0, 0, b"other"])
    assert refused.value.diag.constraint_name == "custody_node_pkey"
    assert everything(home) == before


def test_a_table_of_the_same_name_fools_only_the_session_that_made_it(home):
    before = everything(home)
    with as_role(home, "tabard") as connection:
        connection.execute("CREATE TEMPORARY TABLE custody_event AS SELECT 1 AS n")
        connection.execute("DELETE FROM custody_event")
    assert everything(home) == before


def test_the_application_does_all_that_the_log_needs(home):
    """A place is given, and details are erased, once; both also a second time where nothing changes."""
    with as_role(home, "tabard") as connection, connection.transaction(force_rollback=True):
        placed = connection.execute("UPDATE custody_event SET position = 2 WHERE position IS NULL")
        assert placed.rowcount == 1
        for _ in range(2):
            erased = connection.execute(
                "UPDATE custody_eventparticulars SET details = NULL, details_salt = NULL"
            )
            assert erased.rowcount == 3
        connection.execute("SELECT 1 FROM custody_event FOR UPDATE")


@pytest.mark.parametrize("role", ["tabard_owner", "postgres"])
@pytest.mark.parametrize(
    ("statement", "name"),
    [(statement, f"{table}_not_altered") for table, statement in ALTERED]
    + [(statement, f"{table}_not_removed") for table, statement in REMOVED]
    + [(f"TRUNCATE {table}, custody_event CASCADE", f"{table}_not_emptied") for table in MAY_CHANGE]
    + [("UPDATE custody_event SET position = position + 9", "custody_event_not_moved")]
    + [("UPDATE custody_eventparticulars SET details = '1'", "custody_eventparticulars_not_replaced")],
)
def test_the_owner_is_refused_too_and_so_is_a_superuser_who_replays_changes(home, role, statement, name):
    prelude = "SET LOCAL session_replication_role = replica; " if role == "postgres" else ""
    error = refusal(home, role, prelude + statement)
    assert isinstance(error, psycopg.errors.RestrictViolation)
    assert error.diag.constraint_name in REFUSALS[error.diag.table_name]
    if "TRUNCATE" not in statement:
        assert error.diag.constraint_name == name
    assert "The custody log only grows" in str(error)


def test_what_was_given_by_hand_is_taken_back_at_the_next_start(home):
    before = everything(home)
    with as_role(home, "tabard_owner") as connection:
        connection.execute("GRANT DELETE, TRUNCATE ON custody_event TO tabard")
        connection.execute("GRANT UPDATE (leaf) ON custody_event TO tabard")
        connection.execute("REVOKE SELECT ON people_account FROM tabard")
    assert everything(home) != before
    with Server(home, {}):
        assert rows(home) == {name: before[name] for name in MAY_CHANGE}
    for statement in ("DELETE FROM custody_event", "UPDATE custody_event SET leaf = leaf"):
        assert isinstance(refusal(home, "tabard", statement), psycopg.errors.InsufficientPrivilege)
    with as_role(home, "tabard") as connection:
        connection.execute("SELECT count(*) FROM people_account")


def test_a_start_that_finds_all_well_writes_nothing(home):
    def written() -> object:
        with as_role(home, "postgres") as connection:
            return connection.execute(
                "SELECT (SELECT array_agg(xmin::text ORDER BY oid) FROM pg_class WHERE NOT relname ~ '^pg_temp'),"
                " (SELECT array_agg(xmin::text ORDER BY oid) FROM pg_default_acl),"
                " (SELECT array_agg(xmin::text ORDER BY oid) FROM pg_authid)"
            ).fetchone()

    before = written()
    with Server(home, {}):
        assert written() == before


def test_what_later_migrations_make_is_the_applications_to_use(home):
    with as_role(home, "tabard_owner") as connection, connection.transaction(force_rollback=True):
        connection.execute("CREATE TABLE later (id bigserial PRIMARY KEY)")
        connection.execute("CREATE FUNCTION later_still() RETURNS int LANGUAGE sql AS 'SELECT 7'")
        for question in (
            "has_table_privilege('tabard', 'later', 'SELECT, INSERT, UPDATE, DELETE')",
            "has_sequence_privilege('tabard', 'later_id_seq', 'USAGE')",
            "has_function_privilege('tabard', 'later_still()', 'EXECUTE')",
        ):
            assert connection.execute(f"SELECT {question}").fetchone() == (True,), question
        assert connection.execute("SELECT has_table_privilege('tabard', 'later', 'TRUNCATE')").fetchone() == (
            False,
        )


def test_the_refusals_can_be_migrated_away_and_back(home):
    before = everything(home)
    assert tabard(home, "manage", "migrate", "custody", "0002", "-v0").returncode == 0
    with as_role(home, "postgres") as connection:
        left = connection.execute("SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'custody%'").fetchone()
    assert left == (0,)
    done = tabard(home, "manage", "migrate", "-v0")
    assert done.returncode == 0, done.stderr
    after = everything(home)
    assert [row[:3] for row in after["triggers"]] == [row[:3] for row in before["triggers"]]
    assert after["custody_event"] == before["custody_event"]


def test_a_home_of_before_changes_hands_once(tmp_path):
    home = prepare(Home(tmp_path / "home"))
    with Server(home, {}):
        with as_role(home, "tabard") as connection:
            connection.execute(ROWS)
        before = rows(home)
        make_as_it_was(home)
        assert owner_of_the_log(home) == "tabard"
    for _ in range(2):
        with Server(home, {}):
            assert (owner_of_the_log(home), rows(home)) == ("tabard_owner", before)
            for statement in (
                "DROP TABLE custody_node",
                "DELETE FROM custody_node",
                "CREATE TABLE mine (n int)",
            ):
                error = refusal(home, "tabard", statement)
                assert isinstance(error, psycopg.errors.InsufficientPrivilege)
            assert finding(home) == "ok"


def test_tables_of_a_session_are_given_where_the_server_gives_them_to_nobody(home):
    statement = "CREATE TEMPORARY TABLE found (number int)"
    with as_role(home, "postgres") as superuser, as_role(home, "tabard_owner") as owner:
        superuser.execute("REVOKE TEMPORARY ON DATABASE tabard FROM PUBLIC")
        assert isinstance(refusal(home, "tabard", statement), psycopg.errors.InsufficientPrivilege)
        settle(owner, "tabard")
        with as_role(home, "tabard") as connection:
            connection.execute(statement)
        superuser.execute("GRANT TEMPORARY ON DATABASE tabard TO PUBLIC")


def owner_of_the_log(home: Home) -> str:
    with as_role(home, "postgres") as connection:
        row = connection.execute(
            "SELECT tableowner FROM pg_tables WHERE tablename = 'custody_event'"
        ).fetchone()
    return row[0]


def finding(home: Home, **environ: str) -> str:
    """What `tabard check` says of the log's tables."""
    report = json.loads(tabard(home, "check", "--json", **environ).stdout.splitlines()[-1])
    (level,) = (each["level"] for each in report["checks"] if each["name"] == "Log tables")
    return level


def make_as_it_was(home: Home) -> None:
    """One role, which may create databases, owns the database and all in it, and there is no other."""
    with as_role(home, "postgres") as connection:
        connection.execute("REASSIGN OWNED BY tabard_owner TO tabard")
        connection.execute("DROP OWNED BY tabard_owner")
        connection.execute("DROP ROLE tabard_owner")
        connection.execute("ALTER ROLE tabard CREATEDB")
