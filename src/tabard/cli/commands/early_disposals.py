"""`tabard retention early-...`: disposal before a period ends, for those who work without a screen."""

from typing import Annotated, Any
from uuid import UUID

import typer
from rich.filesize import decimal

from tabard.cli.commands.options import Json
from tabard.cli.commands.signing_in import As, viewer_as
from tabard.cli.database import database
from tabard.cli.output import console, emit, in_utc
from tabard.kernel.clock import now
from tabard.kernel.text import counted

RequestId = Annotated[UUID, typer.Argument(help="The request's id, as `early-list` shows it.")]
Reason = Annotated[str, typer.Option(help="Why, in a sentence.")]


def early_list(username: As, json: Json = False) -> None:
    """Show which early disposals are asked for."""
    with database():
        from tabard.retention import early_disposal

        found = [_as_json(asked) for asked in early_disposal.listed(viewer_as(username))]
    for asked in found:
        console.print(f"{asked['request']}  {asked['state']:<10} {asked['basis']:<16} {asked['recording']}")
    console.print(counted(len(found), "early disposal") if found else "No early disposal is asked for.")
    emit({"early_disposals": found}, as_json=json)


def early_request(
    recording: Annotated[UUID, typer.Argument(help="The recording's id.")],
    username: As,
    basis: Annotated[str, typer.Option(help="court_order, erasure, commissioner, unlawful_capture, ...")],
    reason: Annotated[str, typer.Option(help="What was ordered or found, with its reference.")],
    at_once: Annotated[
        bool, typer.Option("--at-once", help="The law allows no days of grace after the last approval.")
    ] = False,
    *,
    json: Json = False,
) -> None:
    """Ask that a recording be disposed of before its period ends; nothing happens until others approve."""
    with database():
        from tabard.people.rules import Action
        from tabard.recordings import selectors
        from tabard.retention import early_disposal

        viewer = viewer_as(username)
        found = selectors.get(viewer, recording, Action.EARLY_DISPOSAL_REQUEST)
        asked = early_disposal.request(
            recording=found, basis=basis, reason=reason, at_once=at_once, viewer=viewer, at=now()
        )
        answer = _as_json(asked)
    console.print(f"Asked for: {answer['request']}. It runs out on {in_utc(asked.expires_at)}.")
    emit(answer, as_json=json)


def early_approve(
    request: RequestId,
    username: As,
    yes: Annotated[
        bool, typer.Option("--yes", help="You have read what will be gone; do not ask again.")
    ] = False,
    json: Json = False,
) -> None:
    """Approve an early disposal. After the last approval and the days of grace nobody can read the recording again."""
    with database():
        from tabard.people.rules import Action
        from tabard.retention import early_disposal

        viewer = viewer_as(username)
        asked = early_disposal.get(viewer, request, Action.EARLY_DISPOSAL_APPROVE)
        gone = early_disposal.gone(asked.recording)
        console.print(f"{asked.get_basis_display()}: {asked.reason}", markup=False)
        console.print(
            f"Gone for good: {counted(gone.segments, 'file')}, {counted(gone.clips, 'clip')}, "
            f"{decimal(gone.size_bytes)}, {counted(gone.objects, 'sealed object')}."
        )
        days = early_disposal.grace(now()).days
        console.print("Days of grace after the last approval: " + ("none" if asked.at_once else str(days)))
        if not yes:
            typer.confirm("Approve? What is disposed of cannot come back", abort=True, err=True)
        asked = early_disposal.agree(request_id=request, viewer=viewer, at=now())
        answer = _as_json(asked)
    goes = f" It goes on {in_utc(asked.executes_at)}." if asked.executes_at and asked.is_open else ""
    console.print(f"Approved; the request is {answer['state']}.{goes}")
    emit(answer, as_json=json)


def early_refuse(request: RequestId, username: As, reason: Reason, json: Json = False) -> None:
    """Refuse an early disposal: one refusal is enough."""
    _close("refuse", request, username, reason, json=json)


def early_withdraw(request: RequestId, username: As, reason: Reason, json: Json = False) -> None:
    """Withdraw an early disposal that you asked for."""
    _close("withdraw", request, username, reason, json=json)


def _close(act: str, request: UUID, username: str, reason: str, *, json: bool) -> None:
    with database():
        from tabard.retention import early_disposal

        close = {"refuse": early_disposal.refuse, "withdraw": early_disposal.withdraw}[act]
        answer = _as_json(close(request_id=request, reason=reason, viewer=viewer_as(username), at=now()))
    console.print(f"The request is {answer['state']}.")
    emit(answer, as_json=json)


def _as_json(asked: Any) -> dict[str, object]:
    from tabard.retention.agreeing import still_missing

    return {
        "request": str(asked.id),
        "recording": str(asked.recording_id),
        "basis": asked.basis,
        "state": str(asked.state),
        "still_missing": still_missing(asked),
        "expires_at": asked.expires_at.isoformat(),
        "at_once": asked.at_once,
        "executes_at": asked.executes_at.isoformat() if asked.executes_at else None,
    }
