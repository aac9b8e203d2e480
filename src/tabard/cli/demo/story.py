"""What happens in the demonstration? Cameras film and dock, two of them one incident; the journey follows."""

import secrets
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from tabard.cli.demo.enrolment import BY, INCIDENT_COMMAND, OTHER_COMMAND
from tabard.cli.demo.steps import StepFailed, wait_until
from tabard.disclosure import packs
from tabard.disclosure.models import Pack
from tabard.incidents import exhibits
from tabard.incidents import services as incidents
from tabard.incidents.models import Exhibit, Incident
from tabard.intake.destinations import open_destination
from tabard.intake.models import Container
from tabard.kernel.clock import now
from tabard.media.models import Derivative, Probe
from tabard.people.authorisation import Viewer
from tabard.people.models import Account, Unit
from tabard.people.selectors import viewer_of
from tabard.recordings import clips
from tabard.recordings.models import Clip, Recording
from tabard.retention import early_disposal
from tabard.retention.models import Disposal, EarlyDisposal
from tabard.simulation.axis import AxisSystem
from tabard.simulation.dock import Docked, Docking, dock
from tabard.simulation.footage import FootageSpec, Form
from tabard.simulation.force import CameraPlan, Force
from tabard.simulation.real_footage import real_footage
from tabard.simulation.recording import RecordingPlan, record, record_files
from tabard.simulation.scene import Viewpoint
from tabard.simulation.upload import BookmarkUpload

WORK_WITHIN_S = 120.0
STREET = 7


@dataclass(frozen=True, slots=True)
class Shot:
    """One recording to make: by which camera of a command, how long ago, and how it is filmed."""

    command: str
    camera: int
    ago: timedelta
    form: Form = "h264-mp4"
    viewpoint: Viewpoint = Viewpoint.WEST
    segments: int = 1
    duration_s: float = 8.0
    category: str = ""
    note: str = ""


# The first two film one incident from two sides; the last should never have been filmed, and is disposed of early.
SHOTS = (
    Shot(
        INCIDENT_COMMAND, 0, timedelta(hours=2), segments=2, category="crime", note="Red car, driver detained"
    ),
    Shot(INCIDENT_COMMAND, 1, timedelta(hours=2, seconds=-4), viewpoint=Viewpoint.EAST, duration_s=12.0),
    Shot(OTHER_COMMAND, 0, timedelta(hours=3), form="hevc-mp4", category="not-evidential"),
    Shot("DOG", 0, timedelta(hours=4), form="mjpeg-avi"),
    Shot("FRM", 0, timedelta(hours=5), form="h264-mkv", category="use-of-force"),
    Shot(OTHER_COMMAND, 1, timedelta(hours=6)),
)


def film(force: Force, folder: Path, at: datetime, footage: Path | None) -> list[Docking]:
    """Every shot as a camera waiting to be docked; with real files, those are sent in place of rendered ones."""
    files = list(real_footage(footage)) if footage else []
    if footage and not files:
        raise StepFailed(f"There is no video in {footage}.")
    plans = [(shot, _plan(force, shot, at)) for shot in SHOTS]
    if not files:
        return [Docking(plan.camera.serial, (record(plan, folder),)) for _, plan in plans]
    return _with_real_files([plan for _, plan in plans], files)


def send(force: Force, dockings: Sequence[Docking], door_url: str, at: datetime) -> list[UUID]:
    """The dockings' recordings are sealed and known when this returns; their ids, in the order of the dockings.

    Raises:
        StepFailed: when the door refused any of them.
    """
    username = f"demo-{secrets.token_hex(4)}"
    _, key = open_destination(name="Demonstration docks", username=username, by=BY, at=at)
    with AxisSystem(f"{door_url}/auth/v1.0", username, key) as axis:
        _register(force, dockings, axis)
        docked = dock(dockings, axis, lanes=2)
    refused = [result for result in docked if result.failure is not None]
    if refused:
        raise StepFailed(f"The door refused {refused[0].container}: {refused[0].failure}")
    return [_recording_of(result) for result in docked]


def wait_for_pictures(recording_ids: Sequence[UUID]) -> int:
    """Every segment was probed and every decodable one has its poster when this returns; how many were probed."""
    segments = Recording.objects.filter(id__in=recording_ids).values_list("segments", flat=True)
    probes = Probe.objects.filter(segment__in=segments)
    expected = len(segments)
    wait_until(lambda: probes.count() == expected, within_s=WORK_WITHIN_S, what="probe of every segment")
    decodable = probes.filter(is_decodable=True, facts__streams__contains=[{"kind": "video"}]).values(
        "segment"
    )
    posters = Derivative.objects.filter(kind=Derivative.Kind.POSTER, segment__in=decodable)
    wanted = decodable.count()
    wait_until(lambda: posters.count() == wanted, within_s=WORK_WITHIN_S, what="poster of every segment")
    return expected


def report_crime(recordings: Sequence[Recording], viewer: Viewer) -> Incident:
    """A crime report linked to the recordings that show it."""
    at = now()
    incident = incidents.record(
        kind=Incident.Kind.CRIME_REPORT,
        reference=f"CRIS {at:%y%m%d}/{secrets.randbelow(90_000) + 10_000}",
        title="Theft of a motor vehicle, driver detained",
        start_at=recordings[0].started_at - timedelta(minutes=5),
        end_at=None,
        place="Brixton Road (simulated)",
        unit=Unit.objects.get(code=INCIDENT_COMMAND),
        viewer=viewer,
        at=at,
    )
    for recording in recordings:
        incidents.link(
            incident=incident, recording=recording, viewer=viewer, at=now(), reason="Shows the arrest"
        )
    return incident


def produce_exhibit(recording: Recording, incident: Incident, account: Account) -> Exhibit:
    """A clip of the recording, cut and produced by the officer who filmed it."""
    viewer = viewer_of(account, now())
    segment = recording.segments.select_related("recording", "object").order_by("ordinal").first()
    if segment is None or account.officer is None:
        raise StepFailed("There is nothing to produce, or nobody to produce it.")
    clip = clips.request(
        segment=segment, start_s=2.0, end_s=6.0, title="Driver leaves the car", viewer=viewer, at=now()
    )
    wait_until(
        lambda: Clip.objects.get(id=clip.id).state != Clip.State.REQUESTED,
        within_s=WORK_WITHIN_S,
        what="clip",
    )
    clip = Clip.objects.select_related("segment", "object").get(id=clip.id)
    # Real footage may be undecodable; the recording itself is then the exhibit.
    return exhibits.produce(
        recording=recording,
        clip=clip if clip.state == Clip.State.CUT else None,
        incident=incident,
        producer=account.officer,
        description="Clip of body-worn video: the driver leaves the red car",
        viewer=viewer,
        at=now(),
    )


def build_pack(exhibit: Exhibit, account: Account, folder: Path) -> Path:
    """The exhibit's evidence pack as a file, once the worker has built it.

    Raises:
        StepFailed: when it could not be built.
    """
    pack = packs.request(exhibit=exhibit, viewer=viewer_of(account, now()), at=now())
    wait_until(
        lambda: Pack.objects.get(id=pack.id).state != Pack.State.REQUESTED,
        within_s=WORK_WITHIN_S,
        what="pack",
    )
    pack = Pack.objects.get(id=pack.id)
    if pack.state != Pack.State.BUILT:
        raise StepFailed(f"The pack could not be built: {pack.reason}")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"{exhibit.reference.replace('/', '-')}-{pack.id}.zip"
    with path.open("xb") as file:
        packs.export(pack=pack, out=file, by=BY, at=now())
    return path


def dispose(recording: Recording, asking: Viewer, agreeing: Viewer) -> int:
    """The recording is disposed of early, as two people agreed, and its bytes are gone; how many recordings that were.

    What only its age makes due cannot be shown on the first day: nothing is due before it was here for a while. Nor can
    the days of grace, so it is asked for at once.
    """
    asked = early_disposal.request(
        recording=recording,
        basis=EarlyDisposal.Basis.UNLAWFUL_CAPTURE,
        reason="Filmed inside a home after the wearer had been asked to leave",
        at_once=True,
        viewer=asking,
        at=now(),
    )
    early_disposal.approve(request_id=asked.id, viewer=agreeing, at=now())
    done = early_disposal.carry_out(request_id=asked.id, by=BY, at=now())
    waiting = Disposal.objects.filter(recording=recording, removed_at__isnull=True)
    wait_until(lambda: not waiting.exists(), within_s=WORK_WITHIN_S, what="removal of what was disposed of")
    return int(done)


def _plan(force: Force, shot: Shot, at: datetime) -> RecordingPlan:
    camera = force.cameras_of(shot.command)[shot.camera]
    started_at = (at - shot.ago).astimezone(UTC).replace(microsecond=0)
    notes: tuple[BookmarkUpload, ...] = ()
    if shot.category or shot.note:
        when = started_at + timedelta(seconds=shot.duration_s / 2)
        notes = (BookmarkUpload(at=when, text=shot.note, category_id=shot.category or None),)
    return RecordingPlan(
        officer=force.wearer(camera),
        camera=camera,
        controller_serial=force.dock_of(shot.command).serial,
        place=force.unit(shot.command).place,
        footage=FootageSpec(
            started_at=started_at,
            serial=camera.serial,
            seed=STREET,
            viewpoint=shot.viewpoint,
            duration_s=shot.duration_s,
            form=shot.form,
        ),
        segments=shot.segments,
        bookmarks=notes,
    )


def _with_real_files(plans: Sequence[RecordingPlan], files: Sequence[Path]) -> list[Docking]:
    """The files dealt out over the plans in turn, so that every camera docks something if there is enough."""
    dealt = [files[number :: len(plans)] for number in range(len(plans))]
    return [
        Docking(plan.camera.serial, (record_files(plan, hand),))
        for plan, hand in zip(plans, dealt, strict=True)
        if hand
    ]


def _register(force: Force, dockings: Sequence[Docking], axis: AxisSystem) -> None:
    """Tell the door who wears what, as a body-worn system does before it sends footage."""
    serials = {docking.camera_serial for docking in dockings}
    for camera in force.cameras:
        if camera.serial in serials:
            _register_wearer(force, camera, axis)


def _register_wearer(force: Force, camera: CameraPlan, axis: AxisSystem) -> None:
    wearer = force.wearer(camera)
    axis.put_user(wearer.system_user_id, name=wearer.name, given_id=wearer.shoulder_number)
    axis.put_device(camera.serial, name=f"{camera.make} {camera.model}", model=camera.model)


def _recording_of(result: Docked) -> UUID:
    """The recording that a docked container became."""
    recording_id = (
        Container.objects.filter(name=result.container).values_list("recording_id", flat=True).first()
    )
    if recording_id is None:
        raise StepFailed(f"{result.container} was sent but is not a recording.")
    return recording_id


def scratch_folder() -> tempfile.TemporaryDirectory[str]:
    """Where the simulated cameras keep their cards; gone when closed."""
    return tempfile.TemporaryDirectory(prefix="tabard-cards-")
