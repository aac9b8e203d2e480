"""Who may have which bytes under `/play/`? Works out the person and the object, and logs what must be logged.

Everything here talks to the database and the vault, so it runs in a worker thread.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth import get_user
from django.http import HttpRequest, parse_cookie

from tabard.custody.actors import Subject
from tabard.kernel.errors import Conflict, Denied, NotFound
from tabard.media.models import Derivative, Probe
from tabard.people.authorisation import Viewer
from tabard.people.models import Account
from tabard.people.refusals import record_refusal
from tabard.people.rules import Action
from tabard.people.selectors import viewer_of
from tabard.recordings import selectors as recordings
from tabard.recordings.models import Clip, Recording, Segment
from tabard.vault.errors import KeyDestroyed
from tabard.vault.models import SealedObject
from tabard.web.playback_events import log_clip_play, log_download, log_play, log_view
from tabard.web.reasons import Reasons

_PATH = re.compile(r"/play/([a-z]+)/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")
_ANY_BYTES = "application/octet-stream"
# What the decoder jail says of a file decides how a browser treats it, so only these words pass.
_SHOWN_TYPES = frozenset(
    {
        "video/mp4",
        "video/webm",
        "video/quicktime",
        "video/x-matroska",
        "video/x-msvideo",
        "video/mp2t",
        "image/jpeg",
    }
)
_CLIP_TYPES: Mapping[str, str] = {"mp4": "video/mp4", "matroska": "video/x-matroska"}


class NotSignedIn(Denied):
    """Nobody is signed in under this cookie; there is no one to log."""

    code = "not_signed_in"


@dataclass(frozen=True, slots=True)
class Leave:
    """One person's leave to read one object; `log` records the act and must be called before a byte is given."""

    obj: SealedObject
    content_type: str
    log: Callable[[], None]
    filename: str = ""

    @property
    def etag(self) -> str:
        """A sealed object never changes, so its id is a strong validator."""
        return f'"{self.obj.id}"'


def session_key(cookies: str) -> str:
    """The session that the cookies name; empty where they name none."""
    return parse_cookie(cookies).get(settings.SESSION_COOKIE_NAME, "")


def viewer_of_session(session: str, at: datetime) -> Viewer:
    """The person whose session it is, checked as on every page.

    Raises:
        NotSignedIn: when there is no such session, it ended, or the account may no longer sign in.
    """
    store = import_module(settings.SESSION_ENGINE).SessionStore
    request = HttpRequest()
    request.session = store(session or None)
    account = get_user(request)
    if not isinstance(account, Account):
        raise NotSignedIn("Sign in first.")
    return viewer_of(account, at)


def viewer_from_cookies(cookies: str, at: datetime) -> Viewer:
    """The person whose session the cookies name.

    Raises:
        NotSignedIn: when there is no such session, it ended, or the account may no longer sign in.
    """
    return viewer_of_session(session_key(cookies), at)


def leave_for(path: str, viewer: Viewer, at: datetime, reasons: Reasons) -> Leave:
    """The viewer's leave to read what the path names; a refusal is in the log before it is raised.

    Raises:
        ReasonNeeded: when a reason for opening the recording is required and there is none.
        NotFound: when there is no such thing.
        KeyDestroyed: when it was disposed of.
        Conflict: when it is not made yet.
        Denied: when the viewer may not.
    """
    found = _PATH.fullmatch(path)
    kind = _KINDS.get(found[1]) if found else None
    if found is None or kind is None:
        raise NotFound("There is nothing to play here.")
    try:
        return kind(UUID(found[2]), viewer, at, reasons)
    except Denied as denied:
        record_refusal(denied=denied, viewer=viewer, at=at)
        raise


def _segment(segment_id: UUID, viewer: Viewer, at: datetime, reasons: Reasons) -> Leave:
    segment = _kept(recordings.segment(viewer, segment_id))
    reason = reasons.of(_recording(segment))
    probe = Probe.objects.filter(segment=segment).first()
    said = probe.facts.get("media_type") if probe else None
    return Leave(segment.object, _shown_type(said), lambda: log_play(segment, viewer, at, reason))


def _rendition(segment_id: UUID, viewer: Viewer, at: datetime, reasons: Reasons) -> Leave:
    segment = _kept(recordings.segment(viewer, segment_id))
    reason = reasons.of(_recording(segment))
    made = _derivative(segment, Derivative.Kind.RENDITION)
    return Leave(made.object, _shown_type(made.content_type), lambda: log_play(segment, viewer, at, reason))


def _poster(segment_id: UUID, viewer: Viewer, at: datetime, reasons: Reasons) -> Leave:  # noqa: ARG001 - one shape for all kinds
    """A poster is how footage is found in a list, so it takes no reason; whoever may see the list may see it."""
    segment = _kept(recordings.segment(viewer, segment_id, Action.RECORDING_VIEW))
    made = _derivative(segment, Derivative.Kind.POSTER)
    return Leave(made.object, _shown_type(made.content_type), lambda: None)


def _strip(segment_id: UUID, viewer: Viewer, at: datetime, reasons: Reasons) -> Leave:
    """A strip shows the whole of the footage in small, so it is a look at it, covered by that at its page."""
    segment = _kept(recordings.segment(viewer, segment_id, Action.RECORDING_VIEW))
    reason = reasons.of(_recording(segment))
    made = _derivative(segment, Derivative.Kind.STRIP)
    content_type = _shown_type(made.content_type)
    return Leave(made.object, content_type, lambda: log_view(segment.recording, viewer, at, reason))


def _original(segment_id: UUID, viewer: Viewer, at: datetime, reasons: Reasons) -> Leave:
    segment = _kept(recordings.segment(viewer, segment_id, Action.RECORDING_DOWNLOAD))
    reason = reasons.of(_recording(segment))
    return Leave(
        segment.object,
        _ANY_BYTES,
        lambda: log_download(segment, viewer, at, reason),
        filename=_plain_name(segment.name),
    )


def _clip(clip_id: UUID, viewer: Viewer, at: datetime, reasons: Reasons) -> Leave:
    clip: Clip = recordings.clip(viewer, clip_id)
    _check_kept(clip.segment.recording)
    reason = reasons.of(_recording(clip.segment))
    if clip.object is None:
        raise Conflict("The clip is not cut yet.", clip=str(clip_id))
    content_type = _CLIP_TYPES.get(clip.container, _ANY_BYTES)
    return Leave(clip.object, content_type, lambda: log_clip_play(clip, viewer, at, reason))


_KINDS: Mapping[str, Callable[[UUID, Viewer, datetime, Reasons], Leave]] = {
    "segments": _segment,
    "renditions": _rendition,
    "posters": _poster,
    "strips": _strip,
    "originals": _original,
    "clips": _clip,
}


def _recording(segment: Segment) -> Subject:
    return Subject("recording", segment.recording_id)


def _kept(segment: Segment) -> Segment:
    _check_kept(segment.recording)
    return segment


def _check_kept(recording: Recording) -> None:
    if recording.disposed_at is not None:
        raise KeyDestroyed("The footage was disposed of.", recording=str(recording.id))


def _derivative(segment: Segment, kind: Derivative.Kind) -> Derivative:
    made = Derivative.objects.select_related("object").filter(segment=segment, kind=kind).first()
    if made is None:
        raise NotFound("It is not made yet, or cannot be made.", segment=str(segment.id), kind=str(kind))
    return made


def _shown_type(said: Any) -> str:
    return said if said in _SHOWN_TYPES else _ANY_BYTES


def _plain_name(name: str) -> str:
    """The camera's name for the file, without what does not belong in a file name or a header."""
    return "".join(letter if letter.isprintable() and letter not in "/\\" else "_" for letter in name)
