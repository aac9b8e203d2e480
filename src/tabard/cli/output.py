"""How does a command answer? In words for a person, and with `--json` as one object on the last line of stdout.

Exit codes: 0 good, 1 found wrong, 2 could not run.
"""

import json
from datetime import UTC, datetime
from typing import Any, NoReturn

import typer
from rich.console import Console

FOUND_WRONG = 1
COULD_NOT_RUN = 2
console = Console(highlight=False, soft_wrap=True)
errors = Console(stderr=True, highlight=False, soft_wrap=True)


def emit(answer: dict[str, Any], *, as_json: bool, ok: bool = True) -> None:
    """Print the machine-readable answer if it was asked for, and leave with the exit code that fits."""
    if as_json:
        typer.echo(json.dumps(answer, default=str))
    if not ok:
        raise typer.Exit(FOUND_WRONG)


def in_utc(at: datetime) -> str:
    """An instant to the minute, as a person reads it."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def fail(message: str, cure: str = "") -> NoReturn:
    """Say what kept the command from running, and what would help; leave with 2."""
    errors.print(f"[bold red]{message}[/]" + (f"\n{cure}" if cure else ""))
    raise typer.Exit(COULD_NOT_RUN)
