"""How does footage become an exhibit? A witness produces it under their initials and the next number of their series.

The number is taken under a row lock in the transaction that produces the exhibit, so two at once get two numbers, and
a number once given is never given again.
"""

from datetime import datetime

from django.db import transaction

from tabard.custody import services as custody
from tabard.custody.actors import Subject
from tabard.custody.kinds import EventKind
from tabard.incidents.models import Exhibit, ExhibitSeries, Incident
from tabard.kernel.errors import Conflict, Invalid
from tabard.kernel.text import required
from tabard.people.access import reason_details
from tabard.people.authorisation import Viewer, check_can
from tabard.people.models import Officer
from tabard.people.rules import Action
from tabard.recordings.models import Clip, Recording


def produce(
    *,
    recording: Recording,
    producer: Officer,
    description: str,
    viewer: Viewer,
    at: datetime,
    clip: Clip | None = None,
    incident: Incident | None = None,
) -> Exhibit:
    """The recording, or the clip from it, is an exhibit under the producer's next reference when this returns.

    Raises:
        Denied: when the viewer may not produce exhibits from this recording.
        Invalid: when the description is empty, or the clip is of another recording.
        Conflict: when the recording was disposed of, or the clip is not cut yet.
    """
    check_can(viewer, Action.EXHIBIT_PRODUCE, recording)
    _check(recording, clip)
    what = required(description, "description", 300, "Describe the exhibit as a statement would.")
    with transaction.atomic():
        kept = Recording.objects.select_for_update().get(id=recording.id)
        if kept.disposed_at is not None:
            raise Conflict("This recording was disposed of; it cannot be produced.")
        exhibit = Exhibit.objects.create(
            producer=producer,
            initials=producer.initials,
            number=_next_number(producer),
            recording=recording,
            clip=clip,
            incident=incident,
            description=what,
            produced_at=at,
            produced_by_id=viewer.account_id,
        )
        custody.append(
            kind=EventKind.EXHIBIT_PRODUCED,
            subject=Subject("exhibit", exhibit.id),
            at=at,
            by=viewer.actor,
            sha256=bytes(clip.object.sha256) if clip and clip.object else None,
            details=_details(exhibit),
        )
    return exhibit


def record_view(*, exhibit: Exhibit, viewer: Viewer, at: datetime, reason: str | None = None) -> None:
    """The viewer's consultation of the exhibit is in the log, with its reason, when this returns.

    Raises:
        Denied: when the viewer may not see the exhibit.
        ReasonNeeded: when a reason is required and none is given.
    """
    check_can(viewer, Action.EXHIBIT_VIEW, exhibit)
    with transaction.atomic():
        custody.append(
            kind=EventKind.EXHIBIT_VIEWED,
            subject=Subject("exhibit", exhibit.id),
            at=at,
            by=viewer.actor,
            details={"reference": exhibit.reference, **reason_details(reason)},
        )


def _check(recording: Recording, clip: Clip | None) -> None:
    if clip is None:
        return
    if clip.segment.recording_id != recording.id:
        raise Invalid("That clip is not from this recording.", field="clip")
    if clip.state != Clip.State.CUT:
        raise Conflict("The clip is not cut yet; produce it when it is.", field="clip")


def _next_number(producer: Officer) -> int:
    """The producer's next number, taken for good when the transaction commits."""
    ExhibitSeries.objects.get_or_create(officer=producer)
    series = ExhibitSeries.objects.select_for_update().get(officer=producer)
    series.last_number += 1
    series.save(update_fields=["last_number"])
    return series.last_number


def _details(exhibit: Exhibit) -> dict[str, str | None]:
    return {
        "reference": exhibit.reference,
        "recording": str(exhibit.recording_id),
        "clip": str(exhibit.clip_id) if exhibit.clip_id else None,
        "incident": str(exhibit.incident_id) if exhibit.incident_id else None,
    }
