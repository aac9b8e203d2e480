"""`tabard retention`: what is due, the list of what will go, and its disposal; each command is loaded when called."""

import typer

from tabard.cli.lazy import Lazy, group_of

_COMMANDS = "tabard.cli.commands"

COMMANDS = (
    Lazy(
        "plan",
        f"{_COMMANDS}.retention_plan:plan",
        "Say what would be disposed of, how much, and under which rules. Changes nothing.",
    ),
    Lazy(
        "run",
        f"{_COMMANDS}.disposal_runs:run",
        "Put on the list what is due and not held, and dispose of what has been on it for the days of grace.",
    ),
    Lazy(
        "runs",
        f"{_COMMANDS}.disposal_runs:runs",
        "Show the last disposal runs: what each found, did, and was stopped by.",
    ),
    Lazy(
        "approve-run",
        f"{_COMMANDS}.disposal_runs:approve_run",
        "Agree that a run that stopped goes on. Once two people did, `tabard retention run` goes on with it.",
    ),
    Lazy(
        "refuse-run",
        f"{_COMMANDS}.disposal_runs:refuse_run",
        "Refuse that a run that stopped goes on: one refusal is enough.",
    ),
    Lazy(
        "hold",
        f"{_COMMANDS}.holds:app",
        "Keep footage whatever its period says, until somebody releases it.",
    ),
    Lazy(
        "review",
        f"{_COMMANDS}.reviews:app",
        "Decide about footage whose period ends in a review.",
    ),
    Lazy(
        "policy",
        f"{_COMMANDS}.retention_policy:app",
        "The policy that says how long footage is kept: read, try, propose, adopt.",
    ),
    Lazy(
        "early-list",
        f"{_COMMANDS}.early_disposals:early_list",
        "Show which early disposals are asked for.",
    ),
    Lazy(
        "early-request",
        f"{_COMMANDS}.early_disposals:early_request",
        "Ask that a recording be disposed of before its period ends; nothing happens until others approve.",
    ),
    Lazy(
        "early-approve",
        f"{_COMMANDS}.early_disposals:early_approve",
        "Approve an early disposal. After the last approval and the days of grace nobody can read the recording again.",
    ),
    Lazy(
        "early-refuse",
        f"{_COMMANDS}.early_disposals:early_refuse",
        "Refuse an early disposal: one refusal is enough.",
    ),
    Lazy(
        "early-withdraw",
        f"{_COMMANDS}.early_disposals:early_withdraw",
        "Withdraw an early disposal that you asked for.",
    ),
    Lazy(
        "notices",
        f"{_COMMANDS}.notices:notices",
        "Show how many recordings are about to go although an officer was told that they overlap what they attended.",
    ),
    Lazy(
        "certificate",
        f"{_COMMANDS}.certificates:certificate",
        "Write the certificate of a recording's disposal; that it was taken is logged.",
    ),
    Lazy(
        "check-certificate",
        f"{_COMMANDS}.certificate_check:check_certificate",
        "Check a certificate of disposal. Needs no database, no account and no network.",
        needs="",
    ),
)

app = typer.Typer(
    cls=group_of(*COMMANDS),
    help="How long footage is kept: see what is due, dispose of it.",
    no_args_is_help=True,
)


@app.callback()
def retention() -> None:
    """Group what is loaded when it is called."""
