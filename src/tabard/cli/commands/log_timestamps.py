"""`tabard log timestamps`: what a time-stamping authority says of the checkpoints, and how it fares."""

from tabard.cli.check import Finding
from tabard.cli.commands.options import Json
from tabard.cli.database import database, load_django
from tabard.cli.home import Home
from tabard.cli.output import console, emit
from tabard.cli.postgres import Server
from tabard.kernel.clock import now


def timestamps(json: Json = False) -> None:
    """Check every kept timestamp, newest first: which checkpoint it dates, who says so, and whether it holds."""
    with database():
        from tabard.custody.timestamping import stamping as stamps

        found = list(stamps.tokens(stamps.trusted_chain()))
    for one in found:
        verdict = f"[bold red]FAIL[/] {one.problem}" if one.problem else "[green]ok[/]"
        console.print(f"{one.size:>12}  {one.stamped_at:%Y-%m-%d %H:%M:%S} UTC  {one.authority}  {verdict}")
    if not found:
        console.print("No checkpoint has a timestamp. Set TABARD_TSA_URL and TABARD_TSA_CHAIN to get them.")
    wrong = [one for one in found if one.problem]
    listed = [
        {
            "size": one.size,
            "authority": one.authority,
            "stamped_at": one.stamped_at.isoformat(),
            "ok": not one.problem,
            "problem": one.problem,
        }
        for one in found
    ]
    emit({"ok": not wrong, "timestamps": listed}, as_json=json, ok=not wrong)


def finding(home: Home) -> Finding:
    """Whether the newest checkpoint is, or soon will be, dated by the authority that is set."""
    with Server(home):
        load_django()
        from django.db import connection

        from tabard.custody.timestamping import stamping as stamps

        try:
            by, chain = stamps.authority(), stamps.trusted_chain()
            if by is None:
                return Finding.ok(
                    "No time-stamping authority is set; checkpoints carry our own clock's time only."
                )
            if chain is None:
                return Finding.problem(
                    "TABARD_TSA_URL is set without TABARD_TSA_CHAIN, so no timestamp can be checked or kept.",
                    "Name the PEM file of the authority's certificates, its root included.",
                )
            late = stamps.overdue_since(by.name, at=now())
        finally:
            connection.close()
    if late is not None:
        return Finding.warning(
            f"A checkpoint of {late:%d %B %Y %H:%M} UTC still waits for its timestamp from {by.name}.",
            "Is a worker running, and can it reach the authority? Its log says what the authority answered.",
        )
    return Finding.ok(f"Checkpoints are dated by {by.name}.")
