"""`tabard log`: the custody log as the machine sees it; each command is loaded when it is called."""

import typer

from tabard.cli.lazy import Lazy, group_of

_COMMANDS = "tabard.cli.commands"

COMMANDS = (
    Lazy(
        "verify",
        f"{_COMMANDS}.log_verify:verify",
        "Recompute the whole log, from its rows and as outsiders get it, and compare it with all that was ever signed.",
    ),
    Lazy(
        "watch",
        f"{_COMMANDS}.log_watch:watch",
        "Watch a log from outside: what was published must stay, what is signed must be true, and it must go on.",
        needs="",
    ),
    Lazy("rotate-key", f"{_COMMANDS}.log_keys:rotate_key", "Give the log a new signing key."),
    Lazy(
        "retire-key",
        f"{_COMMANDS}.log_keys:retire_key",
        "Destroy the log's oldest signing key, so that only the newer ones sign. Cannot be undone.",
    ),
    Lazy(
        "keys",
        f"{_COMMANDS}.log_keys:keys",
        "List every key that the log ever had, with the sizes of the first and the last checkpoint that it signed.",
    ),
    Lazy(
        "timestamps",
        f"{_COMMANDS}.log_timestamps:timestamps",
        "Check every kept timestamp, newest first: which checkpoint it dates, who says so, and whether it holds.",
    ),
    Lazy(
        "witnesses",
        f"{_COMMANDS}.log_witnesses:witnesses",
        "Show what each witness of the policy cosigned last, and what keeps it from cosigning. Exits 1 if proofs wait.",
    ),
    Lazy(
        "checkpoint",
        f"{_COMMANDS}.log_proofs:checkpoint",
        "Show the newest signed checkpoint and the key that checks it.",
    ),
    Lazy(
        "receipt",
        f"{_COMMANDS}.log_proofs:receipt",
        "Write the proof that an event is in the log, and the exact bytes it proves; that they were taken is logged.",
    ),
    Lazy(
        "consistency",
        f"{_COMMANDS}.log_proofs:consistency",
        "Print the proof that the log only grew between two signed checkpoints.",
    ),
)

app = typer.Typer(
    cls=group_of(*COMMANDS),
    help="The custody log: verify it, show its newest checkpoint, fetch receipts.",
    no_args_is_help=True,
)


@app.callback()
def log() -> None:
    """Group what is loaded when it is called."""
