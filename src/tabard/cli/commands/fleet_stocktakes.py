"""`tabard fleet stocktake`: begin, scan, show and close the count of a unit's cameras."""

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tabard.cli.commands.options import Json
from tabard.cli.database import database
from tabard.cli.output import console, emit, fail
from tabard.kernel.clock import now

if TYPE_CHECKING:
    from tabard.fleet.models import Stocktake
    from tabard.fleet.stocktaking import Count
    from tabard.people.models import Unit

app = typer.Typer(help="Count the cameras that lie with a unit.", no_args_is_help=True)
UnitCode = Annotated[str, typer.Argument(help="The unit's code.")]


@app.command("begin")
def begin(unit: UnitCode, json: Json = False) -> None:
    """Open a stocktake of a unit and those below it."""
    with database():
        from tabard.custody.actors import Actor
        from tabard.fleet import stocktaking

        begun = stocktaking.begin(unit=_unit(unit), by=Actor.system("command line"), at=now())
        name = begun.unit.name
    console.print(f"The stocktake of {name} is open. Scan: tabard fleet stocktake scan {unit}", markup=False)
    emit({"stocktake": str(begun.pk), "unit": unit}, as_json=json)


@app.command("scan")
def scan(
    unit: UnitCode,
    serials: Annotated[
        list[str] | None, typer.Argument(help="Serial numbers; without any, one a line from standard input.")
    ] = None,
    json: Json = False,
) -> None:
    """Note that cameras were seen; a scanner that types into the terminal will do."""
    with database():
        from tabard.custody.actors import Actor
        from tabard.fleet import stocktaking

        stocktake, by, lines = _open_count(unit), Actor.system("command line"), []
        for serial in serials or _typed(sys.stdin):
            line = stocktaking.scan(stocktake=stocktake, serial=serial, by=by, at=now())
            console.print(f"{line.serial}: {line.verdict}. {line.words}", markup=False)
            lines.append({"serial": line.serial, "verdict": line.verdict.value, "words": line.words})
    emit({"stocktake": str(stocktake.pk), "scanned": lines}, as_json=json)


@app.command("show")
def show(
    unit: UnitCode,
    *,
    as_csv: Annotated[bool, typer.Option("--csv", help="Write the lines to standard output as CSV.")] = False,
    json: Json = False,
) -> None:
    """Show the newest stocktake of a unit, what is wrong first; exit code 1 where anything is."""
    with database():
        from tabard.fleet.models import Stocktake
        from tabard.fleet.stocktaking import counted, csv_of

        newest = (
            Stocktake.objects.filter(unit=_unit(unit)).select_related("unit").order_by("-begun_at").first()
        )
        if newest is None:
            fail(f"There was no stocktake of {unit}.", f"`tabard fleet stocktake begin {unit}` opens one.")
        count = counted(newest)
        answer = _answer(count)
    if as_csv:
        sys.stdout.buffer.write(csv_of(count.lines))
    else:
        _tell(count)
    emit(answer, as_json=json, ok=not answer["wrong"])


@app.command("close")
def close(unit: UnitCode, json: Json = False) -> None:
    """Close a unit's stocktake; its lines stay as they are. Exit code 1 where anything is wrong."""
    with database():
        from tabard.custody.actors import Actor
        from tabard.fleet import stocktaking

        closed = stocktaking.close(stocktake=_open_count(unit), by=Actor.system("command line"), at=now())
        count = stocktaking.counted(closed)
        answer = _answer(count)
    _tell(count)
    emit(answer, as_json=json, ok=not answer["wrong"])


def _typed(lines: Iterable[str]) -> Iterable[str]:
    return (line.strip() for line in lines if line.strip())


def _answer(count: "Count") -> dict[str, Any]:
    """The count as a program reads it; `wrong` is how many lines are not simply found."""
    from tabard.fleet.stocktaking import Verdict

    numbers = {verdict.value: count.number(verdict) for verdict in Verdict}
    closed_at = count.stocktake.closed_at
    return {
        "stocktake": str(count.stocktake.pk),
        "unit": count.stocktake.unit.code,
        "closed_at": closed_at.isoformat() if closed_at else None,
        **numbers,
        "wrong": len(count.lines) - numbers[Verdict.FOUND.value],
        "lines": [{"serial": each.serial, "verdict": each.verdict.value} for each in count.lines],
    }


def _tell(count: "Count") -> None:
    from tabard.fleet.stocktaking import Verdict

    state = "closed" if count.stocktake.closed_at else "open"
    numbers = ", ".join(f"{count.number(verdict)} {verdict.value}" for verdict in Verdict)
    console.print(f"Stocktake of {count.stocktake.unit.name}, {state}: {numbers}.", markup=False)
    for line in count.lines:
        if line.verdict is not Verdict.FOUND:
            console.print(f"  {line.serial}: {line.verdict}. {line.words}", markup=False)


def _open_count(code: str) -> "Stocktake":
    from tabard.fleet.models import Stocktake

    found = Stocktake.objects.filter(unit=_unit(code), closed_at=None).select_related("unit").first()
    if found is None:
        fail(f"No stocktake of {code} is open.", f"`tabard fleet stocktake begin {code}` opens one.")
    return found


def _unit(code: str) -> "Unit":
    from tabard.people.models import Unit

    found = Unit.objects.filter(code__iexact=code.strip()).first()
    if found is None:
        fail(f"There is no unit with the code {code}.", "`tabard people units` shows them.")
    return found
