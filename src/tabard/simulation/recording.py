"""What did an officer record? A plan of one recording becomes files on a camera, ready to be docked.

Rendered or real: `record` films every segment; `record_files` takes files as they are and never opens them.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from tabard.simulation.footage import FootageSpec, film
from tabard.simulation.force import CameraPlan, OfficerPlan, Place
from tabard.simulation.upload import BookmarkUpload, RecordingUpload, SegmentUpload
from tabard.simulation.walk import gpstrail, walk

PRE_BUFFER: Final = timedelta(seconds=2)
NOMINAL_SEGMENT: Final = timedelta(seconds=30)
"""How long a real file is said to last: its true length is not known without parsing it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingPlan:
    """Who records what, where. `footage` describes the first segment; the others follow on from it.

    Attributes:
        controller_serial: the dock that will send it.
        place: where the walk begins (latitude, longitude).
        bookmarks: what the officer notes.
    """

    officer: OfficerPlan
    camera: CameraPlan
    controller_serial: str
    place: Place
    footage: FootageSpec
    segments: int = 1
    bookmarks: tuple[BookmarkUpload, ...] = ()


def record(plan: RecordingPlan, folder: Path) -> RecordingUpload:
    """Films every segment of the plan into the folder; what returns can be sent at once."""
    spec = plan.footage
    segments = []
    for number in range(plan.segments):
        began = spec.started_at + number * timedelta(seconds=spec.duration_s)
        path = folder / f"{plan.camera.serial}-{began:%Y%m%dT%H%M%S}-{number}.{spec.container_type}"
        filmed = film(replace(spec, started_at=began, walking_since=spec.started_at), path)
        segments.append(SegmentUpload(content=path, started_at=began, stopped_at=filmed.stopped_at))
    return _upload(plan, segments)


def record_files(plan: RecordingPlan, files: Sequence[Path]) -> RecordingUpload:
    """The given files as the segments of the plan, in their order, untouched and unopened."""
    segments = [
        SegmentUpload(content=path, started_at=began, stopped_at=began + NOMINAL_SEGMENT)
        for path, began in (
            (path, plan.footage.started_at + number * NOMINAL_SEGMENT) for number, path in enumerate(files)
        )
    ]
    return _upload(plan, segments)


def _upload(plan: RecordingPlan, segments: Sequence[SegmentUpload]) -> RecordingUpload:
    started, stopped = plan.footage.started_at, segments[-1].stopped_at
    lasted_s = (stopped - started).total_seconds()
    fixes = walk(start=plan.place, started_at=started, duration_s=lasted_s, seed=plan.footage.seed)
    triggered = min(started + PRE_BUFFER, stopped)
    return RecordingUpload(
        user_id=str(plan.officer.system_user_id),
        camera_serial=plan.camera.serial,
        camera_model=plan.camera.model,
        controller_serial=plan.controller_serial,
        started_at=started,
        triggered_at=triggered,
        ended_at=stopped,
        stopped_at=stopped,
        recording_id=_recording_id(plan.camera.serial, started),
        segments=tuple(
            replace(segment, start_location=fixes[0], stop_location=fixes[-1]) for segment in segments
        ),
        bookmarks=plan.bookmarks,
        track=gpstrail(fixes, started),
        trigger_location=fixes[min(int(PRE_BUFFER.total_seconds()), len(fixes) - 1)],
        end_location=fixes[-1],
    )


def _recording_id(serial: str, started: datetime) -> str:
    return hashlib.sha256(f"{serial} {started.isoformat()}".encode()).hexdigest()[:4].upper()
