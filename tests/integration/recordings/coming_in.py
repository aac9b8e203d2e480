"""Footage that comes in by some door, for tests of what becomes of it: drafts, cameras, readings of their clocks."""

from datetime import datetime, timedelta

from django.db import transaction
from tests.world import BY, DAY_ONE, World, seal

from tabard.fleet.clocks import record_reading
from tabard.fleet.models import Camera
from tabard.fleet.services import assign_camera, receive_camera
from tabard.recordings.drafts import AttachmentDraft, AttachmentKind, RecordingDraft, SegmentDraft
from tabard.recordings.models import Recording
from tabard.recordings.services import register

FILMED_AT = DAY_ONE + timedelta(hours=4)
RECEIVED_AT = DAY_ONE + timedelta(hours=12)
MINUTE = timedelta(minutes=1)


def camera(world: World, serial: str = "CAM-1", wearer: str = "") -> Camera:
    found = receive_camera(
        serial=serial, make="Axis", model="W120", mount="chest", unit=world.units["LX"], by=BY, at=DAY_ONE
    )
    if wearer:
        assign_camera(camera=found, officer=world.officers[wearer], by=BY, at=DAY_ONE)
    return found


def read_clock(of: Camera, our_at: datetime, ahead: timedelta = timedelta(), uncertainty_s: float = 1.0):
    return record_reading(
        camera=of,
        camera_at=our_at + ahead,
        our_at=our_at,
        uncertainty_s=uncertainty_s,
        source="dock",
        by=BY,
        at=max(our_at, RECEIVED_AT),
    )


def draft(
    *files: bytes,
    name: str = "GOPR0001",
    serial: str = "CAM-1",
    began: datetime | None = FILMED_AT,
    beside: tuple[tuple[str, bytes], ...] = (),
    received_at: datetime = RECEIVED_AT,
    **facts,
) -> RecordingDraft:
    """A draft of these files, a minute each, sealed as a door seals them."""
    with transaction.atomic():
        segments = tuple(
            SegmentDraft(
                seal(f"{name}-{number}.mp4" if number else f"{name}.MP4", content, received_at),
                began + MINUTE * number if began else None,
                began + MINUTE * (number + 1) if began else None,
            )
            for number, content in enumerate(files)
        )
        attachments = tuple(
            AttachmentDraft(AttachmentKind.OTHER, seal(other, content, received_at))
            for other, content in beside
        )
    return RecordingDraft(
        **{
            "source": "folder",
            "source_name": name,
            "camera_serial": serial,
            "started_at": began,
            "stopped_at": began + MINUTE * max(len(files), 1) if began else None,
            "segments": segments,
            "attachments": attachments,
            **facts,
        }
    )


def come_in(*files: bytes, received_at: datetime = RECEIVED_AT, **facts) -> Recording:
    return register(draft=draft(*files, received_at=received_at, **facts), by=BY, at=received_at)
