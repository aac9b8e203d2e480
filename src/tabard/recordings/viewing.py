"""Who looked at what? Consultation of footage, logged as the Data Protection Act 2018 s.62 asks.

Opening a page and opening a player are acts of their own; the player asks once for leave to play, and the many range
requests that follow ride on that leave.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from tabard.custody import services as custody
from tabard.custody.actors import Subject
from tabard.custody.adapters import whole
from tabard.custody.kinds import EventKind
from tabard.people.access import reason_details
from tabard.people.authorisation import Viewer, check_can
from tabard.people.rules import Action
from tabard.recordings.models import Clip, Recording, Segment


def record_view(*, recording: Recording, viewer: Viewer, at: datetime, reason: str | None = None) -> None:
    """The viewer's consultation of the recording's page is in the log when this returns.

    Raises:
        Denied: when the viewer may not see the recording.
        ReasonNeeded: when a reason is required and none is given.
    """
    check_can(viewer, Action.RECORDING_VIEW, recording)
    with transaction.atomic():
        custody.append(
            kind=EventKind.RECORDING_VIEWED,
            subject=Subject("recording", recording.id),
            at=at,
            by=viewer.actor,
            details=reason_details(reason),
        )


def record_play(*, segment: Segment, viewer: Viewer, at: datetime, reason: str | None = None) -> None:
    """The viewer's playing of one segment is in the log when this returns.

    Raises:
        Denied: when the viewer may not play the recording.
        ReasonNeeded: when a reason is required and none is given.
    """
    check_can(viewer, Action.RECORDING_PLAY, segment.recording)
    with transaction.atomic():
        custody.append(
            kind=EventKind.RECORDING_PLAYED,
            subject=Subject("recording", segment.recording_id),
            at=at,
            by=viewer.actor,
            sha256=bytes(segment.object.sha256),
            details={"segment": str(segment.id), "ordinal": segment.ordinal, **reason_details(reason)},
        )


def record_clip_play(*, clip: Clip, viewer: Viewer, at: datetime, reason: str | None = None) -> None:
    """The viewer's playing of a clip is in the log when this returns.

    Raises:
        Denied: when the viewer may not play the recording.
        ReasonNeeded: when a reason is required and none is given.
    """
    check_can(viewer, Action.RECORDING_PLAY, clip.segment.recording)
    with transaction.atomic():
        custody.append(
            kind=EventKind.CLIP_PLAYED,
            subject=Subject("clip", clip.id),
            at=at,
            by=viewer.actor,
            sha256=bytes(clip.object.sha256) if clip.object else None,
            details=reason_details(reason),
        )


def record_search(*, viewer: Viewer, asked: Mapping[str, Any], at: datetime) -> None:
    """The viewer's search of the recordings is in the log, with what was asked for, when this returns."""
    with transaction.atomic():
        custody.append(
            kind=EventKind.RECORDINGS_SEARCHED,
            subject=whole("force"),
            at=at,
            by=viewer.actor,
            details=asked,
        )
