"""`tabard retention notices`: how many notices before disposal nobody has answered, by unit."""

from datetime import timedelta
from typing import Annotated, Any

import typer

from tabard.cli.commands.options import Json
from tabard.cli.commands.signing_in import As, viewer_as
from tabard.cli.database import database
from tabard.cli.output import console, emit
from tabard.kernel.clock import now
from tabard.kernel.text import counted


def notices(
    username: As,
    within: Annotated[
        int, typer.Option(min=1, max=366, help="Count besides what goes within so many days.")
    ] = 3,
    json: Json = False,
) -> None:
    """Show how many recordings are about to go although an officer was told that they overlap what they attended.

    Disposal does not wait for answers. Whose notices they are shows on the page, Notices before disposal.
    """
    with database():
        from tabard.retention import notice_views

        at = now()
        units = [
            _as_json(each) for each in notice_views.by_unit(viewer_as(username), at, timedelta(days=within))
        ]
    for unit in units:
        console.print(
            f"{unit['recordings']:>9,}  {unit['unit']:<32} {unit['officers']:>6,} officers "
            f"{unit['unseen']:>7,} not seen {unit['soon']:>7,} go within {within} days",
            highlight=False,
            markup=False,
        )
    recordings = sum(unit["recordings"] for unit in units)
    waiting = f"Waiting for an answer: {counted(recordings, 'recording')} of {counted(len(units), 'unit')}."
    console.print(waiting if units else "No notice waits for an answer.")
    emit(
        {"as_of": at.isoformat(), "within_days": within, "recordings": recordings, "units": units},
        as_json=json,
    )


def _as_json(unit: Any) -> dict[str, Any]:
    return {
        "unit": unit.unit,
        "recordings": unit.recordings,
        "officers": unit.officers,
        "unseen": unit.unseen,
        "soon": unit.soon,
        "first_goes_at": unit.first_goes_at.isoformat(),
    }
