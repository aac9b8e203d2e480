"""`tabard log witnesses`: who has seen the log grow, and who has not answered."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from tabard.cli.check import Finding
from tabard.cli.commands.options import Json
from tabard.cli.database import database, load_django
from tabard.cli.home import Home
from tabard.cli.output import console, emit
from tabard.cli.postgres import Server
from tabard.kernel.clock import now

if TYPE_CHECKING:
    from tabard.custody.witnesses.standing import Standing, WitnessStanding

LONG_ENOUGH = timedelta(minutes=5)
"""A quorum that is not there after this needs somebody to look."""


def witnesses(json: Json = False) -> None:
    """Show what each witness of the policy cosigned last, and what keeps it from cosigning. Exits 1 if proofs wait."""
    with database():
        from tabard.custody.witnesses.standing import standing

        found = standing()
    wrong = _wrong(found, now())
    if found.policy is None:
        console.print("No witness policy is set (TABARD_WITNESS_POLICY): receipts need no witness.")
    elif not json:
        console.print(_table(found))
        console.print(
            f"Signed: {_size(found.signed)} events. With enough witnesses: {_size(found.witnessed)} events."
        )
    for words in wrong:
        console.print(f"[bold red]{words}[/]")
    emit({"ok": not wrong, **_as_json(found), "wrong": wrong}, as_json=json, ok=not wrong)


def finding(home: Home) -> Finding:
    """What `tabard check` says about the witnesses."""
    with Server(home):
        load_django()
        from django.db import connection

        from tabard.custody.adapters import log_signer
        from tabard.custody.witnesses.standing import standing

        try:
            found, keys = standing(), log_signer().verifiers
        finally:
            connection.close()
    if found.policy is None:
        return Finding.ok(
            "No witness policy is set: receipts carry the log's own signature and need no witness."
        )
    if found.policy.logs and all(log.key not in keys for log in found.policy.logs):
        return Finding.problem(
            "The witness policy names logs, and none of their keys is this log's.",
            "Put the key that `tabard log checkpoint` shows into the policy, or take its log lines out.",
        )
    wrong = _wrong(found, now())
    if wrong:
        return Finding.problem(" ".join(wrong), "See `tabard log witnesses`.")
    troubled = [f"{each.name}: {each.trouble.words}" for each in found.witnesses if each.trouble]
    if troubled:
        return Finding.warning(
            "A quorum of witnesses answers, but not all: " + " ".join(troubled), "Tell who runs it."
        )
    return Finding.ok(f"Enough of {len(found.witnesses)} witnesses have cosigned what is signed.")


def _wrong(found: "Standing", at: datetime) -> list[str]:
    """What somebody must look into: a witness that contradicts us, or proofs that wait too long."""
    wrong = [
        f"{each.name}: {each.trouble.words}"
        for each in found.witnesses
        if each.trouble and each.trouble.is_alarming
    ]
    if found.waiting_since is not None and found.waiting_since + LONG_ENOUGH < at:
        wrong.append(
            f"Not enough witnesses have cosigned since {found.waiting_since:%d %B %Y %H:%M} UTC: "
            "what happened since then cannot be proven yet."
        )
    return wrong


def _table(found: "Standing") -> Table:
    table = Table("Witness", "Last cosigned", "At (UTC)", "Behind by", "Trouble", box=None, pad_edge=False)
    for each in found.witnesses:
        trouble = (
            each.trouble.words if each.trouble else "" if each.url else "The policy has no address for it."
        )
        table.add_row(
            Text(each.name),
            "never" if each.size is None else f"{each.size} events",
            "" if each.cosigned_at is None else f"{each.cosigned_at:%Y-%m-%d %H:%M:%S}",
            f"{each.behind_by} events",
            Text(trouble),
        )
    return table


def _as_json(found: "Standing") -> dict[str, Any]:
    return {
        "policy": found.policy is not None,
        "quorum": found.policy.quorum if found.policy else None,
        "signed_size": found.signed.size if found.signed else 0,
        "witnessed_size": found.witnessed.size if found.witnessed else 0,
        "waiting_since": found.waiting_since,
        "witnesses": [_witness_as_json(each) for each in found.witnesses],
    }


def _witness_as_json(each: "WitnessStanding") -> dict[str, Any]:
    return {
        "name": each.name,
        "vkey": each.key.encode(),
        "url": each.url,
        "cosigned_size": each.size,
        "cosigned_at": each.cosigned_at,
        "behind_by": each.behind_by,
        "error": each.trouble.words if each.trouble else None,
        "error_at": each.trouble.at if each.trouble else None,
        "is_alarming": each.trouble.is_alarming if each.trouble else False,
    }


def _size(checkpoint: Any) -> int:
    return checkpoint.size if checkpoint else 0
