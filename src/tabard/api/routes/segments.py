"""Segments and the clips that are cut from them. The bytes themselves are played beside the API, under `/play/`."""

from typing import Any
from uuid import UUID

from tabard.api.operations import Operations
from tabard.api.schemas.recordings import ClipIn, ClipOut, SegmentSheet, SegmentUrls
from tabard.api.viewers import Asked
from tabard.kernel.clock import now
from tabard.media.models import Derivative, Probe
from tabard.people.authorisation import Viewer, can
from tabard.people.rules import Action
from tabard.recordings import clips, selectors
from tabard.recordings.models import Clip, Segment
from tabard.recordings.viewing import record_view

segments = Operations("segments")


@segments.get(
    "/segments/{uuid:segment_id}", access=Action.RECORDING_VIEW, answers=SegmentSheet, takes_reason=True
)
def read(request: Asked, segment_id: UUID) -> dict[str, Any]:
    """One camera file: what it is, what the decoder found in it, and where its bytes are.

    The look is in the custody log as one at its recording.
    """
    segment = selectors.segment(request.auth, segment_id, Action.RECORDING_VIEW)
    record_view(recording=segment.recording, viewer=request.auth, at=now(), reason=request.reason)
    probe = Probe.objects.filter(segment=segment).first()
    return {"segment": segment, "probe": probe, "urls": _urls(request.auth, segment)}


@segments.post("/segments/{uuid:segment_id}/clips", access=Action.CLIP_CUT, answers=ClipOut, status=201)
def cut(request: Asked, segment_id: UUID, sent: ClipIn) -> Clip:
    """Asks for a clip; a worker cuts it by stream copy, and the segment stays as it is."""
    return clips.request(
        segment=selectors.segment(request.auth, segment_id, Action.CLIP_CUT),
        start_s=sent.start_s,
        end_s=sent.end_s,
        title=sent.title,
        viewer=request.auth,
        at=now(),
    )


@segments.get("/clips/{uuid:clip_id}", access=Action.RECORDING_VIEW, answers=ClipOut, takes_reason=True)
def read_clip(request: Asked, clip_id: UUID) -> Clip:
    """One clip; the look is in the custody log as one at its recording."""
    clip = selectors.clip(request.auth, clip_id, Action.RECORDING_VIEW)
    record_view(recording=clip.segment.recording, viewer=request.auth, at=now(), reason=request.reason)
    return clip


def _urls(viewer: Viewer, segment: Segment) -> SegmentUrls:
    """Where this viewer may fetch what there is; nothing of a recording that was disposed of."""
    kept = segment.recording.disposed_at is None
    made = set(Derivative.objects.filter(segment=segment).values_list("kind", flat=True))
    plays = kept and can(viewer, Action.RECORDING_PLAY, segment)
    keeps = kept and can(viewer, Action.RECORDING_DOWNLOAD, segment)

    def url(kind: str, *, given: bool) -> str | None:
        return f"/play/{kind}/{segment.id}" if given else None

    return SegmentUrls(
        play=url("segments", given=plays),
        rendition=url("renditions", given=plays and Derivative.Kind.RENDITION in made),
        poster=url("posters", given=kept and Derivative.Kind.POSTER in made),
        strip=url("strips", given=kept and Derivative.Kind.STRIP in made),
        original=url("originals", given=keeps),
    )
