"""What is done about footage that came in with questions: clocks read, times corrected, flags raised and settled."""

from datetime import timedelta

from tests.integration.api.access_world import DONE_AT, FILMED_AT, SEALED_AT, seal
from tests.integration.logged.registry import AT, BY, Call, Stage, act

from tabard.custody.kinds import EventKind as E
from tabard.fleet import clocks
from tabard.fleet.models import Camera
from tabard.fleet.services import receive_camera
from tabard.recordings import late_facts, services, times, wholeness, work_items
from tabard.recordings.drafts import RecordingDraft, SealedDraft, SegmentDraft
from tabard.recordings.models import Recording

HOUR = timedelta(hours=1)


def draft(
    name: str, serial: str, *, began=FILMED_AT, content: bytes | None = None, **facts
) -> RecordingDraft:
    kept = seal(content or name.encode())
    file = SealedDraft(name, kept.id, kept.size_bytes, bytes(kept.sha256))
    stopped = began + timedelta(minutes=1)
    return RecordingDraft(
        source="test",
        source_name=f"{serial}/{name}",
        camera_serial=serial,
        started_at=began,
        stopped_at=stopped,
        segments=(SegmentDraft(file, began, stopped),),
        **facts,
    )


def came_in(name: str, serial: str, *, at=SEALED_AT, **facts) -> Recording:
    return services.register(draft=draft(name, serial, **facts), by=BY, at=at)


def read_clock(camera: Camera, our_at, ahead=timedelta(), at=DONE_AT):
    return clocks.record_reading(
        camera=camera,
        camera_at=our_at + ahead,
        our_at=our_at,
        uncertainty_s=1.0,
        source="dock",
        by=BY,
        at=at,
    )


@act("fleet.clocks.record_reading", E.CAMERA_CLOCK_READ)
def record_reading(stage: Stage) -> Call:
    camera = stage.own.camera
    return lambda: read_clock(camera, AT, at=AT).camera_id


@act("recordings.times.apply_readings", E.RECORDING_TIME_CORRECTED)
def apply_readings(stage: Stage) -> Call:
    recording = came_in("late.mp4", "CLOCK-1")
    Recording.objects.filter(pk=recording.pk).update(camera=stage.own.camera)
    Recording.objects.filter(camera=stage.own.camera).exclude(pk=recording.pk).update(camera=None)
    read_clock(stage.own.camera, FILMED_AT - HOUR)
    return lambda: times.apply_readings(camera_id=stage.own.camera.pk, by=BY, at=AT) and recording.pk


@act("recordings.times.correct_attributed", E.RECORDING_TIME_CORRECTED)
def correct_attributed(stage: Stage) -> Call:
    recording = came_in("unknown.mp4", "CLOCK-2")
    read_clock(stage.own.camera, FILMED_AT - HOUR)
    Recording.objects.filter(pk=recording.pk).update(camera=stage.own.camera)
    return lambda: times.correct_attributed(recording_id=recording.pk, by=BY, at=AT) and recording.pk


@act("recordings.services.register#again", E.RECORDING_CAME_AGAIN)
def register_again(stage: Stage) -> Call:
    came_in("same.mp4", "TWICE-1", content=b"the same footage")
    again = draft("copy.mp4", "TWICE-1", content=b"the same footage")
    return lambda: services.register(draft=again, by=BY, at=AT).pk


@act("recordings.services.register#that contradicts", E.RECORDING_SEALED)
def register_conflict(stage: Stage) -> Call:
    came_in("GOPR0001.MP4", "EDITED-1")
    edited = draft("GOPR0001.MP4", "EDITED-1", content=b"edited")
    return lambda: services.register(draft=edited, by=BY, at=AT).pk


@act("recordings.late_facts.resolve_again", E.RECORDING_ATTRIBUTED)
def resolve_again(stage: Stage) -> Call:
    recording = came_in("early.mp4", "LATE-1")
    receive_camera(serial="LATE-1", make="Axis", model="W120", mount="chest", unit=None, by=BY, at=DONE_AT)
    return lambda: late_facts.resolve_again(by=BY, at=AT) and recording.pk


@act("recordings.wholeness.review", E.RECORDING_FLAGGED)
def review(stage: Stage) -> Call:
    came_in("VID_0001.mp4", "HOLE-1")
    following = came_in("VID_0003.mp4", "HOLE-1", began=FILMED_AT + timedelta(minutes=5))
    return lambda: wholeness.review(since=SEALED_AT - HOUR, by=BY, at=AT) and following.pk


@act("recordings.work_items.attribute", E.RECORDING_ATTRIBUTED)
def attribute(stage: Stage) -> Call:
    recording, viewer = came_in("whose.mp4", "WHOSE-1"), stage.viewer
    officer = stage.world.elsewhere.officer
    return lambda: (
        work_items.attribute(recording=recording, officer=officer, reason="Told", viewer=viewer, at=AT)
        or recording.pk
    )


@act("recordings.work_items.settle", E.RECORDING_FLAG_SETTLED)
def settle(stage: Stage) -> Call:
    recording, viewer = came_in("odd.mp4", "ODD-1"), stage.viewer
    return lambda: (
        work_items.settle(
            recording=recording, flag="unknown_camera", reason="On loan", viewer=viewer, at=AT
        ).recording_id
    )
