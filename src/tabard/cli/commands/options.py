"""The options that many commands share."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from tabard.kernel.errors import Invalid

Json = Annotated[bool, typer.Option("--json", help="End with one JSON object on the last line.")]
AsOf = Annotated[str | None, typer.Option("--as-of", help="What is due at this instant; default now.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would happen; change nothing.")]


def instant(text: str | None, default: datetime, field: str = "as-of") -> datetime:
    """The instant in ISO 8601; without a zone it is UTC.

    Raises:
        Invalid: when it is not one.
    """
    if text is None:
        return default
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise Invalid("Give a date or time as 2026-11-21 or 2026-11-21T09:30:00Z.", field=field) from error
    return at if at.tzinfo else at.replace(tzinfo=UTC)
