"""`tabard retention plan`: what would be disposed of at an instant, and why; nothing is changed."""

import csv
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.filesize import decimal

from tabard.cli.commands.options import AsOf, Json, instant
from tabard.cli.database import database
from tabard.cli.output import console, emit
from tabard.kernel.clock import now
from tabard.kernel.text import counted

if TYPE_CHECKING:
    from tabard.retention.rules import Policy

SHOWN = 20


def plan(
    as_of: AsOf = None,
    to: Annotated[
        Path | None, typer.Option("--csv", help="Write every recording that is due into this file.")
    ] = None,
    json: Json = False,
) -> None:
    """Say what would be disposed of, how much, and under which rules. Changes nothing."""
    with database():
        from tabard.retention import policies, standing

        at = instant(as_of, now())
        policy = policies.current(at)
        found = standing.totals(policy, at)
        if to is not None:
            _write_csv(to, policy, at)
        else:
            _show_first(policy, at)
        for rule, count in found.by_rule.items():
            console.print(f"{count:>12,}  {rule}")
        console.print(
            f"Due: {counted(found.due, 'recording')}, {decimal(found.size_bytes)}. Held: {found.held:,}."
        )
    answer = {
        "as_of": at.isoformat(),
        "policy": policy.version,
        "due": found.due,
        "held": found.held,
        "bytes": found.size_bytes,
        "by_rule": found.by_rule,
    }
    emit(answer, as_json=json)


def _write_csv(to: Path, policy: "Policy", at: datetime) -> None:
    """Every recording that is due, a batch at a time; the file stands under its name only when it is whole."""
    from tabard.retention import standing

    partial = to.with_name(f"{to.name}.partial")
    with partial.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(("recording", "due_at", "rule", "size_bytes"))
        for batch in standing.due(policy, at):
            rows.writerows(
                (each.recording_id, each.due_at.isoformat(), each.rule, each.size_bytes) for each in batch
            )
    partial.replace(to)
    console.print(f"The recordings are in {to}.")


def _show_first(policy: "Policy", at: datetime) -> None:
    """The first that fall due, so that a person sees what kind they are."""
    from tabard.retention import standing

    first: list[Any] = next(iter(standing.due(policy, at, SHOWN)), [])
    for item in first:
        console.print(f"{item.due_at:%Y-%m-%d}  {item.rule:<24} {item.recording_id}")
