"""The log's tables refuse to change, whoever asks: rows are added, never altered, removed or emptied away.

Two changes remain, because the product's promises need them: an event that has no position is given one, and
an event's details are erased together with their salt.

Each refusal is a trigger of its own name, and the error carries that name as its constraint. Cost: what a
statement names is judged once for the statement (`UPDATE OF`), and only what depends on the row is judged for
the row, in a `WHEN` clause after the change, which calls no function and locks nothing unless it refuses.
`ENABLE ALWAYS`: they also hold where `session_replication_role` is `replica`.
"""

from django.db import migrations

REFUSE = """
CREATE FUNCTION custody_refuse() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'The custody log only grows: % on % is refused.', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_NAME, TABLE = TG_TABLE_NAME,
              SCHEMA = TG_TABLE_SCHEMA,
              HINT = 'Rows are added. An event without a position may be given one; details may be erased '
                     'with their salt. Nothing else is ever changed or removed.';
END
$$;
"""

REFUSED = {
    # A place is given once. All other columns are the event itself, and its leaf.
    ("custody_event", "altered"): "BEFORE UPDATE OF id, kind, at, subject_type, subject_id, leaf {table} FOR EACH STATEMENT",
    ("custody_event", "moved"): (
        "AFTER UPDATE {table} FOR EACH ROW WHEN (OLD.position IS NOT NULL OR NEW.position IS NULL)"
    ),
    # Details and salt are erased, never replaced, and never one without the other.
    ("custody_eventparticulars", "altered"): (
        "BEFORE UPDATE OF event_id, actor_kind, actor_id, actor_name, actor_salt {table} FOR EACH STATEMENT"
    ),
    ("custody_eventparticulars", "replaced"): (
        "AFTER UPDATE {table} FOR EACH ROW WHEN (NEW.details IS NOT NULL OR NEW.details_salt IS NOT NULL)"
    ),
    ("custody_node", "altered"): "BEFORE UPDATE {table} FOR EACH STATEMENT",
    ("custody_checkpoint", "altered"): "BEFORE UPDATE {table} FOR EACH STATEMENT",
    ("custody_cosignature", "altered"): "BEFORE UPDATE {table} FOR EACH STATEMENT",
    ("custody_timestamptoken", "altered"): "BEFORE UPDATE {table} FOR EACH STATEMENT",
}
TABLES = sorted({table for table, _ in REFUSED})
for _table in TABLES:
    REFUSED[_table, "removed"] = "BEFORE DELETE {table} FOR EACH STATEMENT"
    REFUSED[_table, "emptied"] = "BEFORE TRUNCATE {table} FOR EACH STATEMENT"


def _create(table, what, when):
    name = f"{table}_not_{what}"
    return (
        f"CREATE TRIGGER {name} {when.format(table=f'ON {table}')} EXECUTE FUNCTION custody_refuse();\n"
        f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name};\n"
    )


FORWARDS = REFUSE + "".join(_create(*named, when) for named, when in sorted(REFUSED.items()))
BACKWARDS = (
    "".join(f"DROP TRIGGER {table}_not_{what} ON {table};\n" for table, what in sorted(REFUSED))
    + "DROP FUNCTION custody_refuse();"
)


class Migration(migrations.Migration):
    dependencies = [("custody", "0002_witnesses_and_timestamps")]

    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
