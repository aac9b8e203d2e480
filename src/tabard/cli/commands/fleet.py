"""`tabard fleet`: what comes in bulk, and docks; its other commands stand in modules of their own."""

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from tabard.cli.commands import dock_keys, fleet_cameras, fleet_issue, fleet_losses, fleet_stocktakes
from tabard.cli.commands.imports import GoodOnly, opened, tell
from tabard.cli.commands.options import DryRun, Json
from tabard.cli.database import database
from tabard.cli.output import console, emit, fail
from tabard.kernel.clock import now
from tabard.kernel.errors import Invalid

app = typer.Typer(help="Cameras and docks.", no_args_is_help=True)
app.add_typer(dock_keys.app, name="dock-key")
app.add_typer(fleet_stocktakes.app, name="stocktake")
fleet_cameras.mount(app)
fleet_issue.mount(app)
fleet_losses.mount(app)


@app.command("import-cameras")
def import_cameras(
    file: Annotated[
        Path,
        typer.Argument(
            help="CSV: serial, make, model, mount, unit_code; if you like, shoulder_number, received_date, "
            "issued_date, warranty_end_date, firmware, profile."
        ),
    ],
    dry_run: DryRun = False,
    good_only: GoodOnly = False,
    json: Json = False,
) -> None:
    """Receive cameras from a CSV file: all of its rows, or, if any is wrong, none; or the good ones."""
    with opened(file) as rows_csv, database():
        from tabard.custody.actors import Actor
        from tabard.fleet.importing import import_cameras as import_rows

        by = Actor.system("command line")
        report = import_rows(rows_csv=rows_csv, by=by, at=now(), dry_run=dry_run, good_only=good_only)
    tell(report, as_json=json)


@app.command("import-training")
def import_training(
    file: Annotated[
        Path, typer.Argument(help="CSV: shoulder_number, duty, trained_date; if you like, expires_date.")
    ],
    dry_run: DryRun = False,
    good_only: GoodOnly = False,
    json: Json = False,
) -> None:
    """Record who was trained from a CSV file: all of its rows, or, if any is wrong, none; or the good ones."""
    with opened(file) as rows_csv, database():
        from tabard.custody.actors import Actor
        from tabard.fleet.training_import import import_trainings

        by = Actor.system("command line")
        report = import_trainings(rows_csv=rows_csv, by=by, at=now(), dry_run=dry_run, good_only=good_only)
    tell(report, as_json=json)


@app.command("install-dock")
def install_dock(
    serial: Annotated[str, typer.Argument(help="The dock's serial number.")],
    *,
    site: Annotated[str, typer.Option(help="Where it stands.")],
    unit: Annotated[str, typer.Option(help="The code of the unit that it belongs to.")],
    bays: Annotated[int, typer.Option(help="How many cameras it holds.")] = 8,
    installed: Annotated[
        str, typer.Option(help="From which day on it can be used, such as 2026-06-01; it may be to come.")
    ] = "",
    json: Json = False,
) -> None:
    """Install a docking station; enrol its key next, with `tabard fleet dock-key add`."""
    with database():
        from tabard.custody.actors import Actor
        from tabard.fleet import services
        from tabard.people.models import Unit

        found = Unit.objects.filter(code__iexact=unit.strip()).first()
        if found is None:
            fail(f"No unit has the code {unit}.", "`tabard people units` shows them.")
        dock = services.install_dock(
            serial=serial,
            site=site,
            unit=found,
            bays=bays,
            installed_date=_installed(installed),
            by=Actor.system("command line"),
            at=now(),
        )
    console.print(f"{dock} is installed.", markup=False)
    emit({"dock": str(dock.pk), "serial": dock.serial, "site": dock.site, "bays": dock.bays}, as_json=json)


def _installed(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise Invalid(f"'{text}' is not a day as 2026-06-01.", field="installed") from error
