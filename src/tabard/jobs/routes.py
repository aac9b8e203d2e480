"""What follows from what? The whole pipeline on one page.

An event names the jobs that follow from it; they are queued in the event's own transaction, so a rolled-back act
leaves no job and a committed one never loses its own.
"""

from collections.abc import Mapping, Sequence

from procrastinate.contrib.django import app
from procrastinate.types import JSONDict

from tabard.custody.actors import Subject
from tabard.custody.kinds import EventKind

ROUTES: Mapping[EventKind, tuple[str, ...]] = {
    EventKind.ARRIVAL_COMPLETED: ("tabard.read_arrival",),
    EventKind.RECORDING_SEALED: ("tabard.probe_recording", "tabard.secure_new"),
    # The second copy of its bytes is kept like any; a camera that became known may have a clock that was read.
    EventKind.RECORDING_CAME_AGAIN: ("tabard.secure_new",),
    EventKind.RECORDING_ATTRIBUTED: ("tabard.correct_attributed",),
    EventKind.CAMERA_CLOCK_READ: ("tabard.correct_times",),
    EventKind.CAMERA_RECEIVED: ("tabard.resolve_again",),
    EventKind.FLEET_IMPORTED: ("tabard.resolve_again",),
    EventKind.OFFICER_ENROLLED: ("tabard.resolve_again",),
    EventKind.OFFICERS_IMPORTED: ("tabard.resolve_again",),
    EventKind.RECORDING_PROBED: ("tabard.make_derivatives", "tabard.index_packets"),
    EventKind.CLIP_REQUESTED: ("tabard.cut_clip",),
    EventKind.PACK_REQUESTED: ("tabard.build_pack",),
    EventKind.RECORDING_DISPOSED: ("tabard.remove_disposed",),
    # Whatever else seals an object, and a copy that must be mended.
    EventKind.OBJECT_DECRYPTED: ("tabard.secure_new",),
    EventKind.SEGMENT_PACKETS_INDEXED: ("tabard.secure_new",),
    EventKind.DERIVATIVE_MADE: ("tabard.secure_new",),
    EventKind.CLIP_CUT: ("tabard.secure_new",),
    EventKind.PACK_BUILT: ("tabard.secure_new",),
    EventKind.OBJECT_DAMAGED: ("tabard.secure_object",),
}


_LOOKS_FOR_ALL: frozenset[str] = frozenset({"tabard.remove_disposed", "tabard.secure_new"})
"""Jobs that look for everything that waits: one is enough for an act with thousands of events."""


def dispatch(kind: EventKind, subjects: Sequence[Subject]) -> None:
    """Queues the jobs that follow from events of the kind, each given a subject's id, in the caller's transaction."""
    for job in ROUTES.get(kind, ()):
        told = subjects[:1] if job in _LOOKS_FOR_ALL else subjects
        wanted: list[JSONDict] = [{"subject_id": str(subject.id)} for subject in told]
        app.configure_task(job).batch_defer(*wanted)
