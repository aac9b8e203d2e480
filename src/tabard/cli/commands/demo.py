"""`tabard demo`: the whole product, once, on a small force that does not exist; then the web stays up."""

import os
import signal
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from tabard.cli.commands.options import Json
from tabard.cli.database import database
from tabard.cli.demo.steps import Steps
from tabard.cli.home import Home
from tabard.cli.output import console, emit, errors
from tabard.cli.processes import Ports, processes
from tabard.cli.supervisor import Supervisor, free_ports
from tabard.kernel.clock import now
from tabard.kernel.errors import TabardError


@dataclass(frozen=True, slots=True)
class _Wanted:
    """How the demonstration was asked for."""

    ports: Ports
    footage: Path | None
    once: bool


def demo(
    once: Annotated[bool, typer.Option("--once", help="Do it, stop everything, and leave.")] = False,
    footage: Annotated[Path | None, typer.Option(help="A folder of real video to dock instead.")] = None,
    port: Annotated[int, typer.Option(help="Where the pages will be.", min=1, max=65535)] = 8000,
    door_port: Annotated[int, typer.Option(help="Where the cameras dock.", min=1, max=65535)] = 8001,
    json: Json = False,
) -> None:
    """Show the product: a force, cameras that dock, an exhibit, a pack and its verification, one disposal."""
    # The demonstration may run where the decoder jail lacks a wall; `tabard check` says which.
    os.environ.setdefault("TABARD_ACCEPT_MISSING_WALLS", "1")
    # Whoever ends us, by Ctrl-C or otherwise, everything that was started is stopped.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    steps, answer = Steps(), dict[str, Any]()
    web_port, its_door_port = free_ports(2) if once else (port, door_port)
    ports = Ports(web_port, its_door_port)
    with ExitStack() as stack:
        if once and not os.environ.get("TABARD_HOME"):
            os.environ["TABARD_HOME"] = stack.enter_context(tempfile.TemporaryDirectory(prefix="tabard-"))
        try:
            with steps.step("database", "PostgreSQL is up and has its tables"):
                home = stack.enter_context(database())
            _show(steps, answer, stack, home, _Wanted(ports, footage, once))
        except TabardError as error:
            errors.print(f"[bold red]{error.message}[/]")
        except Exception:  # noqa: BLE001 - whatever it is, the answer says which step it was, and everything is stopped
            errors.print_exception()
        finally:
            answer = {"ok": steps.ok and "log" in answer, "steps": steps.done, **answer}
    emit(answer, as_json=json, ok=answer["ok"])


def _show(steps: Steps, answer: dict[str, Any], stack: ExitStack, home: Home, wanted: _Wanted) -> None:
    """Every step; the answer is filled as they come out."""
    from tabard.cli.demo import enrolment, story
    from tabard.disclosure.verify import verify_pack
    from tabard.people.models import Account
    from tabard.people.selectors import viewer_of
    from tabard.recordings.models import Recording
    from tabard.simulation.force import make_force

    force = make_force()
    with steps.step("force", "A force is enrolled") as say:
        enrolment.enrol(force, now())
        sign_ins = enrolment.open_accounts(force, home.root, now())
        say(
            f"{len(force.units)} units, {len(force.officers)} officers, {len(force.cameras)} cameras are enrolled"
        )
    with steps.step(
        "processes", f"Web, door and worker answer at {wanted.ports.web_url} and {wanted.ports.door_url}"
    ):
        running = stack.enter_context(Supervisor(processes(home, wanted.ports), logs=home.logs))
    folder = Path(stack.enter_context(story.scratch_folder()))
    with steps.step("film", "Cameras film") as say:
        dockings = story.film(force, folder, now(), wanted.footage)
        say(f"{len(dockings)} cameras have filmed, two of them one incident")
    with steps.step("dock", "Cameras dock over the Axis door") as say:
        recording_ids = story.send(force, dockings, wanted.ports.door_url, now())
        say(f"{len(recording_ids)} recordings came in over the Axis door and are sealed")
    with steps.step("look", "Footage is probed in the decoder jail") as say:
        segments = story.wait_for_pictures(recording_ids)
        say(f"{segments} segments were probed in the decoder jail; posters and renditions are made")
    officer = Account.objects.select_related("officer").get(username="officer")
    investigator = Account.objects.get(username="investigator")
    recordings = [Recording.objects.get(id=recording_id) for recording_id in recording_ids]
    with steps.step("incident", "A crime report is linked to both recordings of it") as say:
        incident = story.report_crime(recordings[:2], viewer_of(investigator, now()))
        say(f"{incident.reference} is linked to both recordings of it")
    with steps.step("exhibit", "A clip is cut and produced") as say:
        exhibit = story.produce_exhibit(recordings[0], incident, officer)
        say(f"A clip is cut and produced as exhibit {exhibit.reference}")
    with steps.step("pack", "An evidence pack is built") as say:
        pack = story.build_pack(
            exhibit, Account.objects.get(username="disclosure"), _packs_folder(home, once=wanted.once)
        )
        say(f"The evidence pack is {pack}")
    answer["pack"] = str(pack)
    with steps.step("verify", "The pack is verified without the database"):
        _must(verify_pack(pack).ok, "The pack does not verify.")
    with steps.step("dispose", "A recording is disposed of early") as say:
        asking, agreeing = (
            viewer_of(Account.objects.get(username=name), now()) for name in ("records", "auditor")
        )
        answer["disposed"] = story.dispose(recordings[-1], asking, agreeing)
        say("Two people agreed that one recording must go: its key is destroyed, its bytes are removed")
    with steps.step("log", "The custody log is verified from its first event") as say:
        answer["log"] = _verified_log()
        say(f"The custody log is whole: {answer['log']['size']} events")
    answer |= _totals(recordings)
    if not wanted.once:
        _stay(running, wanted.ports, sign_ins)


def _totals(recordings: list[Any]) -> dict[str, int]:
    return {
        "recordings": len(recordings),
        "segments": sum(recording.segments.count() for recording in recordings),
        "bytes": sum(recording.size_bytes for recording in recordings),
    }


def _verified_log() -> dict[str, Any]:
    """The log's name, size and root, once all that happened is in the tree and the tree agrees with itself."""
    from tabard.cli.demo.steps import wait_until
    from tabard.custody.adapters import log_signer
    from tabard.custody.selectors import latest_checkpoint
    from tabard.custody.verify import verify_log

    def all_signed() -> bool:
        head = latest_checkpoint()
        report = verify_log(log_signer().vkey)
        return report.unsequenced == 0 and head is not None and head.size == report.events

    wait_until(all_signed, within_s=30.0, what="checkpoint over every event")
    report = verify_log(log_signer().vkey)
    _must(report.ok, "The custody log does not verify.")
    return {"origin": log_signer().origin, "size": report.events, "root": report.root.hex()}


def _packs_folder(home: Home, *, once: bool) -> Path:
    """Beside the data; for a home that will vanish, somewhere that does not."""
    vanishing = (
        once and home.root.parent == Path(tempfile.gettempdir()) and home.root.name.startswith("tabard-")
    )
    return Path(tempfile.mkdtemp(prefix="tabard-pack-")) if vanishing else home.root / "packs"


def _must(holds: bool, words: str) -> None:
    from tabard.cli.demo.steps import StepFailed

    if not holds:
        raise StepFailed(words)


def _stay(running: Supervisor, ports: Ports, sign_ins: list[Any]) -> None:
    """Print who can sign in, and keep serving until Ctrl-C."""
    table = Table("Sign in as", "Password", "Who", box=None)
    for sign_in in sign_ins:
        table.add_row(sign_in.username, sign_in.password, sign_in.what)
    console.print(table)
    console.print(f"[bold]Open {ports.web_url}[/] - Ctrl-C stops everything.")
    try:
        running.wait()
    except KeyboardInterrupt:
        console.print("Stopping.")
