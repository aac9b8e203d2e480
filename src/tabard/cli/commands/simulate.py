"""`tabard simulate`: what does a force do to this machine? Cameras that do not exist, over the doors or as rows."""

import os
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from tabard.cli.commands.options import DryRun, Json
from tabard.cli.database import database
from tabard.cli.output import console, emit, errors, fail
from tabard.kernel.errors import TabardError

app = typer.Typer(help="Play a force on this machine, and measure what it takes.", no_args_is_help=True)

_MIB = 1024 * 1024


@app.command("force")
def force(
    *,
    recordings: Annotated[int, typer.Option(help="How many recordings the year has.", min=0)] = 785_000,
    seed: Annotated[int, typer.Option(help="The same seed makes the same force, ids included.", min=0)] = 1,
    cameras: Annotated[int, typer.Option(help="How many cameras.", min=100)] = 22_000,
    officers: Annotated[int, typer.Option(help="How many officers.", min=100)] = 30_000,
    year: Annotated[int, typer.Option(help="The year that is played; it has to be over.")] = 2025,
    leave_due: Annotated[
        bool,
        typer.Option("--leave-due", help="Leave what fell due to be disposed of by `tabard retention run`."),
    ] = False,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Put a whole force and a year of its footage's records into this installation, which must be empty.

    Footage has no bytes: it can be listed, searched and counted, and not played. Other data never comes to stand beside
    made-up people: an installation that holds anything is refused.
    """
    from tabard.cli.simulate.force import play

    play(
        {
            "recordings": recordings,
            "seed": seed,
            "cameras": cameras,
            "officers": officers,
            "year": year,
            "leave_due": leave_due,
        },
        dry_run=dry_run,
        as_json=json,
    )


@app.command("shift")
def shift(
    *,
    cameras: Annotated[int, typer.Option(help="How many cameras of the force come home.", min=1)] = 7000,
    minutes: Annotated[float, typer.Option(help="Within how many minutes.", min=0.1)] = 30,
    scale: Annotated[
        float,
        typer.Option(
            help="This machine plays one part in so many: of the cameras, of the minutes and of the bit rate, so that "
            "cameras arrive as fast as in the whole force and bytes a second are one part.",
            min=1,
        ),
    ] = 200,
    recordings: Annotated[
        float, typer.Option(help="How many recordings a camera brings home, on average.", min=0.01)
    ] = 3.0,
    large_mib: Annotated[
        int,
        typer.Option(help="How many MiB are sent in large files first, to tell what a byte costs.", min=4),
    ] = 512,
    doors: Annotated[str, typer.Option(help="By which doors: `axis`, `dock`, or both.")] = "axis,dock",
    seed: Annotated[int, typer.Option(help="The same seed plays the same shift.", min=0)] = 1,
    door_url: Annotated[
        str,
        typer.Option(
            help="Play against the installation of TABARD_HOME, whose door answers here. Without it one is started in "
            "a folder of its own, and removed."
        ),
    ] = "",
    yes: Annotated[
        bool, typer.Option("--yes", help="With --door-url: put that footage into the installation.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be sent, and leave.")] = False,
    json: Json = False,
) -> None:
    """Play the end of a shift at this machine's door, and say what the whole force needs.

    Everything that was acknowledged is looked up afterwards: exit code 1 says that something is missing or doubled.
    """
    from tabard.cli.simulate.installation import check_room
    from tabard.simulation.shift import ShiftSpec

    spec = ShiftSpec(cameras=cameras, minutes=minutes, scale=scale, recordings_a_camera=recordings, seed=seed)
    names = _doors(doors)
    plan = _plan(spec, large_mib * _MIB)
    _say_plan(plan)
    # What is sealed, and the files that are on their way to it.
    check_room(Path(tempfile.gettempdir()), plan["planned_bytes"] + plan["cards_bytes"])
    if dry_run:
        emit({"ok": True, "dry_run": True, **plan}, as_json=json)
        return
    if door_url and "dock" in names:
        fail(
            "Only docks that are enrolled may send by the dock door, and those of a running installation are real.",
            "Add --doors axis, or leave --door-url out.",
        )
    if door_url and not yes:
        fail(
            "Footage that shows nothing would be put into this installation, where it stays until it is disposed of.",
            "Add --yes if that is what you want; leave --door-url out to play in a folder that goes again.",
        )
    answer = {"ok": False, **plan, **_play(spec, names, large_mib * _MIB, door_url)}
    answer["ok"] = not answer.get("wrong", True) and answer["sent"] == answer["sealed"]
    _say(answer)
    emit(answer, as_json=json, ok=answer["ok"])


def _doors(text: str) -> list[str]:
    from tabard.simulation.shift_play import DOORS

    names = [name.strip() for name in text.split(",") if name.strip()]
    unknown = [name for name in names if name not in DOORS]
    if unknown or not names:
        fail(f"--doors: {', '.join(unknown) or 'none'} is no door.", f"There are: {', '.join(DOORS)}.")
    return names


def _plan(spec: Any, large_bytes: int) -> dict[str, Any]:
    """What will be sent, known before anything is."""
    from tabard.simulation.shift import homecomings
    from tabard.simulation.shift_play import LANES, large_phase_bytes

    arrivals = homecomings(spec)
    lengths = [length_s for arrival in arrivals for length_s in arrival.lengths_s]
    large_files_bytes = large_phase_bytes(spec, large_bytes)
    at_once = sorted(map(spec.size_bytes, lengths))[-LANES:]
    return {
        "scale": spec.scale,
        "seed": spec.seed,
        "planned_cameras": len(arrivals),
        "planned_recordings": len(lengths),
        "planned_bytes": sum(map(spec.planned_bytes, lengths)) + large_files_bytes,
        "cards_bytes": max(sum(at_once), large_files_bytes),
    }


def _say_plan(plan: dict[str, Any]) -> None:
    console.print(
        f"{plan['planned_cameras']:,} cameras will bring {plan['planned_recordings']:,} recordings; with the large "
        f"files {plan['planned_bytes'] / 1e9:.2f} GB will be written."
    )


def _play(spec: Any, doors: list[str], large_bytes: int, door_url: str) -> dict[str, Any]:
    """One run, on the running installation or on one that comes and goes with it; with the steps that were taken."""
    from tabard.cli.demo.steps import Steps

    steps = Steps()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tabard-shift-")))
        if not door_url:
            _take_home(stack, folder)
        with steps.step("database", "PostgreSQL is up and has its tables"):
            home = stack.enter_context(database())
        from tabard.cli.simulate.installation import own_processes
        from tabard.cli.simulate.shift import ShiftRun

        processes = None
        if not door_url:
            with steps.step("processes", "Web, door and worker answer"):
                processes, door_url = stack.enter_context(own_processes(home))
        cards = folder / "cards"
        cards.mkdir()
        answer: dict[str, Any] = {"sent": 0, "sealed": 0}
        try:
            run = ShiftRun(spec, doors, large_bytes, door_url.rstrip("/"), processes, steps)
            answer = run.run(cards)
        except TabardError as error:
            errors.print(f"[bold red]{escape(error.message)}[/]")
            answer["wrong"] = [error.message]
    return {**answer, "steps": steps.done}


def _take_home(stack: ExitStack, folder: Path) -> None:
    """Everything of this process and those it starts lives in the folder, whatever the environment says otherwise."""
    ours = [name for name in os.environ if name.startswith(("TABARD_", "DATABASE_"))]
    before = {name: os.environ.pop(name) for name in ours}
    stack.callback(os.environ.update, before)
    os.environ["TABARD_HOME"] = str(folder / "home")
    # The footage is ours and shows nothing: it may be looked into where the decoder jail lacks a wall.
    os.environ["TABARD_ACCEPT_MISSING_WALLS"] = "1"


def _say(answer: dict[str, Any]) -> None:
    """The answer in words."""
    for line in answer.get("wrong", ()):
        errors.print(f"[red]{escape(line)}[/]")
    if "needs" not in answer:
        return
    upload = answer["upload_ms"]
    console.print(
        f"[bold]{answer['sent']} recordings sent, {answer['sealed']} sealed[/] in {answer['seconds']} s: "
        f"{answer['recordings_per_s']} recordings/s, {answer['mb_per_s']} MB/s; an upload took {upload['p50']} ms "
        f"(p50), {upload['p95']} ms (p95); the door had {answer['peak_mib'].get('door', 0)} MiB at most and refused "
        f"{answer['refused_503']} times."
    )
    if answer["needs"] is None:
        console.print(
            "Too little was sent to tell what a gigabyte costs, so nothing is reckoned for the whole force. "
            "Ask for more with --large-mib, or for a smaller --scale."
        )
        return
    _say_needs("The whole force needs", answer["needs"], answer["arithmetic"])
    _say_needs(
        "With as few recordings as are published it needs",
        answer["needs_as_published"],
        answer["arithmetic_as_published"],
    )
    console.print("Assumed:")
    for line in answer["assumptions"]:
        console.print(f"  {escape(line)}")


def _say_needs(opening: str, found: dict[str, Any], arithmetic: list[str]) -> None:
    console.print(
        f"[bold]{opening} {found['doors']} doors, {found['workers']} workers, {found['database_cores']} database "
        f"cores, and {found['store_gb_per_s']:.2f} GB/s into the store.[/]"
    )
    for line in arithmetic:
        console.print(f"  {escape(line)}")
