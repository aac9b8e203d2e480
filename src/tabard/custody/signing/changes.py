"""How does the log get another key, and lose an old one, without a moment at which nobody can check it?

A new key signs beside the old ones from the moment it is in the key file, so whoever knows only an old key can go on
checking, and the event of the change is under a checkpoint that both signed. Only then may the old key be retired.

The key file is replaced first and the event follows. A crash between leaves a change that signs and is not yet
logged; the same call repeated finds that and logs it instead of making another. One change at a time, by a lock.
"""

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.db import transaction

from tabard.custody import services
from tabard.custody.actors import Actor
from tabard.custody.adapters import FileSigner, whole
from tabard.custody.errors import KeyChangeNotPossible
from tabard.custody.kinds import EventKind
from tabard.custody.models import Checkpoint, Event
from tabard.custody.signing.durable import write_durably
from tabard.custody.signing.keys import LogKeys, read_keys
from tabard.merkle.note import VerifierKey, open_note


@dataclass(frozen=True, slots=True)
class KeyChange:
    """A change of the log's keys that is in the log: which key came or went, and the one beside it.

    `was_begun` is true where an earlier call had changed the key file and this one only logged it.
    """

    kind: EventKind
    changed: VerifierKey
    other: VerifierKey
    was_begun: bool = False


def rotate_key(*, signer: FileSigner, by: Actor, at: datetime) -> KeyChange:
    """A new key signs every checkpoint from now on, beside those that signed before; that it does is in the log.

    A rotation that was interrupted is finished instead of beginning another.
    """
    with _alone(signer.path):
        keys = read_keys(signer.path)
        begun = unlogged_change(keys)
        if begun is None:
            keys = keys.rotated()
            write_durably(signer.path, keys.encode())
            return _log(_rotation(keys), by, at)
        return _log(begun, by, at)


def retire_key(*, signer: FileSigner, by: Actor, at: datetime) -> KeyChange:
    """The oldest key that signed no longer does and its seed is gone; that it went is in the log.

    Cannot be undone. A change that was interrupted is finished instead of beginning another.

    Raises:
        KeyChangeNotPossible: when only one key signs, or no checkpoint with the old key's signature says yet who
            comes after it.
    """
    with _alone(signer.path):
        keys = read_keys(signer.path)
        begun = unlogged_change(keys)
        if begun is None:
            check_may_retire(keys)
            keys = keys.without_oldest()
            write_durably(signer.path, keys.encode())
            return _log(_retirement(keys), by, at)
        return _log(begun, by, at)


def unlogged_change(keys: LogKeys) -> KeyChange | None:
    """The change that is in the key file and not in the log, as a crash leaves it; None where all is logged."""
    changes = []
    if len(keys.verifiers) > 1:
        changes.append(_rotation(keys))
    if keys.retired:
        changes.append(_retirement(keys))
    waiting = (change for change in changes if _event_of(change) is None)
    found = next(waiting, None)
    return None if found is None else KeyChange(found.kind, found.changed, found.other, was_begun=True)


def check_may_retire(keys: LogKeys) -> None:
    """Return only if another key signs, and a checkpoint that both signed covers the event of the change.

    Raises:
        KeyChangeNotPossible: when not.
    """
    if len(keys.signers) < 2:
        raise KeyChangeNotPossible("Only one key signs; rotate it before you retire it.")
    oldest, next_one = keys.signers[-1].vkey, keys.signers[-2].vkey
    said = _event_of(KeyChange(EventKind.LOG_KEY_ROTATED, next_one, oldest))
    head = Checkpoint.objects.order_by("-size").first()
    covered = (
        said is not None and said.position is not None and head is not None and said.position < head.size
    )
    if head is None or not covered or not _signed_by(head, oldest, next_one):
        raise KeyChangeNotPossible(
            "No checkpoint that both keys signed covers the rotation yet; wait for the next one.",
            key=oldest.encode(),
        )


def _signed_by(head: Checkpoint, *keys: VerifierKey) -> bool:
    return set(open_note(head.note.encode(), keys).verified_by) == set(keys)


def _rotation(keys: LogKeys) -> KeyChange:
    return KeyChange(EventKind.LOG_KEY_ROTATED, keys.verifiers[0], keys.verifiers[1])


def _retirement(keys: LogKeys) -> KeyChange:
    return KeyChange(EventKind.LOG_KEY_RETIRED, keys.retired[0], keys.current.vkey)


_ROLES = {
    EventKind.LOG_KEY_ROTATED: ("new", "old"),
    EventKind.LOG_KEY_RETIRED: ("retired", "current"),
}


def _event_of(change: KeyChange) -> Event | None:
    changed, _ = _ROLES[change.kind]
    known = {f"particulars__details__{changed}": change.changed.encode()}
    return Event.objects.filter(kind=change.kind.value, **known).first()


def _log(change: KeyChange, by: Actor, at: datetime) -> KeyChange:
    """Append the change's event; its `sha256`, which anyone can read, is that of the changed key's vkey line."""
    changed, other = _ROLES[change.kind]
    vkey = change.changed.encode()
    with transaction.atomic():
        services.append(
            kind=change.kind,
            subject=whole("log"),
            at=at,
            by=by,
            sha256=hashlib.sha256(vkey.encode()).digest(),
            details={changed: vkey, other: change.other.encode()},
        )
    return change


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Nobody else changes the keys meanwhile; the lock goes with its holder."""
    descriptor = os.open(path.with_name(f"{path.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
