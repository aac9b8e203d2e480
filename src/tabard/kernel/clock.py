"""What time is it? The only place that asks the machine; only the edges (web, api, jobs, cli, doors) call it."""

from datetime import UTC, datetime


def now() -> datetime:
    """The current instant, aware, in UTC."""
    return datetime.now(UTC)
