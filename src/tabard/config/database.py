"""Which database? A `DATABASE_URL` as Django wants it. PostgreSQL only."""

from typing import Any

from psycopg.conninfo import conninfo_to_dict

# Of a host that vanished without a word nobody is told by TCP for a quarter of an hour, or ever. So that work is tried
# again within a minute or so; libpq ignores these on a Unix socket, and what the URL says itself is stronger.
_NOTICE_LOSS = {
    "tcp_user_timeout": 60_000,  # ms that what was sent may wait for its acknowledgement
    "keepalives_idle": 30,  # s of silence before the host is asked, and then twice more
    "keepalives_interval": 10,
    "keepalives_count": 3,
}
_DJANGO_NAMES = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}


def django_database(url: str) -> dict[str, Any]:
    """The Django settings for a PostgreSQL connection URL.

    Rows are committed durably before anyone is told that they are (`synchronous_commit=on`), and server-side prepared
    statements stay off: a generic plan once turned a 2 ms search into 11 s. Only what is prepared by name
    (`custody.prepared`) keeps its plan. What a cursor reads is read to its end, and planned so: a plan for the first
    rows once read for ten minutes what takes three seconds. A database host that is lost without a reset is noticed
    within about a minute.
    """
    if not url.startswith(("postgresql://", "postgres://")):
        raise ValueError("DATABASE_URL must begin with postgresql://: Tabard runs on PostgreSQL only.")
    parts = conninfo_to_dict(url)
    named = {django: str(parts.pop(name)) for name, django in _DJANGO_NAMES.items() if name in parts}
    ours = "-c synchronous_commit=on -c TimeZone=UTC -c plan_cache_mode=auto -c cursor_tuple_fraction=1"
    options = {**_NOTICE_LOSS, **parts, "options": ours}
    return {
        "ENGINE": "django.db.backends.postgresql",
        **named,
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": options,
    }
