"""`tabard fleet lose`, `steal`, `losses`, `follow`, `found` and `give-up`: a camera that is gone, and its checklist."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from tabard.cli.commands.fleet_cameras import Serial, camera_named
from tabard.cli.commands.options import Json
from tabard.cli.database import database
from tabard.cli.output import console, emit, fail
from tabard.fleet.states import Change
from tabard.kernel.clock import now

if TYPE_CHECKING:
    from tabard.fleet.models import Loss

How = Annotated[str, typer.Option("--reason", help="How it went.")]
ReportNumber = Annotated[str, typer.Option(help="Of the crime or loss report, where there is one already.")]


def mount(app: typer.Typer) -> None:
    """Hangs the commands into the tree of `tabard fleet`."""
    app.command("lose")(lose)
    app.command("steal")(steal)
    app.command("losses")(losses)
    app.command("follow")(follow)
    app.command("found")(found)
    app.command("give-up")(give_up)


def lose(serial: Serial, *, reason: How, report_number: ReportNumber = "", json: Json = False) -> None:
    """Report a camera lost: nobody wears it from now on, and its checklist is open."""
    _report(serial, Change.LOSE, reason, report_number, as_json=json)


def steal(serial: Serial, *, reason: How, report_number: ReportNumber = "", json: Json = False) -> None:
    """Report a camera stolen: nobody wears it from now on, and its checklist is open."""
    _report(serial, Change.STEAL, reason, report_number, as_json=json)


def _report(serial: str, change: Change, reason: str, report_number: str, *, as_json: bool) -> None:
    with database():
        from tabard.custody.actors import Actor
        from tabard.fleet.losses import report_loss

        loss = report_loss(
            camera=camera_named(serial),
            change=change,
            reason=reason,
            report_number=report_number,
            by=Actor.system("command line"),
            at=now(),
        )
        answer = _answer(loss)
    console.print(f"Camera {loss.camera.serial} is {loss.kind}.", markup=False)
    _show_steps(answer)
    emit(answer, as_json=as_json)


def losses(
    *,
    every: Annotated[bool, typer.Option("--all", help="Also those whose checklist is closed.")] = False,
    json: Json = False,
) -> None:
    """Show which cameras are lost or stolen, and what is still to be done about each."""
    with database():
        from tabard.fleet.models import Loss

        known = Loss.objects.select_related("camera", "wearer").order_by("closed_at", "-reported_at")
        answers = [_answer(loss) for loss in (known if every else known.filter(closed_at=None))]
    if not answers:
        console.print("No camera is lost or stolen.")
    for answer in answers:
        end = f", {answer['outcome'].replace('_', ' ')}" if answer["outcome"] else ""
        console.print(f"{answer['serial']}: {answer['kind']} since {answer['since']}{end}", markup=False)
        _show_steps(answer)
    emit({"losses": answers}, as_json=json)


def follow(
    serial: Serial,
    step: Annotated[str, typer.Argument(help="The step, as `tabard fleet losses` names it.")],
    words: Annotated[str, typer.Argument(help="What was done; for `reported`, the report's number.")],
    json: Json = False,
) -> None:
    """Note that a step of a lost camera's checklist was done."""
    with database():
        from tabard.custody.actors import Actor
        from tabard.fleet.losses import STEPS, do_step

        if step not in STEPS:
            fail(f"There is no step {step}.", f"Steps: {', '.join(STEPS)}.")
        done = do_step(
            loss=_open_loss(serial), step=step, words=words, by=Actor.system("command line"), at=now()
        )
        answer = _answer(done)
    console.print(f"{step} is noted for camera {answer['serial']}.", markup=False)
    emit(answer, as_json=json)


def found(
    serial: Serial,
    *,
    reason: Annotated[str, typer.Option(help="How it was found.")],
    json: Json = False,
) -> None:
    """Close a lost camera's checklist: it was found, and is received anew."""
    _close(serial, "found", reason, as_json=json)


def give_up(
    serial: Serial,
    *,
    reason: Annotated[str, typer.Option(help="Why it is given up.")],
    json: Json = False,
) -> None:
    """Close a lost camera's checklist, every step of which was done: it stays gone."""
    _close(serial, "given_up", reason, as_json=json)


def _close(serial: str, outcome: str, reason: str, *, as_json: bool) -> None:
    with database():
        from tabard.custody.actors import Actor
        from tabard.fleet.losses import close_loss

        closed = close_loss(
            loss=_open_loss(serial), outcome=outcome, reason=reason, by=Actor.system("command line"), at=now()
        )
        answer = _answer(closed)
    console.print(f"Camera {answer['serial']}: {outcome.replace('_', ' ')}.", markup=False)
    emit(answer, as_json=as_json)


def _open_loss(serial: str) -> "Loss":
    camera = camera_named(serial)
    loss = camera.losses.filter(closed_at=None).first()
    if loss is None:
        fail(f"Camera {camera.serial} has no open checklist: it is not lost or stolen.")
    return loss


def _answer(loss: "Loss") -> dict[str, Any]:
    """The loss as a program reads it."""
    from tabard.fleet.losses import steps_of

    return {
        "loss": str(loss.pk),
        "serial": loss.camera.serial,
        "kind": loss.kind,
        "since": loss.reported_at.isoformat(timespec="minutes"),
        "report_number": loss.report_number,
        "wearer": loss.wearer.shoulder_number if loss.wearer else None,
        "files_left": loss.files_left,
        "last_docked_at": loss.last_docked_at.isoformat() if loss.last_docked_at else None,
        "outcome": loss.outcome,
        "steps": {step.name: step.done["words"] if step.done else None for step in steps_of(loss)},
    }


def _show_steps(answer: dict[str, Any]) -> None:
    """What the checklist still asks for; of one that is closed, nothing."""
    from tabard.fleet.losses import STEPS

    for name, done in answer["steps"].items():
        if done is None and not answer["outcome"]:
            console.print(f"  to do: {name} ({STEPS[name]})", markup=False)
