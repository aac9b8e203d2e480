"""The `tabard` command: one tree, from a camera's dock to a verified pack."""

import sys
from importlib.metadata import version

import typer
from rich.markup import escape

from tabard.cli.commands import (
    backup,
    demo,
    disclosure,
    fleet,
    intake,
    log,
    manage,
    people,
    recordings,
    restore,
    retention,
    run_processes,
    simulate,
    vault,
    witness,
)
from tabard.cli.output import COULD_NOT_RUN, errors
from tabard.kernel.errors import TabardError

app = typer.Typer(
    name="tabard",
    help="Body-worn video for a police force: sealed, linked, disclosed, disposed of, and provable to outsiders.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command("up")(run_processes.up)
app.command("check")(run_processes.check)
app.command("web")(run_processes.web)
app.command("door")(run_processes.door)
app.command("worker")(run_processes.worker)
app.command("demo")(demo.demo)
app.command("verify")(disclosure.verify)
app.add_typer(people.app, name="people")
app.add_typer(fleet.app, name="fleet")
app.add_typer(intake.app, name="intake")
app.add_typer(recordings.app, name="recordings")
app.add_typer(disclosure.app, name="disclosure")
app.add_typer(retention.app, name="retention")
app.add_typer(log.app, name="log")
app.add_typer(vault.app, name="vault")
app.add_typer(backup.app, name="backup")
app.command("restore")(restore.restore)
app.add_typer(witness.app, name="witness")
app.add_typer(simulate.app, name="simulate")
app.command("manage", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(
    manage.manage
)


@app.callback(invoke_without_command=True)
def root(
    *,
    show_version: bool = typer.Option(False, "--version", help="Show the version and leave.", is_eager=True),
) -> None:
    """Answer `tabard --version`."""
    if show_version:
        typer.echo(f"tabard {version('tabard')}")
        raise typer.Exit


def run() -> None:
    """The entry point: our own errors become a sentence and exit code 2, never a traceback."""
    try:
        app()
    except TabardError as error:
        field = error.fields.get("field")
        where = f" ({field})" if field else ""
        errors.print(f"[bold red]{escape(error.message)}[/]{escape(where)} [dim]{error.code}[/]")
        sys.exit(COULD_NOT_RUN)
