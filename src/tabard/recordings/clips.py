"""How does an excerpt come to be? It is asked for, cut in the decoder jail, and sealed; the original is not touched."""

from datetime import datetime

from django.db import transaction

from tabard.custody import services as custody
from tabard.custody.actors import Actor, Subject
from tabard.custody.kinds import EventKind
from tabard.kernel.errors import Conflict, Invalid
from tabard.kernel.text import optional
from tabard.people.authorisation import Viewer, check_can
from tabard.people.rules import Action
from tabard.recordings.models import Clip, Segment
from tabard.vault.models import SealedObject


def request(
    *, segment: Segment, start_s: float, end_s: float, title: str, viewer: Viewer, at: datetime
) -> Clip:
    """A clip that the worker will cut; the request is in the log.

    Args:
        segment: What to cut from.
        start_s: Seconds from the segment's first frame, zero or more.
        end_s: Seconds from the segment's first frame, after `start_s`.
        title: What it shows, in the requester's words.
        viewer: Who asks.
        at: Now.

    Raises:
        Denied: when the viewer may not cut from this recording.
        Invalid: when the times are not a stretch of time.
        Conflict: when the recording was disposed of.
    """
    check_can(viewer, Action.CLIP_CUT, segment.recording)
    if start_s < 0:
        raise Invalid("Start must be zero seconds or later.", field="start_s")
    if end_s <= start_s:
        raise Invalid("End must be after the start.", field="end_s")
    if segment.recording.disposed_at is not None:
        raise Conflict("This recording was disposed of; nothing can be cut from it.")
    words = optional(title, "title", 120)
    with transaction.atomic():
        clip = Clip.objects.create(
            segment=segment,
            title=words,
            start_s=start_s,
            end_s=end_s,
            requested_at=at,
            requested_by_id=viewer.account_id,
        )
        custody.append(
            kind=EventKind.CLIP_REQUESTED,
            subject=Subject("clip", clip.id),
            at=at,
            by=viewer.actor,
            sha256=bytes(segment.object.sha256),
            details={
                "segment": str(segment.id),
                "start_ms": round(start_s * 1000),
                "end_ms": round(end_s * 1000),
                "title": words,
            },
        )
    return clip


def record_cut(
    *,
    clip: Clip,
    sealed: SealedObject,
    proof: SealedObject | None = None,
    container: str,
    actual_start_s: float,
    actual_end_s: float,
    by: Actor,
    at: datetime,
) -> Clip:
    """The clip with its sealed bytes and what was really cut. Call inside the transaction that recorded the object.

    `proof` is the sealed proof of its packets, where there is one; the event names it with its hash.
    """
    clip.object, clip.container, clip.state = sealed, container, Clip.State.CUT
    clip.actual_start_s, clip.actual_end_s, clip.reason = actual_start_s, actual_end_s, ""
    clip.save()
    custody.append(
        kind=EventKind.CLIP_CUT,
        subject=Subject("clip", clip.id),
        at=at,
        by=by,
        sha256=bytes(sealed.sha256),
        details={
            "segment": str(clip.segment_id),
            "object": str(sealed.pk),
            "proof": None
            if proof is None
            else {"object": str(proof.pk), "sha256": bytes(proof.sha256).hex()},
            "actual_start_ms": round(actual_start_s * 1000),
            "actual_end_ms": round(actual_end_s * 1000),
        },
    )
    return clip


def record_failure(*, clip: Clip, reason: str, by: Actor, at: datetime) -> Clip:
    """The clip with the reason why it could not be cut."""
    with transaction.atomic():
        clip.state, clip.reason = Clip.State.FAILED, reason
        clip.save(update_fields=["state", "reason"])
        custody.append(
            kind=EventKind.CLIP_FAILED,
            subject=Subject("clip", clip.id),
            at=at,
            by=by,
            details={"reason": reason},
        )
    return clip
