"""The `tabard` command: one tree, from a camera's dock to a verified pack. A command is loaded when it is called."""

import sys
from importlib.metadata import version

import typer
from rich.markup import escape

from tabard.cli.lazy import Lazy, group_of
from tabard.cli.output import COULD_NOT_RUN, errors
from tabard.kernel.errors import TabardError

_COMMANDS = "tabard.cli.commands"
_ANYTHING = {"allow_extra_args": True, "ignore_unknown_options": True}

COMMANDS = (
    Lazy(
        "up",
        f"{_COMMANDS}.run_processes:up",
        "Run Tabard on this machine: the database, the pages, the door and a worker. Ctrl-C stops them.",
    ),
    Lazy(
        "check",
        f"{_COMMANDS}.run_processes:check",
        "Say in words what is wrong with this installation, and how to mend it.",
    ),
    Lazy("web", f"{_COMMANDS}.run_processes:web", "Run the pages, the API and playback alone."),
    Lazy(
        "door",
        f"{_COMMANDS}.run_processes:door",
        "Run the door alone: where body-worn systems send footage.",
    ),
    Lazy(
        "worker",
        f"{_COMMANDS}.run_processes:worker",
        "Run a worker alone: jobs, and the sequencer of the custody log.",
    ),
    Lazy(
        "demo",
        f"{_COMMANDS}.demo:demo",
        "Show the product: a force, cameras that dock, an exhibit, a pack and its verification, one disposal.",
    ),
    Lazy(
        "verify",
        f"{_COMMANDS}.verify:verify",
        "Check an evidence pack: every byte, every proof. Needs no database, no account and no network.",
        needs="",
    ),
    Lazy("people", f"{_COMMANDS}.people:app", "Units, officers and accounts."),
    Lazy("fleet", f"{_COMMANDS}.fleet:app", "Cameras and docks."),
    Lazy(
        "rollout",
        f"{_COMMANDS}.rollout:app",
        "The rollout of cameras: plan, progress, forecast, public figures.",
    ),
    Lazy("intake", f"{_COMMANDS}.intake:app", "The doors that footage comes in by."),
    Lazy("recordings", f"{_COMMANDS}.recordings:app", "Recordings: their history as a document."),
    Lazy("disclosure", f"{_COMMANDS}.disclosure:app", "Evidence packs."),
    Lazy(
        "retention",
        f"{_COMMANDS}.retention:app",
        "How long footage is kept: see what is due, dispose of it.",
        needs="",
    ),
    Lazy(
        "log",
        f"{_COMMANDS}.log:app",
        "The custody log: verify it, show its newest checkpoint, fetch receipts.",
        needs="",
    ),
    Lazy(
        "vault",
        f"{_COMMANDS}.vault:app",
        "Sealed objects in their stores: read them back, compare what is there, move them.",
    ),
    Lazy(
        "backup",
        f"{_COMMANDS}.backup:app",
        "Copy everything but the sealed bytes, with the keys apart; check a backup; let old keys go.",
    ),
    Lazy("restore", f"{_COMMANDS}.restore:restore", "Restore a backup into an empty installation."),
    Lazy(
        "witness",
        f"{_COMMANDS}.witness:app",
        "Be a witness to somebody's custody log: see to it that it only grows, and sign that it did.",
        needs="",
    ),
    Lazy(
        "dock",
        f"{_COMMANDS}.dock:app",
        "Empty cameras at a station PC: read, send, and with a permit erase.",
        needs="",
    ),
    Lazy("simulate", f"{_COMMANDS}.simulate:app", "Play a force on this machine, and measure what it takes."),
    Lazy(
        "manage",
        f"{_COMMANDS}.manage:manage",
        "Run one of Django's commands (makemigrations, shell, ...) against this installation.",
        settings=_ANYTHING,
    ),
)

app = typer.Typer(
    name="tabard",
    cls=group_of(*COMMANDS),
    help="Body-worn video for a police force: sealed, linked, disclosed, disposed of, and provable to outsiders.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
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
