"""`tabard rollout`: the plan, how far it is, what blocks whom, and which figures are public."""

import csv
import sys
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from tabard.cli.commands.imports import GoodOnly, tell
from tabard.cli.commands.options import DryRun, Json
from tabard.cli.database import database
from tabard.cli.output import console, emit, fail
from tabard.kernel.clock import now
from tabard.kernel.errors import Invalid

app = typer.Typer(
    help="The rollout of cameras: plan, progress, forecast, public figures.", no_args_is_help=True
)
_COMMAND_LINE = "command line"


@app.command("import")
def import_plan(
    file: Annotated[Path, typer.Argument(help="CSV or JSON: phase, wave, unit_code, target, due, ...")],
    note: Annotated[str, typer.Option(help="What this version of the plan is about.")] = "",
    good_only: GoodOnly = False,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Make a file the rollout plan; the plan before stays as an earlier version."""
    if not file.is_file():
        fail(f"There is no file {file}.")
    with database():
        from tabard.custody.actors import Actor
        from tabard.insight.plans import import_plan as import_file

        report = import_file(
            raw=file.read_bytes(),
            note=note,
            by=Actor.system(_COMMAND_LINE),
            at=now(),
            good_only=good_only,
            dry_run=dry_run,
        )
    tell(report, as_json=json)


@app.command("export")
def export_plan(
    form: Annotated[str, typer.Option("--as", help="csv or json.")] = "csv",
) -> None:
    """Write the rollout plan to standard output, as `tabard rollout import` reads it."""
    if form not in ("csv", "json"):
        fail(f"There is no form {form}.", "Say --as csv or --as json.")
    with database():
        from tabard.insight.plans import current_plan, lines_of
        from tabard.insight.shifts import all_shifts

        plan = current_plan()
        lines = lines_of(plan) if plan else []
        shifts = all_shifts()
    if plan is None:
        fail("There is no rollout plan yet.", "`tabard rollout import` brings one in.")
    from tabard.insight.plan_file import plan_csv, plan_json

    if form == "csv":
        sys.stdout.write(plan_csv(lines))
    else:
        typer.echo(plan_json(lines, shifts))


@app.command("example")
def example(
    replace: Annotated[
        bool, typer.Option("--replace", help="Also where another plan holds; that one stays as a version.")
    ] = False,
    json: Json = False,
) -> None:
    """Load the Metropolitan Police's rollout, as far as it was told to the public, as an example."""
    with database():
        from tabard.custody.actors import Actor
        from tabard.insight.example import load_example

        loaded = load_example(by=Actor.system(_COMMAND_LINE), at=now(), replace=replace)
    words = f"{loaded.units} units, {loaded.lines} lines of the plan and {loaded.counts} stated counts were added."
    console.print(words)
    emit({"units": loaded.units, "lines": loaded.lines, "counts": loaded.counts}, as_json=json)


@app.command("status")
def status(json: Json = False) -> None:
    """Show how many cameras were issued, unit by unit, and when the last one will be."""
    with database():
        from tabard.insight.forecast_words import in_words
        from tabard.insight.rollout import as_it_stands, summary

        found = as_it_stands(at=now())
        shown = [standing for standing in found.units if standing.is_listed]
        lines = [f"{'  ' * each.depth}{each.unit.name}: {_said(each)}" for each in shown]
        words = in_words(found.force.forecast) if found.force else ""
        answer = [summary(each) for each in shown]
    if not shown:
        console.print("There is no rollout plan and no camera issued yet.")
    for line in [*lines, words]:
        console.print(line, markup=False)
    emit({"units": answer, "forecast": words}, as_json=json)


def _said(standing: Any) -> str:
    """How one unit stands, on a line."""
    issued = "number issued not known" if standing.issued is None else f"{standing.issued:,} issued"
    about = "about " if standing.is_about else ""
    wanted = "number planned not known" if standing.target is None else f"{about}{standing.target:,} planned"
    blocks = "".join(f"; blocked: {block.get_kind_display().lower()}" for block in standing.blocks)
    return f"{issued}, {wanted}{blocks}"


@app.command("count")
def count(
    unit: Annotated[str, typer.Argument(help="The unit's code.")],
    number: Annotated[int, typer.Argument(help="Cameras issued by then, all earlier ones among them.")],
    *,
    day: Annotated[str, typer.Option("--as-of", help="By the end of which day, such as 2017-08-14.")],
    source: Annotated[str, typer.Option(help="Who says so, and where.")],
    about: Annotated[bool, typer.Option("--about", help="The source says about.")] = False,
    json: Json = False,
) -> None:
    """Note how many cameras a unit had by a day, where they are not in this installation one by one."""
    with database():
        from tabard.custody.actors import Actor
        from tabard.insight.counts import state_count

        stated = state_count(
            unit=_unit(unit),
            as_of_date=_day(day),
            count=number,
            is_about=about,
            source=source,
            by=Actor.system(_COMMAND_LINE),
            at=now(),
        )
    console.print(f"{stated.count:,} cameras by {stated.as_of_date} are noted.")
    emit({"unit": unit, "as_of": day, "count": stated.count}, as_json=json)


@app.command("block")
def block(
    unit: Annotated[str, typer.Argument(help="The unit's code.")],
    kind: Annotated[str, typer.Argument(help="training, docks, network or stock.")],
    words: Annotated[str, typer.Argument(help="What is missing.")],
    *,
    since: Annotated[str, typer.Option(help="The first day.")],
    until: Annotated[str, typer.Option(help="The first day without, if anybody expects one.")] = "",
    json: Json = False,
) -> None:
    """Note what keeps a unit from its wave."""
    with database():
        from tabard.custody.actors import Actor
        from tabard.insight.blocks import raise_block

        raised = raise_block(
            unit=_unit(unit),
            kind=kind,
            since_date=_day(since),
            until_date=_day(until) if until else None,
            words=words,
            by=Actor.system(_COMMAND_LINE),
            at=now(),
        )
    console.print(f"{raised.get_kind_display()} blocks {unit}.", markup=False)
    emit({"block": str(raised.id), "unit": unit, "kind": kind}, as_json=json)


@app.command("unblock")
def unblock(
    unit: Annotated[str, typer.Argument(help="The unit's code.")],
    kind: Annotated[str, typer.Argument(help="training, docks, network or stock.")],
    json: Json = False,
) -> None:
    """Note that what kept a unit from its wave is over."""
    with database():
        from tabard.custody.actors import Actor
        from tabard.insight.blocks import lift_block
        from tabard.insight.models import UnitBlock

        found = UnitBlock.objects.filter(unit=_unit(unit), kind=kind, lifted_at=None).first()
        if found is None:
            fail(f"Nothing of the kind {kind} blocks {unit}.")
        lift_block(block=found, by=Actor.system(_COMMAND_LINE), at=now())
    console.print(f"{kind} blocks {unit} no more.", markup=False)
    emit({"block": str(found.id), "unit": unit, "kind": kind}, as_json=json)


@app.command("shifts")
def shifts(
    unit: Annotated[str, typer.Argument(help="The unit's code.")],
    changes: Annotated[
        str, typer.Argument(help="When how many cameras come back: '07:00 40, 15:00 35, 22:00 30'.")
    ],
    *,
    docked_h: Annotated[float, typer.Option(help="Hours to empty and charge a camera.")] = 6.0,
    filmed_min: Annotated[float, typer.Option(help="Minutes that a camera films in a shift.")] = 60.0,
    mbit_per_s: Annotated[float, typer.Option(help="The bit rate of its footage.")] = 4.0,
    share_percent: Annotated[float, typer.Option(help="How much of the line footage may take.")] = 80.0,
    json: Json = False,
) -> None:
    """State how many cameras of a unit come back at which change of shifts; its docks are reckoned with that."""
    with database():
        from tabard.custody.actors import Actor
        from tabard.insight.shifts import state_shifts
        from tabard.insight.sites import Shifts, as_said, most, needs_at_each, parse_changes

        said = Shifts(parse_changes(changes), docked_h, filmed_min, mbit_per_s, share_percent)
        found = _unit(unit)
        state_shifts(unit=found, shifts=said, by=Actor.system(_COMMAND_LINE), at=now())
        asked = most(needs for _, needs in needs_at_each(said))
    line = f"{asked.line_mbit_per_s:.1f}"
    console.print(f"{found.name} needs {asked.bays} bays at once, and a line of {line} Mbit/s.", markup=False)
    emit({"unit": unit, **as_said(said), "bays": asked.bays, "line_mbit_per_s": float(line)}, as_json=json)


@app.command("curve")
def curve() -> None:
    """Write the figures of the force's curve to standard output as CSV: plan, issued, forecast."""
    with database():
        from tabard.insight.curve import HEADING, table
        from tabard.insight.rollout import as_it_stands

        force = as_it_stands(at=now()).force
        rows = table(force.curve) if force else []
    writer = csv.writer(sys.stdout)
    writer.writerow(HEADING)
    writer.writerows(rows)


@app.command("publish")
def publish(
    figure: Annotated[str, typer.Argument(help="Such as cameras_issued.")],
    day: Annotated[
        str, typer.Option("--as-of", help="The day up to which it counts; today if not said.")
    ] = "",
    json: Json = False,
) -> None:
    """Make a figure public, as it was at the end of a day."""
    with database():
        from tabard.custody.actors import Actor
        from tabard.insight import figures
        from tabard.insight.rollout import LONDON

        row = figures.publish(
            figure=_figure(figure),
            as_of_date=_day(day) if day else now().astimezone(LONDON).date(),
            by=Actor.system(_COMMAND_LINE),
            at=now(),
        )
        label = row.get_figure_display()
    console.print(f"{label}: {row.value}, as of {row.as_of_date}, is public.", markup=False)
    emit({"figure": figure, "value": row.value, "as_of": row.as_of_date}, as_json=json)


@app.command("withdraw")
def withdraw(
    figure: Annotated[str, typer.Argument(help="Such as cameras_issued.")], json: Json = False
) -> None:
    """Make a figure public no more."""
    with database():
        from tabard.custody.actors import Actor
        from tabard.insight import figures

        figures.withdraw(figure=_figure(figure), by=Actor.system(_COMMAND_LINE), at=now())
    console.print(f"{figure} is public no more.", markup=False)
    emit({"figure": figure}, as_json=json)


def _figure(name: str) -> Any:
    from tabard.insight.figures import Figure

    if name not in Figure.values:
        fail(f"There is no figure {name}.", f"Figures: {', '.join(Figure.values)}")
    return Figure(name)


def _unit(code: str) -> Any:
    from tabard.people.models import Unit

    found = Unit.objects.filter(code__iexact=code.strip()).first()
    if found is None:
        fail(f"There is no unit with the code {code}.", "`tabard people units` shows them.")
    return found


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Invalid(f"'{text}' is not a day as 2017-08-14.", field="date") from error
