"""The acts that are broken into, and what must hold however they ended."""

import os
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

from django.db import transaction
from tests.faults.injection import disposals, encrypted
from tests.faults.injection.common import BY, SIZE_BYTES, Say, content, now, read_back

from tabard.custody import sequencer
from tabard.custody.actors import Subject
from tabard.custody.adapters import log_signer
from tabard.custody.kinds import EventKind
from tabard.custody.selectors import history, latest_checkpoint
from tabard.custody.services import append
from tabard.custody.verify import verify_log
from tabard.intake import destinations
from tabard.intake import services as intake
from tabard.intake.models import Container, ReceivedObject
from tabard.kernel.errors import TabardError
from tabard.sealing.format import DEFAULT_CHUNK_BYTES, sealed_size_bytes
from tabard.vault import services as vault
from tabard.vault.adapters.local import PARTIAL
from tabard.vault.models import SealedObject
from tabard.vault.stores import configured_store


def prepare() -> None:
    """A container that objects are put into."""
    destination, _ = destinations.open_destination(name="Fault", username="fault", by=BY, at=now())
    intake.put_container(
        destination=destination, name="Recording_1", metadata={"Category": "none"}, by=BY, at=now()
    )


def seal(number: int, say: Say) -> None:
    """One object received as the door receives it; what is said is what the sender would be told."""
    with vault.start() as pending:
        pending.write(content(number))
        pending.seal()
        container = Container.objects.get(name="Recording_1")
        receipt = intake.receive(
            container_id=container.pk,
            name=f"Clip_{number}.mp4",
            metadata={},
            pending=pending,
            by=BY,
            at=now(),
        )
    say(f"{receipt} {number}")


def checkpoint(number: int, say: Say) -> None:
    """What waits is sequenced and signed; what is said is the checkpoint that was given out."""
    sequencer.sequence()
    head = sequencer.sign_checkpoint(at=now(), signer=log_signer())
    if head is not None:
        say(f"signed {head.size} {bytes(head.root).hex()}")


ACTS: dict[str, Callable[[int, Say], None]] = {
    "seal": seal,
    "checkpoint": checkpoint,
    "decrypt": encrypted.decrypt,
    "dispose": disposals.dispose,
}
_OWN = {"decrypt": encrypted.violations, "dispose": disposals.violations}


def before(act: str, number: int) -> None:
    """What the act needs to have something to do."""
    if act == "decrypt":
        encrypted.arrive(number)
    if act == "dispose":
        disposals.list_them(number)
    if act == "checkpoint":
        with transaction.atomic():
            append(
                kind=EventKind.LOG_VIEWED,
                subject=Subject("log", UUID(int=number)),
                at=now(),
                by=BY,
                details={"number": number},
            )


def violations(act: str, number: int, answer: str) -> list[str]:
    """Everything that must hold after the act, whatever became of it, and does not."""
    own = _OWN.get(act, _sealed_wrongly)(number, answer)
    return [*own, *_half_objects(), *_logged_wrongly(act, answer)]


def _sealed_wrongly(number: int, answer: str) -> list[str]:
    found = []
    kept = ReceivedObject.objects.filter(name=f"Clip_{number}.mp4").select_related("object")
    if answer.startswith("sealed") and len(kept) != 1:
        found.append(f"acknowledged, but {len(kept)} rows stand for it")
    for received in kept:
        found += _unreadable(received.object, number)
        if not _event_of(received.object):
            found.append("a row without its event")
    return found


def _unreadable(obj: SealedObject, number: int) -> list[str]:
    try:
        held = read_back(obj)
    except TabardError as error:
        return [f"a row whose object does not open: {error.code}"]
    return [] if held == content(number) else ["the object holds other bytes than were sent"]


def _event_of(obj: SealedObject) -> bool:
    return any(event.kind == EventKind.OBJECT_SEALED.value for event in history([obj.pk]))


def _half_objects() -> list[str]:
    """A name in the store stands for a whole object, with a row or (after a crash) without; never for half of one."""
    store = configured_store()
    whole = {sealed_size_bytes(SIZE_BYTES, DEFAULT_CHUNK_BYTES)}
    whole |= set(SealedObject.objects.values_list("sealed_size_bytes", flat=True))
    return [
        f"{entry.key} is visible with {entry.size_bytes} bytes"
        for entry in store.entries()
        if entry.size_bytes not in whole
    ]


def log_defects() -> list[str]:
    """What a verification of the whole log finds."""
    signer = log_signer()
    last = signer.last_signed()
    report = verify_log(signer.vkey, also_signed=[last] if last else [])
    return [f"{defect.code}: {defect.words}" for defect in report.defects]


def _logged_wrongly(act: str, answer: str) -> list[str]:
    found, last = log_defects(), log_signer().last_signed()
    if act == "checkpoint" and answer.startswith("signed"):
        _, size, root = answer.split()
        if last is None or int(last.splitlines()[1]) < int(size):
            found.append(f"checkpoint {size} was given out and is not remembered outside the database")
        if not _has_checkpoint(int(size), root):
            found.append(f"checkpoint {size} was given out and is not stored")
    return found


def _has_checkpoint(size: int, root: str) -> bool:
    head = latest_checkpoint()
    return head is not None and head.size >= size and (head.size > size or bytes(head.root).hex() == root)


def recover(act: str, number: int) -> list[str]:
    """The act is repeated without a fault, as its caller would; then nothing half-done may be left."""
    answers: list[str] = []
    ACTS[act](number, answers.append)
    found = violations(act, number, "".join(answers))
    vault.clean()
    partial = Path(os.environ["TABARD_HOME"]) / "vault" / PARTIAL
    return [
        *found,
        *(f"left behind: {path.name}" for path in partial.glob("*")),
    ]  # made by the first that seals
