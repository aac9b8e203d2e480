"""How is a whole force put into an installation? Asked for, made, and what was made said, with what it took."""

import resource
import time
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

from tabard.cli.database import database
from tabard.cli.output import console, emit
from tabard.kernel.clock import now
from tabard.kernel.errors import Invalid

_KIB: Final = 1024
_ROW_BYTES: Final = 2_600
"""What the database takes on disk for a recording with all that belongs to it, indexes included, as measured."""


def play(asked: Mapping[str, Any], *, dry_run: bool, as_json: bool) -> None:
    """The force is in the database when this returns, or, after a dry run, is known to fit into it."""
    from tabard.simulation.whole_force.spec import WholeForceSpec

    spec = WholeForceSpec(**asked)
    if spec.ends_at > now():
        raise Invalid(f"{spec.year} is not over; simulate a year that is.", field="year")
    began = time.perf_counter()
    with database():
        from tabard.custody.actors import Actor
        from tabard.simulation.whole_force import writing

        writing.check_empty()
        console.print(
            f"{spec.officers:,} officers, {spec.cameras:,} cameras, {spec.recordings:,} recordings of {spec.year}; "
            f"about {spec.recordings * _ROW_BYTES / 1e9:.1f} GB in the database."
        )
        if dry_run:
            emit({"ok": True, "dry_run": True, **asked, "disposed": spec.disposed}, as_json=as_json)
            return
        made = writing.simulate_force(
            spec=spec, by=Actor.system("command line"), at=now(), progress=_say_step
        )
    answer = {"ok": True, **asdict(made), "seed": spec.seed, "year": spec.year, **_took(began)}
    console.print(
        f"[bold]{made.cameras:,} cameras, {made.officers:,} officers, {made.recordings:,} recordings, of which "
        f"{made.disposed:,} disposed of, {made.incidents:,} incidents[/] in {answer['seconds']} s."
    )
    console.print("`tabard people add-account` makes an account to look at it with.")
    emit(answer, as_json=as_json)


def _say_step(what: str, count: int) -> None:
    console.print(f"  {what}: {count:,}" if count else f"  {what}")


def _took(began: float) -> dict[str, Any]:
    """Seconds, and the most memory that this process had; the database is another."""
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _KIB
    return {"seconds": round(time.perf_counter() - began, 1), "peak_mib": round(peak_mib)}
