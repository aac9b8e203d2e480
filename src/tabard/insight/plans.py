"""How does a rollout plan come in, how does it change, and which one holds? By whole versions; the newest is the plan.

A file with bad rows brings nothing in, unless whoever imports says that the good rows are to be taken. A wave is
changed by a reason, in a new version that has it in the place of the old. An earlier version is never changed: what
was planned when stays a fact. Versions come one after another, so that a change never undoes what it did not see.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from tabard.custody import services as custody
from tabard.custody.actors import Actor, Subject
from tabard.custody.kinds import EventKind
from tabard.insight.errors import PlanChanged
from tabard.insight.models import PlanLine, PlanVersion
from tabard.insight.plan_changes import Difference, WaveName, differences, with_wave
from tabard.insight.plan_file import Line, PlanFile, SiteLine, plan_csv, read_plan, read_typed
from tabard.insight.shifts import all_shifts, keep_shifts
from tabard.insight.sites import as_logged
from tabard.kernel.errors import Invalid
from tabard.kernel.sheet import ImportReport, RowError
from tabard.kernel.text import optional, required
from tabard.people.models import Unit

_ONE_AT_A_TIME = 0x7461_6264_706C_616E  # "tabdplan": the advisory lock of whoever makes a version


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
    good, faults = _with_units(read.lines)
    sites, lost = _sites_with_units(read.sites)
    faults = sorted([*read.faults, *faults, *lost], key=lambda fault: fault.row)
    digest = hashlib.sha256(raw)
    is_taken = bool(good) and (good_only or not faults)
    number = len(good) if is_taken else 0
    if dry_run or not is_taken:
        return ImportReport(read.count, len(good), number, faults, digest.hexdigest(), dry_run)
    with transaction.atomic():
        _one_at_a_time()
        plan = _make(good, digest.digest(), note, by, at)
        details = {
            "sites": _keep_sites(sites, by, at),
            "lines": number,
            "left_out": read.count - number,
            "file_sha256": digest.hexdigest(),
        }
        _append(EventKind.ROLLOUT_PLAN_IMPORTED, plan, by, at, {**details, "note": note})
    return ImportReport(read.count, len(good), number, faults, digest.hexdigest())


def change_wave(
    *, name: WaveName, lines: Sequence[Line], based_on: UUID | None, reason: str, by: Actor, at: datetime
) -> PlanVersion:
    """The wave has these lines from now on, in a new version of the plan; the version before stays as it was.

    Args:
        name: Which wave; one that the plan does not have is added after all others.
        lines: All that it is to have, as `read_wave` answers them; none drops the wave.
        based_on: The version that was looked at; None where there was no plan.
        reason: Why, for whoever reads the versions later.
        by: Who changes it.
        at: When, aware.

    Raises:
        Invalid: naming the field, when there is no reason, a unit is not here, or nothing would be different.
        PlanChanged: when another version came meanwhile.
    """
    reason = required(reason, "reason", 300)
    with transaction.atomic():
        _one_at_a_time()
        before = lines_based_on(based_on)
        after = with_wave(before, name, lines)
        changed = different(before, after)
        good, faults = _with_units(after)
        if faults:
            raise Invalid(faults[0].words, field="unit_code")
        plan = _make(good, hashlib.sha256(plan_csv(after).encode()).digest(), reason, by, at)
        details = {"phase": name.phase, "wave": name.wave, "reason": reason, "lines": len(after)}
        said = [each.kept for each in changed]
        _append(EventKind.ROLLOUT_PLAN_CHANGED, plan, by, at, {**details, "changed": said})
    return plan


def read_wave(name: WaveName, rows: Iterable[Mapping[str, str]]) -> PlanFile:
    """The lines of a wave as they were typed, each with a unit that is here, and every fault of the others."""
    read = read_typed({**cells, "phase": name.phase, "wave": name.wave} for cells in rows)
    _, faults = _with_units(read.lines)
    read.faults = sorted([*read.faults, *faults], key=lambda fault: fault.row)
    return read


def lines_based_on(based_on: UUID | None) -> list[Line]:
    """The lines of the plan that holds, if it is the one that was looked at.

    Raises:
        PlanChanged: when it is another.
    """
    plan = current_plan()
    if (plan.id if plan else None) == based_on:
        return lines_of(plan) if plan else []
    who = f"{plan.imported_by} made" if plan else "There is no longer"
    raise PlanChanged(f"{who} another version of the plan meanwhile. Look at it, and change it again.")


def different(before: Iterable[Line], after: Iterable[Line]) -> list[Difference]:
    """What a change makes different.

    Raises:
        Invalid: when nothing is.
    """
    found = differences(before, after)
    if not found:
        raise Invalid("Nothing would be different.", field="lines")
    return found


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


def _sites_with_units(sites: Iterable[SiteLine]) -> tuple[list[tuple[SiteLine, Unit]], list[RowError]]:
    """The sites whose unit is here, with it, and a fault for each of the others."""
    units = {unit.code.upper(): unit for unit in Unit.objects.all()} if sites else {}
    good, faults = [], []
    for site in sites:
        unit = units.get(site.unit_code.upper())
        if unit is None:
            words = f"There is no unit with the code {site.unit_code}."
            faults.append(RowError(site.row, "sites.unit_code", words))
        else:
            good.append((site, unit))
    return good, faults


def _keep_sites(sites: Iterable[tuple[SiteLine, Unit]], by: Actor, at: datetime) -> list[dict[str, Any]]:
    """Keep how shifts change where that is another way than before, and say where."""
    known, kept = all_shifts(), []
    for site, unit in sites:
        if known.get(unit.code) != site.shifts:
            keep_shifts(unit=unit, shifts=site.shifts, by=by, at=at)
            kept.append({"unit": unit.code, **as_logged(site.shifts)})
    return kept


def rows_of(lines: Iterable[Line]) -> list[PlanLine]:
    """The lines as a version would hold them, without one; those whose unit is not here are left out."""
    good, _ = _with_units(lines)
    return [_row(None, ordinal, *each) for ordinal, each in enumerate(good)]


def _one_at_a_time() -> None:
    """Nobody else makes a version before the caller's transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_ONE_AT_A_TIME])


def _make(
    good: Iterable[tuple[Line, UUID]], sha256: bytes, note: str, by: Actor, at: datetime
) -> PlanVersion:
    plan = PlanVersion.objects.create(imported_at=at, imported_by=by.name, sha256=sha256, note=note)
    PlanLine.objects.bulk_create(_row(plan, ordinal, *each) for ordinal, each in enumerate(good))
    return plan


def _append(kind: EventKind, plan: PlanVersion, by: Actor, at: datetime, details: dict[str, Any]) -> None:
    custody.append(kind=kind, subject=Subject("rollout_plan", plan.id), at=at, by=by, details=details)


def _with_units(lines: Iterable[Line]) -> tuple[list[tuple[Line, UUID]], list[RowError]]:
    """The lines whose unit is here, with its id, and a fault for each of the others."""
    units = {code.upper(): unit_id for code, unit_id in Unit.objects.values_list("code", "id")}
    good, faults = [], []
    for line in lines:
        unit_id = units.get(line.unit_code.upper())
        if unit_id is None:
            words = f"There is no unit with the code {line.unit_code}."
            faults.append(RowError(line.row, "unit_code", words))
        else:
            good.append((line, unit_id))
    return good, faults


def _row(plan: PlanVersion | None, ordinal: int, line: Line, unit_id: UUID) -> PlanLine:
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
