"""`tabard retention hold`: what keeps footage whatever its period says, for those who work without a screen."""

from datetime import date
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from tabard.cli.commands.options import DryRun, Json
from tabard.cli.commands.signing_in import As, viewer_as
from tabard.cli.database import database
from tabard.cli.output import console, emit
from tabard.kernel.clock import now
from tabard.kernel.errors import Invalid
from tabard.kernel.text import counted

if TYPE_CHECKING:
    from tabard.people.authorisation import Viewer
    from tabard.retention.holds import Held
    from tabard.retention.models import Hold

app = typer.Typer(
    help="Keep footage whatever its period says, until somebody releases it.", no_args_is_help=True
)
HoldId = Annotated[UUID, typer.Argument(help="The hold's id, as `list` shows it.")]
Reason = Annotated[str, typer.Option(help="Why, in a sentence.")]
Until = Annotated[str | None, typer.Option("--review", help="When to look at it again: 2027-03-02.")]


@app.command("list")
def listed(  # noqa: PLR0917 - typer's shape: each option is an argument
    username: As,
    standing: Annotated[str, typer.Option(help="in_force, to_review or released; default all.")] = "",
    kind: Annotated[str, typer.Option(help="cpia, complaint, iopc, inquest, civil_claim, ...")] = "",
    scope: Annotated[str, typer.Option(help="item, incident, officer or everything.")] = "",
    owner: Annotated[str, typer.Option(help="A user name.")] = "",
    json: Json = False,
) -> None:
    """Show the holds that you may see, those to be looked at soonest first."""
    with database():
        from tabard.retention import hold_views, keeping

        wanted = hold_views.HoldFilter(standing, kind, scope, owner)
        found = list(hold_views.holds(viewer_as(username), now(), wanted))
        counts = keeping.counts(found)
        answer = [{**_as_json(hold), "recordings": counts.get(hold.id, 0)} for hold in found]
    for each in answer:
        console.print(
            f"{each['hold']}  {each['kind']:<14} {each['recordings']:>8,}  {each['review_date'] or 'no day':<10}  "
            f"{each['covers']}",
            markup=False,
        )
    console.print(counted(len(answer), "hold") if answer else "There is no such hold.")
    emit({"holds": answer}, as_json=json)


@app.command()
def place(  # noqa: PLR0917 - typer's shape: each option is an argument
    username: As,
    kind: Annotated[str, typer.Option(help="cpia, complaint, iopc, inquest, civil_claim, ...")],
    reason: Reason,
    recording: Annotated[UUID | None, typer.Option(help="Hold this one recording.")] = None,
    incident: Annotated[str, typer.Option(help="Hold what is linked to it, now or later: CAD 4821.")] = "",
    officer: Annotated[str, typer.Option(help="Hold what they may have filmed: a shoulder number.")] = "",
    from_day: Annotated[str | None, typer.Option("--from", help="For an officer: the first day.")] = None,
    to_day: Annotated[
        str | None, typer.Option("--to", help="For an officer: the last day, included.")
    ] = None,
    review_day: Until = None,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Place a hold on a recording, an incident, or an officer's days. `--dry-run` says what it would cover."""
    from_date, to_date = _day(from_day, "from"), _day(to_day, "to")
    review_date = _day(review_day, "review")
    with database():
        from tabard.retention import hold_views, holds

        viewer, at = viewer_as(username), now()
        on = _held(viewer, recording, incident, officer, from_date, to_date)
        found = hold_views.rehearse(on=on, kind=kind, viewer=viewer, at=at)
        answer: dict[str, Any] = {
            "recordings": found.held,
            "due": dict(found.lines),
            "kept_already": found.kept_already,
            "gone": found.gone_count,
        }
        if not dry_run:
            hold = holds.place(on=on, kind=kind, reason=reason, review_date=review_date, viewer=viewer, at=at)
            answer |= _as_json(hold_views.get(viewer, hold.id))
    _say_covered(answer)
    if not dry_run:
        console.print(f"Placed: {answer['hold']}. To be looked at on {answer['review_date']}.")
    emit(answer, as_json=json)


@app.command()
def review(
    hold: HoldId,
    username: As,
    reason: Reason,
    until: Annotated[str, typer.Option("--until", help="When to look at it again: 2027-03-02.")],
    json: Json = False,
) -> None:
    """Keep a hold on; its owner is asked again on that day."""
    day = _day(until, "until")
    with database():
        from tabard.retention import hold_views, holds

        viewer = viewer_as(username)
        found = hold_views.get(viewer, hold)
        holds.review(hold=found, review_date=day or date.min, reason=reason, viewer=viewer, at=now())
        answer = _as_json(hold_views.get(viewer, hold))
    console.print(f"Kept on; to be looked at on {answer['review_date']}.")
    emit(answer, as_json=json)


@app.command()
def hand_over(
    hold: HoldId,
    username: As,
    reason: Reason,
    owner: Annotated[str, typer.Option("--to", help="The new owner's user name.")],
    json: Json = False,
) -> None:
    """Hand a hold over to another owner, who is asked from now on."""
    with database():
        from tabard.people.models import Account
        from tabard.retention import hold_views, holds

        viewer = viewer_as(username)
        found, account = hold_views.get(viewer, hold), Account.objects.filter(username=owner.lower()).first()
        if account is None:
            raise Invalid("Nobody has this user name.", field="to")
        holds.hand_over(hold=found, owner=account, reason=reason, viewer=viewer, at=now())
        answer = _as_json(hold_views.get(viewer, hold))
    console.print(f"Handed over to {answer['owner']}.", markup=False)
    emit(answer, as_json=json)


@app.command()
def release(hold: HoldId, username: As, reason: Reason, json: Json = False) -> None:
    """Release a hold; what nothing else keeps goes when its period is over."""
    with database():
        from tabard.retention import hold_views, holds

        viewer = viewer_as(username)
        holds.release(hold=hold_views.get(viewer, hold), reason=reason, viewer=viewer, at=now())
        answer = _as_json(hold_views.get(viewer, hold))
    console.print("Released.")
    emit(answer, as_json=json)


def _held(  # noqa: PLR0917 - the options of one command
    viewer: "Viewer",
    recording: UUID | None,
    incident: str,
    officer: str,
    from_date: date | None,
    to_date: date | None,
) -> "Held":
    """What is to be held.

    Raises:
        Invalid: when it is not exactly one thing, or nobody knows it.
    """
    from tabard.incidents.selectors import incident_by_reference
    from tabard.people.rules import Action
    from tabard.people.selectors import officer_by_reference
    from tabard.recordings.selectors import get
    from tabard.retention.holds import OfficerPeriod

    if sum(map(bool, (recording, incident, officer))) != 1:
        raise Invalid("Give one of --recording, --incident and --officer.", field="recording")
    if recording is not None:
        return get(viewer, recording, Action.HOLD_PLACE)
    if incident:
        if (known := incident_by_reference(viewer, incident)) is None:
            raise Invalid("No incident that you may see has this reference.", field="incident")
        return known
    if (wearer := officer_by_reference(officer)) is None:
        raise Invalid("No officer, or more than one, has this number.", field="officer")
    if from_date is None or to_date is None:
        raise Invalid("Say from which day to which.", field="from")
    return OfficerPeriod(wearer, from_date, to_date)


def _day(text: str | None, field: str) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError as error:
        raise Invalid("Give a day as 2027-03-02.", field=field) from error


def _say_covered(answer: dict[str, Any]) -> None:
    due = ", ".join(f"{count:,} {words}" for words, count in answer["due"].items() if count)
    console.print(
        f"Recordings that it covers: {answer['recordings']:,}; kept by something else too: "
        f"{answer['kept_already']:,}; disposed of already: {answer['gone']:,}."
    )
    if due:
        console.print(f"Without it they would go: {due}.")


def _as_json(hold: "Hold") -> dict[str, Any]:
    from tabard.retention.hold_views import covers

    return {
        "hold": str(hold.id),
        "scope": str(hold.scope),
        "kind": str(hold.kind),
        "covers": covers(hold),
        "reason": hold.reason,
        "owner": hold.owner.username if hold.owner else None,
        "has_owner": hold.has_owner,  # type: ignore[attr-defined] # annotated by every read of holds
        "review_date": hold.review_date.isoformat() if hold.review_date else None,
        "released_at": hold.released_at.isoformat() if hold.released_at else None,
    }
