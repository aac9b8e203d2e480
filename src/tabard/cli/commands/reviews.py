"""`tabard retention review`: what becomes of footage whose period ends in a person's decision, without a screen."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

import typer

from tabard.cli.commands.options import Json
from tabard.cli.commands.signing_in import As, viewer_as
from tabard.cli.database import database
from tabard.cli.output import console, emit
from tabard.kernel.clock import now
from tabard.kernel.errors import Invalid
from tabard.kernel.text import counted

app = typer.Typer(help="Decide about footage whose period ends in a review.", no_args_is_help=True)
RecordingId = Annotated[UUID, typer.Argument(help="The recording's id.")]
ReviewId = Annotated[UUID, typer.Argument(help="The review's id, as `list` shows it.")]
Reason = Annotated[str, typer.Option(help="Why, in a sentence.")]


@app.command("list")
def listed(
    username: As,
    rule: Annotated[str, typer.Option(help="Only what this rule asks about.")] = "",
    unit: Annotated[str, typer.Option(help="Only this unit and those below it, by its code.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many to show at most.")] = 50,
    json: Json = False,
) -> None:
    """Show what waits for a person's decision, longest over first."""
    with database():
        from tabard.retention import review_queue

        viewer, at = viewer_as(username), now()
        wanted = review_queue.QueueFilter(rule, _unit_ids(unit) if unit else None)
        by_rule = review_queue.counts(viewer, at, wanted)
        items = [_queued(item) for item in review_queue.page(viewer, at, wanted, limit=limit)]
    for item in items:
        waits = f"  proposed: {item['proposal']}" if item["proposal"] else ""
        console.print(f"{item['review_at'][:10]}  {item['rule']:<24} {item['recording']}{waits}")
    waiting = f"Waiting for a review: {counted(sum(by_rule.values()), 'recording')}; shown: {len(items)}."
    console.print(waiting if items else "Nothing waits for a review.")
    emit({"by_rule": by_rule, "items": items}, as_json=json)


@app.command()
def keep(
    recording: RecordingId,
    username: As,
    until: Annotated[str, typer.Option(help="The last day on which it is kept, as 2032-03-31.")],
    reason: Reason,
    yes: Annotated[
        list[str] | None, typer.Option(help="A question answered yes; may be given again.")
    ] = None,
    *,
    json: Json = False,
) -> None:
    """Keep a recording for longer; after that day it is asked about again."""
    with database():
        from tabard.people.rules import Action
        from tabard.recordings import selectors
        from tabard.retention import reviews

        viewer, day = viewer_as(username), _day(until)
        found = selectors.get(viewer, recording, Action.REVIEW_DECIDE)
        made = reviews.keep(
            recording=found, until_date=day, reason=reason, yes=yes or (), viewer=viewer, at=now()
        )
        answer = _as_json(made)
    console.print(f"Kept until the end of {until}.")
    emit(answer, as_json=json)


@app.command("let-go")
def let_go(recording: RecordingId, username: As, reason: Reason, json: Json = False) -> None:
    """Propose to let a recording go: the answer to each question is no. It stays until another person agrees."""
    with database():
        from tabard.people.rules import Action
        from tabard.recordings import selectors
        from tabard.retention import reviews
        from tabard.retention.review_questions import Question

        viewer = viewer_as(username)
        found = selectors.get(viewer, recording, Action.REVIEW_DECIDE)
        for question in Question:
            if typer.confirm(question.words, err=True):
                raise Invalid(f"Keep it: the answer is yes to {question.short}.", field="yes")
        answer = _as_json(reviews.let_go(recording=found, reason=reason, viewer=viewer, at=now()))
    console.print(f"Proposed: {answer['review']}. Another person has to agree.")
    emit(answer, as_json=json)


@app.command()
def agree(
    review: ReviewId,
    username: As,
    yes: Annotated[
        bool, typer.Option("--yes", help="You have read the recording's facts; do not ask.")
    ] = False,
    json: Json = False,
) -> None:
    """Agree to let a recording go; the next disposal run puts it on its list."""
    with database():
        from tabard.people.rules import Action
        from tabard.retention import review_queue, reviews

        viewer = viewer_as(username)
        found = review_queue.get(viewer, review, Action.REVIEW_DECIDE)
        console.print(
            f"Recording {found.recording_id}, {found.decided_by.display_name}: {found.reason}", markup=False
        )
        if not yes:
            typer.confirm("Agree to let it go?", abort=True, err=True)
        answer = _as_json(reviews.agree(review_id=review, viewer=viewer, at=now()))
    console.print("Agreed. The recording goes with the next disposal run.")
    emit(answer, as_json=json)


@app.command()
def refuse(review: ReviewId, username: As, reason: Reason, json: Json = False) -> None:
    """Refuse to let a recording go, or take back what you proposed."""
    with database():
        from tabard.retention import reviews

        answer = _as_json(
            reviews.refuse(review_id=review, reason=reason, viewer=viewer_as(username), at=now())
        )
    console.print("Refused. The recording stays.")
    emit(answer, as_json=json)


def _unit_ids(code: str) -> tuple[UUID, ...]:
    from tabard.people.models import Unit
    from tabard.people.selectors import subtree_ids

    found = Unit.objects.filter(code=code).first()
    if found is None:
        raise Invalid(f"There is no unit {code}.", field="unit")
    return tuple(subtree_ids(found.id))


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Invalid("Give a day as 2032-03-31.", field="until") from error


def _queued(item: Any) -> dict[str, Any]:
    return {
        "recording": str(item.recording.id),
        "rule": item.rule,
        "review_at": item.review_at.isoformat(),
        "size_bytes": item.recording.size_bytes,
        "proposal": str(item.proposal.id) if item.proposal else None,
    }


def _as_json(review: Any) -> dict[str, Any]:
    return {
        "review": str(review.id),
        "recording": str(review.recording_id),
        "choice": str(review.choice),
        "keep_until": review.keep_until.isoformat() if review.keep_until else None,
        "agreed_at": review.agreed_at.isoformat() if review.agreed_at else None,
        "refused_at": review.refused_at.isoformat() if review.refused_at else None,
    }
