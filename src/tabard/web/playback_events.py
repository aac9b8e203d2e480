"""When is playing an event of its own? Once for each person, piece of footage and quarter of an hour.

A browser that plays asks for many ranges, and for the first bytes more than once, so neither a request nor a start at
byte 0 is one act of watching. The rule: a request is covered by the same person's last logged act of the same kind on
the same footage for the same reason, if that is at most fifteen minutes old; else it is logged before a byte is given.
Whoever watches for an hour is in the log four times, and nobody watches unlogged.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from tabard.custody import services as custody
from tabard.custody.actors import Subject
from tabard.custody.kinds import EventKind
from tabard.custody.selectors import history
from tabard.people.access import reason_details
from tabard.people.authorisation import Viewer, check_can
from tabard.people.models import Account
from tabard.people.rules import Action
from tabard.recordings.models import Clip, Recording, Segment
from tabard.recordings.viewing import record_clip_play, record_play, record_view

COVERS = timedelta(minutes=15)


def log_view(recording: Recording, viewer: Viewer, at: datetime, reason: str | None = None) -> None:
    """The viewer's look at the recording is in the log when this returns, now or within the last fifteen minutes.

    For what belongs to a page that was just opened and logged, yet can be asked for by itself.
    """
    _once(
        lambda: _is_covered(
            EventKind.RECORDING_VIEWED, Subject("recording", recording.id), viewer, at, reason=reason
        ),
        lambda: record_view(recording=recording, viewer=viewer, at=at, reason=reason),
        viewer,
    )


def log_play(segment: Segment, viewer: Viewer, at: datetime, reason: str | None = None) -> None:
    """The viewer's playing of the segment is in the log when this returns, now or within the last fifteen minutes."""
    _once(
        lambda: _is_covered(
            EventKind.RECORDING_PLAYED, _recording(segment), viewer, at, reason=reason, segment_id=segment.id
        ),
        lambda: record_play(segment=segment, viewer=viewer, at=at, reason=reason),
        viewer,
    )


def log_clip_play(clip: Clip, viewer: Viewer, at: datetime, reason: str | None = None) -> None:
    """The viewer's playing of the clip is in the log when this returns, now or within the last fifteen minutes."""
    _once(
        lambda: _is_covered(EventKind.CLIP_PLAYED, Subject("clip", clip.id), viewer, at, reason=reason),
        lambda: record_clip_play(clip=clip, viewer=viewer, at=at, reason=reason),
        viewer,
    )


def log_download(segment: Segment, viewer: Viewer, at: datetime, reason: str | None = None) -> None:
    """The viewer's download of the original is in the log when this returns, now or within the last fifteen minutes."""
    _once(
        lambda: _is_covered(
            EventKind.RECORDING_DOWNLOADED,
            _recording(segment),
            viewer,
            at,
            reason=reason,
            segment_id=segment.id,
        ),
        lambda: _record_download(segment, viewer, at, reason),
        viewer,
    )


def _once(is_covered: Callable[[], bool], record: Callable[[], None], viewer: Viewer) -> None:
    """Record unless covered. A browser asks for several ranges at once: the account's row lets one of them decide."""
    if is_covered():
        return
    with transaction.atomic():
        Account.objects.select_for_update(no_key=True).get(id=viewer.account_id)
        if not is_covered():
            record()


def _is_covered(
    kind: EventKind,
    subject: Subject,
    viewer: Viewer,
    at: datetime,
    *,
    reason: str | None,
    segment_id: UUID | None = None,
) -> bool:
    recent = history([subject.id]).filter(
        subject_type=subject.type, kind=kind.value, at__gte=at - COVERS, particulars__actor_id=viewer.actor.id
    )
    if reason is not None:
        recent = recent.filter(particulars__details__reason=reason)
    if segment_id is not None:
        recent = recent.filter(particulars__details__segment=str(segment_id))
    return recent.exists()


def _record_download(segment: Segment, viewer: Viewer, at: datetime, reason: str | None) -> None:
    check_can(viewer, Action.RECORDING_DOWNLOAD, segment.recording)
    with transaction.atomic():
        custody.append(
            kind=EventKind.RECORDING_DOWNLOADED,
            subject=_recording(segment),
            at=at,
            by=viewer.actor,
            sha256=bytes(segment.object.sha256),
            details={"segment": str(segment.id), "ordinal": segment.ordinal, **reason_details(reason)},
        )


def _recording(segment: Segment) -> Subject:
    return Subject("recording", segment.recording_id)
