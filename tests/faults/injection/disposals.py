"""Footage whose days of grace are over, beside footage that is held, and what must hold of a disposal run."""

from datetime import timedelta

from tests.faults.injection.common import BY, Say, content, now, read_back

from tabard.custody.kinds import EventKind
from tabard.custody.selectors import history
from tabard.intake import services as intake
from tabard.intake.models import Container, Destination
from tabard.recordings.models import Recording
from tabard.retention import removal, runs
from tabard.retention.models import Disposal, DisposalRun, Hold, ScheduledDisposal
from tabard.vault import services as vault
from tabard.vault.models import SealedObject
from tabard.vault.stores import configured_store

_LONG_AGO = timedelta(days=400)
_FILES = 2
_KINDS = ("going", "held")


def list_them(number: int) -> None:
    """One recording that is to go and one that is to be held, both on the list with their days of grace over."""
    for kind in _KINDS:
        _arrive(number, kind)
    runs.run(as_of=now(), by=BY, at=now())
    ScheduledDisposal.objects.update(executes_at=now())
    Hold.objects.create(recording=_recording(number, "held"), kind="cpia", reason="Trial", placed_at=now())


def dispose(number: int, say: Say) -> None:
    """What the nightly job does; what is said is how many objects' bytes are gone."""
    done = runs.run(as_of=now(), by=BY, at=now())
    removed = removal.remove_waiting(at=now())
    if done.state == DisposalRun.State.COMPLETE:
        say(f"disposed {removed}")


def violations(number: int, answer: str) -> list[str]:
    """It is disposed of in all that this means, or in nothing of it; and what is held is whole."""
    held = [f"held, and {word}" for word in _not_whole(number, "held")]
    going = _recording(number, "going")
    if going.disposed_at is None:
        unanswered = ["acknowledged, but not disposed of"] if answer else []
        return [*held, *unanswered, *(f"not disposed of, and {word}" for word in _not_whole(number, "going"))]
    return [*held, *_not_gone(going, answer)]


def _arrive(number: int, kind: str) -> None:
    facts = {"metadata": {"StartTimeISO": "2026-11-04T21:14:03Z"}, "by": BY, "at": now()}
    intake.put_container(destination=Destination.objects.get(), name=_name(number, kind), **facts)
    container = Container.objects.get(name=_name(number, kind))
    for part in range(_FILES):
        with vault.start() as pending:
            pending.write(_footage(number, kind))
            pending.seal()
            intake.receive(
                container_id=container.pk, name=f"{part}.mkv", metadata={}, pending=pending, by=BY, at=now()
            )
    intake.complete(container=container, by=BY, at=now())
    Recording.objects.filter(containers=container).update(received_at=now() - _LONG_AGO)


def _footage(number: int, kind: str) -> bytes:
    """The same footage twice would be one recording."""
    return content(number * len(_KINDS) + _KINDS.index(kind))


def _not_whole(number: int, kind: str) -> list[str]:
    """What a recording that stays has lost."""
    found, recording = [], _recording(number, kind)
    if [each for each in _objects(recording) if read_back(each) != _footage(number, kind)]:
        found.append("its footage is not what was sent")
    if _events(recording):
        found.append("the log says that it was disposed of")
    if Disposal.objects.filter(recording=recording).exists():
        found.append("a disposal stands for it")
    return found


def _not_gone(recording: Recording, answer: str) -> list[str]:
    """What is left, or missing, of a disposal."""
    found = []
    objects, store = _objects(recording), configured_store()
    if len(objects) != _FILES or any(each.wrapped_key is not None for each in objects):
        found.append("disposed of, and a key is held")
    if _events(recording) != 1:
        found.append(f"disposed of, and the log says so {_events(recording)} times")
    disposal = Disposal.objects.get(recording=recording)
    in_store = {entry.key for entry in store.entries()} & {each.store_key for each in objects}
    if in_store and (disposal.removed_at is not None or answer):
        found.append("its bytes are said to be removed, and are there")
    if ScheduledDisposal.objects.filter(recording=recording).exists():
        found.append("disposed of, and still on the list")
    return found


def _objects(recording: Recording) -> list[SealedObject]:
    return list(SealedObject.objects.filter(segment__recording=recording))


def _events(recording: Recording) -> int:
    return [event.kind for event in history([recording.pk])].count(EventKind.RECORDING_DISPOSED.value)


def _recording(number: int, kind: str) -> Recording:
    recording = Container.objects.get(name=_name(number, kind)).recording
    assert recording is not None
    return recording


def _name(number: int, kind: str) -> str:
    return f"Disposal_{number}_{kind}"
