"""How does a rollout plan come in, and which one holds? By import, whole versions; the newest is the plan.

A file with bad rows brings nothing in, unless whoever imports says that the good rows are to be taken. An earlier
version is never changed: what was planned when stays a fact.
"""

import hashlib
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import transaction

from tabard.custody import services as custody
from tabard.custody.actors import Actor, Subject
from tabard.custody.kinds import EventKind
from tabard.insight.models import PlanLine, PlanVersion
from tabard.insight.plan_file import Line, read_plan
from tabard.kernel.sheet import ImportReport, RowError
from tabard.kernel.text import optional
from tabard.people.models import Unit


def import_plan(
    *, raw: bytes, note: str, by: Actor, at: datetime, good_only: bool = False, dry_run: bool = False
) -> ImportReport:
    """The file is the plan from now on; or nothing changed, and the report says why.

    Args:
        raw: The file, CSV or JSON as `plan_file` says.
        note: What the new version is about; may be empty.
        by: Who imports.
        at: When, aware.
        good_only: Take the good rows of a file that has bad ones too.
        dry_run: Check and report only.

    Raises:
        Invalid: when the note cannot be kept.
    """
    read, note = read_plan(raw), optional(note, "note", 300)
    units = {code.upper(): unit_id for code, unit_id in Unit.objects.values_list("code", "id")}
    good, faults = _with_units(read.lines, units)
    faults = sorted([*read.faults, *faults], key=lambda fault: fault.row)
    digest = hashlib.sha256(raw)
    is_taken = bool(good) and (good_only or not faults)
    number = len(good) if is_taken else 0
    if dry_run or not is_taken:
        return ImportReport(read.count, len(good), number, faults, digest.hexdigest(), dry_run)
    with transaction.atomic():
        plan = PlanVersion.objects.create(
            imported_at=at, imported_by=by.name, sha256=digest.digest(), note=note
        )
        PlanLine.objects.bulk_create(_row(plan, ordinal, *each) for ordinal, each in enumerate(good))
        details = {"lines": number, "left_out": read.count - number, "file_sha256": digest.hexdigest()}
        custody.append(
            kind=EventKind.ROLLOUT_PLAN_IMPORTED,
            subject=Subject("rollout_plan", plan.id),
            at=at,
            by=by,
            details={**details, "note": note},
        )
    return ImportReport(read.count, len(good), number, faults, digest.hexdigest())


def current_plan() -> PlanVersion | None:
    """The plan that holds; None before the first import."""
    return PlanVersion.objects.order_by("-id").first()


def lines_of(plan: PlanVersion) -> list[Line]:
    """The lines of a plan, as a file holds them."""
    return [
        Line(
            row=line.ordinal + 1,
            phase=line.phase,
            wave=line.wave,
            unit_code=line.unit.code,
            target=line.target,
            is_about=line.is_about,
            counts=line.counts,
            begins=line.begins_when,
            due=line.due_when,
            source=line.source,
        )
        for line in plan.lines.select_related("unit")
    ]


def _with_units(
    lines: Iterable[Line], units: dict[str, UUID]
) -> tuple[list[tuple[Line, UUID]], list[RowError]]:
    """The lines whose unit is here, with its id, and a fault for each of the others."""
    good, faults = [], []
    for line in lines:
        unit_id = units.get(line.unit_code.upper())
        if unit_id is None:
            words = f"There is no unit with the code {line.unit_code}."
            faults.append(RowError(line.row, "unit_code", words))
        else:
            good.append((line, unit_id))
    return good, faults


def _row(plan: PlanVersion, ordinal: int, line: Line, unit_id: UUID) -> PlanLine:
    return PlanLine(
        plan=plan,
        ordinal=ordinal,
        phase=line.phase,
        wave=line.wave,
        unit_id=unit_id,
        target=line.target,
        is_about=line.is_about,
        counts=line.counts,
        begins=line.begins.text if line.begins else "",
        due=line.due.text if line.due else "",
        source=line.source,
    )
