"""`tabard dock`: empty cameras at a station. Needs no database, no Django and no TABARD_HOME, and never listens."""

import logging
import shutil
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.live import Live
from rich.markup import escape

from tabard.cli.commands.options import Json
from tabard.cli.output import COULD_NOT_RUN, FOUND_WRONG, console, emit, fail

if TYPE_CHECKING:
    from tabard.dock.agent import Outcome, Say
    from tabard.dock.station import Station

_DEFAULT_FOLDER = Path("/var/lib/tabard-dock")
Config = Annotated[Path, typer.Option(help="The dock's configuration.", envvar="TABARD_DOCK_CONFIG")]
_DEFAULT_CONFIG = _DEFAULT_FOLDER / "dock.toml"

app = typer.Typer(
    help="Empty cameras at a station PC: read, send, and with a permit erase.", no_args_is_help=True
)


@app.command()
def init(
    url: Annotated[str, typer.Option(help="The server's door, such as https://door.example.")],
    folder: Annotated[
        Path, typer.Option(help="The agent's own folder; made, closed to others.")
    ] = _DEFAULT_FOLDER,
    ca_file: Annotated[
        Path | None, typer.Option(help="The certificates that may vouch for the server (PEM).")
    ] = None,
    json: Json = False,
) -> None:
    """Make the dock's key and its configuration, and say what a BWV administrator has to enrol."""
    from tabard.dock.setting_up import set_up

    made = set_up(folder, url, ca_file=ca_file)
    console.print(f"Wrote {made.config}. Look at it: where do cards appear?", markup=False)
    console.print("\nGive this key to a BWV administrator, who enrols the dock:")
    console.print(f"  {made.key.public}   (key id {made.key.key_id})", markup=False)
    if made.permit_keys:
        console.print("\nThe server signs erase permits with this key. Compare it with the administrator's:")
        for vkey in made.permit_keys:
            console.print(f"  {vkey}", markup=False)
    else:
        console.print(
            "\nThe server was not reached, so no permit key is set and nothing can be erased. "
            "Set server.permit_keys later."
        )
    console.print('\nCameras keep their files until you set erase = "with_permit".')
    answer = {
        "config": str(made.config),
        "public_key": made.key.public,
        "key_id": made.key.key_id,
        "permit_keys": made.permit_keys,
        "reached": made.is_reached,
    }
    emit(answer, as_json=json)


@app.command()
def key(config: Config = _DEFAULT_CONFIG, json: Json = False) -> None:
    """Show the dock's public key, to be enrolled."""
    from tabard.dock.configuration import Configuration
    from tabard.dock.keys import DockKey

    found = DockKey.read(Configuration.load(config).folder)
    typer.echo(f"{found.public}   (key id {found.key_id})")
    emit({"public_key": found.public, "key_id": found.key_id}, as_json=json)


@app.command()
def cards(config: Config = _DEFAULT_CONFIG, json: Json = False) -> None:
    """Show what is recognised now: which folders are cards, whose, and what on them is footage. Changes nothing."""
    from tabard.dock.cards import candidates, footage, recognise
    from tabard.dock.configuration import Configuration
    from tabard.kernel.clock import now

    configuration, found = Configuration.load(config), []
    for root, is_given in candidates(configuration.watch, configuration.folders):
        card = recognise(root, configuration.layouts, is_given=is_given, at=now())
        if card is None:
            console.print(f"{root}: no card that is known", markup=False)
            continue
        files = footage(card)
        facts = {
            "folder": str(root),
            "layout": card.layout.name,
            "serial": card.serial,
            "make": card.make,
            "model": card.model,
            "firmware": card.firmware,
            "files": len(files),
            "bytes": sum(each.size_bytes for each in files),
            "read_only": card.is_read_only,
            "camera_at": card.clock.camera_at.isoformat() if card.clock else None,
        }
        found.append(facts)
        whose = card.serial or "does not say which camera; it is never erased"
        console.print(
            f"{root}: {card.layout.name}, {whose}, {len(files)} files of footage"
            f"{', read-only' if card.is_read_only else ''}",
            markup=False,
        )
    if not found:
        console.print("No card is here now.")
    emit({"cards": found}, as_json=json)


@app.command()
def run(
    config: Config = _DEFAULT_CONFIG,
    *,
    once: Annotated[bool, typer.Option("--once", help="Do all that there is now, and end.")] = False,
    patience_s: Annotated[
        float, typer.Option(help="With --once: how long to wait for files to settle, the line, and permits.")
    ] = 60.0,
    json: Json = False,
) -> None:
    """Empty the cameras that are docked, until Ctrl-C. --once ends with 0 all sealed, 1 one differs, 2 not all sent."""
    from tabard.dock.agent import Agent, hold
    from tabard.dock.configuration import Configuration
    from tabard.dock.station import open_station

    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    configuration, stop = Configuration.load(config), threading.Event()
    with hold(configuration.folder), _stopped_by_signals(stop):
        station = open_station(configuration, stop)
        try:
            with _shown(station, is_live=not once) as say:
                agent = Agent(station, say)
                if not once:
                    agent.run()
                    return
                outcome = agent.run_once(patience_s=patience_s)
        finally:
            station.close()
    _say_outcome(outcome, as_json=json)


@app.command()
def status(config: Config = _DEFAULT_CONFIG, json: Json = False) -> None:
    """Show what the agent does, as it said last. Exit code 1 where a person must look at something."""
    from tabard.dock.agent import SAID, is_held
    from tabard.dock.configuration import Configuration
    from tabard.dock.memory import FILE, Memory
    from tabard.dock.view import words_of

    folder = Configuration.load(config).folder
    if not (folder / FILE).exists():
        fail("The agent has not run here yet.", "Start it: tabard dock run")
    memory = Memory(folder / FILE, is_read_only=True)
    state = memory.said(SAID)
    memory.close()
    if state is None:
        fail("The agent has not said anything yet.", "Start it: tabard dock run")
    state = {"running": is_held(folder), **state}
    console.print("The agent is running." if state["running"] else "[yellow]The agent is not running.[/]")
    for words in words_of(state):
        console.print(words, markup=False)
    wrong = any(each["differing"] or each["troubled"] for each in state["cameras"]) or bool(state["faults"])
    emit(state, as_json=json, ok=not wrong)
    if wrong:
        raise typer.Exit(FOUND_WRONG)


@app.command()
def unit(
    config: Config = _DEFAULT_CONFIG,
    user: Annotated[str, typer.Option(help="Whose rights the agent gets; not root's.")] = "tabard-dock",
) -> None:
    """Print a systemd unit for this dock, with the walls that an agent can live behind."""
    from tabard.dock.setting_up import unit as unit_of

    program = Path(shutil.which("tabard") or sys.argv[0]).resolve()
    typer.echo(unit_of(config.resolve(), program, user), nl=False)


def _say_outcome(outcome: "Outcome", *, as_json: bool) -> None:
    """What a pass came to, and the exit code that fits: nothing is good that is not sealed."""
    for words in outcome.why:
        console.print(f"[yellow]{escape(words)}[/]")
    console.print(
        f"{outcome.cameras} cameras, {outcome.found} files found, {outcome.sealed} sealed, "
        f"{outcome.as_json()['erased']} erased, {outcome.in_spool} in the spool."
    )
    if outcome.is_wrong:
        console.print(
            f"[bold red]{outcome.differing} differ from what was sealed, {outcome.troubled} need a look.[/]"
        )
    emit(outcome.as_json(), as_json=as_json, ok=not outcome.is_wrong)
    if outcome.is_outstanding:
        raise typer.Exit(COULD_NOT_RUN)


@contextmanager
def _shown(station: "Station", *, is_live: bool) -> "Iterator[Say]":
    """A live view on a terminal, else one line for each thing that happens."""
    from tabard.dock.view import screen

    def say(words: str) -> None:
        console.print(f"{datetime.now().astimezone():%H:%M:%S} {words}", markup=False)

    if not is_live or not console.is_terminal:
        yield say
        return
    with Live(get_renderable=lambda: screen(station), console=console, refresh_per_second=2):
        yield say


@contextmanager
def _stopped_by_signals(stop: threading.Event) -> Iterator[None]:
    """SIGINT and SIGTERM ask the agent to stop; it ends within the piece that it is at."""

    def ask(*_: Any) -> None:
        stop.set()

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
