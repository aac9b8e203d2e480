"""Who may do what to the tables? One role owns and migrates them; the application's own role only works with them.

- The owner's role is used for migrations and for nothing else. What it makes later is the application's to use, by
  default privileges.
- The application's role has SELECT, INSERT, UPDATE and DELETE on ordinary tables, and no TRUNCATE anywhere. On the
  log's tables it has SELECT and INSERT, and UPDATE of the columns that `custody.log_tables` names. Which migrations
  were made it can only read.
- Where one role is both, as on a server of one's own for which no other is named, the triggers of the log's tables
  still refuse; but that role could switch them off, so `tabard check` warns.

What is wanted is compared with what is there: nothing is written where all is well, and a privilege that somebody
gave by hand is taken back at the next start.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from tabard.cli.postgres_binaries import DatabaseUnavailable
from tabard.custody.log_tables import MAY_CHANGE, REFUSALS

OWNER = "tabard_owner"
APPLICATION = "tabard"
HOW_TO = "docs/how-to/run-on-your-own-postgresql.md"

_LOCK = 0x7461_6261_7265  # "tabare": whoever changes tables or privileges holds it
_READ_ONLY = frozenset({"django_migrations"})
_SEQUENCE = "S"
# What may be done to which column; the column is empty for what may be done to the whole table.
_Rights = frozenset[tuple[str, str]]
_Connection = psycopg.Connection[Any]


def make_roles(connection: _Connection) -> None:
    """Both roles and the database `tabard` exist; `connection` is the superuser's, with autocommit."""
    # Neither is a superuser: a flaw in a query must not become a program on this machine.
    _make_role(connection, OWNER, sql.SQL("LOGIN CREATEDB"))
    _make_role(connection, APPLICATION, sql.SQL("LOGIN"))
    if connection.execute(
        "SELECT 1 FROM pg_roles WHERE rolname = %s AND rolcreatedb", [APPLICATION]
    ).fetchone():
        connection.execute(sql.SQL("ALTER ROLE {} NOCREATEDB").format(sql.Identifier(APPLICATION)))
    if not connection.execute("SELECT 1 FROM pg_database WHERE datname = 'tabard'").fetchone():
        connection.execute(sql.SQL("CREATE DATABASE tabard OWNER {}").format(sql.Identifier(OWNER)))


def take_over(connection: _Connection) -> None:
    """The owner owns the database and all in it, and the application has its privileges, both or neither.

    Homes of before there was an owner belong to the application; theirs changes hands here, once.

    Args:
        connection: the superuser's, to the database itself, with autocommit.
    """
    with connection.transaction():
        if _owns_something(connection, APPLICATION):
            # Its database is among what it owns: whoever owns that owns the schema, and may drop what is in it.
            connection.execute(
                sql.SQL("REASSIGN OWNED BY {} TO {}").format(
                    sql.Identifier(APPLICATION), sql.Identifier(OWNER)
                )
            )
        connection.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(OWNER)))
        settle(connection, APPLICATION)


def settle(connection: _Connection, application: str) -> None:
    """The application's role may do what it needs with every table of the owner's, and no more.

    Args:
        connection: the owner's.
        application: the role that Tabard's processes work as.

    Raises:
        DatabaseUnavailable: the tables belong to the application's role; the message says the cure.
    """
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        _refuse_tables_of(connection, application)
        who = sql.Identifier(application)
        if _default_privileges(connection, application) < {"r", "S", "f"}:
            _give_default_privileges(connection, who)
        for name, found in _relations(connection, application).items():
            wanted = _wanted(name, found.kind)
            if found.rights != wanted:
                _give(connection, who, found.kind, name, wanted)
        _give_temporary(connection, application)


def check_same_database(application: _Connection, owner: _Connection) -> None:
    """Return only if both look at one database of one running server.

    Raises:
        DatabaseUnavailable: otherwise; migrations would be made where nobody looks.
    """
    question = (
        "SELECT oid, datname, pg_postmaster_start_time() FROM pg_database WHERE datname = current_database()"
    )
    if application.execute(question).fetchone() != owner.execute(question).fetchone():
        raise DatabaseUnavailable("TABARD_OWNER_DATABASE_URL names another database than DATABASE_URL.")


def check_owns_tables(connection: _Connection) -> None:
    """Return only if the role of `connection` owns every table, or there is none yet.

    Raises:
        DatabaseUnavailable: otherwise; it could not migrate them.
    """
    row = connection.execute(
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND NOT pg_has_role(tableowner, 'USAGE') LIMIT 1"
    ).fetchone()
    if row:
        raise DatabaseUnavailable(
            "Migrations wait, and only the owner of the tables can make them: set TABARD_OWNER_DATABASE_URL for this "
            f"command (see {HOW_TO})."
        )


@dataclass(frozen=True)
class LogTableReport:
    """What stands between the log's tables and the role that asked."""

    role: str
    is_empty: bool  # nothing was migrated yet
    missing: tuple[str, ...]  # triggers that are not there, or switched off
    powers: tuple[str, ...]  # what the role may do that it has no need of, in words


def look_at_log_tables(connection: _Connection) -> LogTableReport:
    """How the log's tables are guarded from the role of `connection`; asks the catalogue, changes nothing."""
    powers = _powers(connection)
    named = [name for names in REFUSALS.values() for name in names]
    rows = connection.execute(
        "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled = 'A' AND tgname = ANY(%s)",
        [named],
    ).fetchall()
    held = {str(name) for (name,) in rows}
    return LogTableReport(
        role=connection.info.user,
        is_empty=not powers,
        missing=tuple(name for name in named if name not in held),
        powers=tuple(words for words in powers.values() if words),
    )


def _powers(connection: _Connection) -> dict[str, str]:
    """Each table of the log that there is, with the needless powers over it."""
    rows = connection.execute(
        """
        SELECT relname, pg_has_role(relowner, 'USAGE'), has_table_privilege(c.oid, 'UPDATE'),
               has_table_privilege(c.oid, 'DELETE'), has_table_privilege(c.oid, 'TRUNCATE')
          FROM pg_class AS c
         WHERE relnamespace = 'public'::regnamespace AND relname = ANY(%s) ORDER BY relname
        """,
        [list(MAY_CHANGE)],
    ).fetchall()
    return {name: _in_words(name, *powers) for name, *powers in rows}


def _in_words(table: str, owns: bool, *may: bool) -> str:
    """`owns custody_node`, `may UPDATE, DELETE custody_node`, or nothing."""
    if owns:
        return f"owns {table}"
    verbs = [verb for verb, has in zip(("UPDATE", "DELETE", "TRUNCATE"), may, strict=True) if has]
    return f"may {', '.join(verbs)} {table}" if verbs else ""


def _make_role(connection: _Connection, name: str, options: sql.SQL) -> None:
    if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name]).fetchone():
        connection.execute(sql.SQL("CREATE ROLE {} {}").format(sql.Identifier(name), options))


def _owns_something(connection: _Connection, role: str) -> bool:
    """Whether `role` owns this database, or a table, sequence, type or function of its public schema."""
    row = connection.execute(
        """
        WITH role AS (SELECT %s::regrole AS oid), place AS (SELECT 'public'::regnamespace AS oid)
        SELECT EXISTS (SELECT 1 FROM pg_database, role WHERE datname = current_database() AND datdba = role.oid)
            OR EXISTS (SELECT 1 FROM pg_class, role, place WHERE relowner = role.oid AND relnamespace = place.oid)
            OR EXISTS (SELECT 1 FROM pg_type, role, place WHERE typowner = role.oid AND typnamespace = place.oid)
            OR EXISTS (SELECT 1 FROM pg_proc, role, place WHERE proowner = role.oid AND pronamespace = place.oid)
        """,
        [sql.Identifier(role).as_string(connection)],
    ).fetchone()
    return bool(row and row[0])


def _refuse_tables_of(connection: _Connection, application: str) -> None:
    if _owns_something(connection, application):
        owner = connection.info.user
        raise DatabaseUnavailable(
            f"The database or its tables still belong to {application}. Connect to the database as a superuser and "
            f"run: REASSIGN OWNED BY {application} TO {owner}; (see {HOW_TO})"
        )


@dataclass(frozen=True)
class _Relation:
    kind: str
    rights: _Rights


def _relations(connection: _Connection, application: str) -> Mapping[str, _Relation]:
    """The owner's tables, views and sequences, each with what the application was given by name."""
    rows = connection.execute(
        """
        WITH relation AS (
            SELECT oid, relname, relkind, relacl FROM pg_class
             WHERE relnamespace = 'public'::regnamespace AND relowner = current_user::regrole
               AND relkind IN ('r', 'p', 'v', 'm', 'S')
        ), given AS (
            SELECT relation.oid, acl.privilege_type, '' AS on_column, acl.grantee
              FROM relation, aclexplode(relacl) AS acl
             UNION ALL
            SELECT relation.oid, acl.privilege_type, attname, acl.grantee
              FROM relation JOIN pg_attribute ON attrelid = relation.oid, aclexplode(attacl) AS acl
        )
        SELECT relname, relkind::text, privilege_type, on_column
          FROM relation LEFT JOIN given ON given.oid = relation.oid AND grantee = %s::regrole
        """,
        [sql.Identifier(application).as_string(connection)],
    ).fetchall()
    kinds, rights = {}, defaultdict(set)
    for name, kind, privilege, column in rows:
        kinds[name] = kind
        if privilege is not None:
            rights[name].add((privilege, column))
    return {name: _Relation(kind, frozenset(rights[name])) for name, kind in kinds.items()}


def _wanted(name: str, kind: str) -> _Rights:
    if kind == _SEQUENCE:
        return frozenset({("SELECT", ""), ("USAGE", "")})
    if name in _READ_ONLY:
        return frozenset({("SELECT", "")})
    if name in MAY_CHANGE:
        return frozenset(
            {("SELECT", ""), ("INSERT", ""), *(("UPDATE", column) for column in MAY_CHANGE[name])}
        )
    return frozenset((verb, "") for verb in ("SELECT", "INSERT", "UPDATE", "DELETE"))


def _give(connection: _Connection, who: sql.Identifier, kind: str, name: str, wanted: _Rights) -> None:
    """The role has exactly these rights on the relation; taking all away first also takes those on columns."""
    what = sql.SQL("SEQUENCE {}" if kind == _SEQUENCE else "TABLE {}").format(sql.Identifier(name))
    connection.execute(sql.SQL("REVOKE ALL ON {} FROM {}").format(what, who))
    given = sql.SQL(", ").join(
        sql.SQL(privilege) + (sql.SQL(" ({})").format(sql.Identifier(column)) if column else sql.SQL(""))
        for privilege, column in sorted(wanted)
    )
    connection.execute(sql.SQL("GRANT {} ON {} TO {}").format(given, what, who))


def _give_temporary(connection: _Connection, application: str) -> None:
    """A disposal run finds what is due in a table of its session; some servers take that right from everybody."""
    (database, has) = connection.execute(
        "SELECT current_database(), has_database_privilege(%s, current_database(), 'TEMPORARY')",
        [application],
    ).fetchone() or ("", True)
    if not has:
        what, who = sql.Identifier(database), sql.Identifier(application)
        connection.execute(sql.SQL("GRANT TEMPORARY ON DATABASE {} TO {}").format(what, who))


def _default_privileges(connection: _Connection, application: str) -> set[str]:
    """The kinds of object (r tables, S sequences, f functions) of which the application is given some right."""
    rows = connection.execute(
        """
        SELECT DISTINCT defaclobjtype::text FROM pg_default_acl, aclexplode(defaclacl) AS acl
         WHERE defaclrole = current_user::regrole AND defaclnamespace = 'public'::regnamespace
           AND acl.grantee = %s::regrole
        """,
        [sql.Identifier(application).as_string(connection)],
    ).fetchall()
    return {kind for (kind,) in rows}


def _give_default_privileges(connection: _Connection, who: sql.Identifier) -> None:
    """What the owner makes later can be worked with: tables of later migrations, the job queue's functions."""
    for given in (
        "SELECT, INSERT, UPDATE, DELETE ON TABLES",
        "SELECT, USAGE ON SEQUENCES",
        "EXECUTE ON FUNCTIONS",
    ):
        connection.execute(
            sql.SQL("ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT {} TO {}").format(sql.SQL(given), who)
        )
