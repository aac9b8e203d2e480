"""How is what came encrypted opened? With the key files beside it and our footage keys, as soon as both are here.

A try that fails is noted with the key files and footage keys that there were, and is not made again until there are
others: the key file comes late, or a footage key is restored. Nothing is decrypted to disk: the plain text goes from
the vault's reader through AES into the vault's writer, a piece at a time.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import chain
from uuid import NAMESPACE_URL, uuid5

from django.conf import settings
from django.db import transaction

from tabard.custody import selectors as log
from tabard.custody.actors import Actor, Subject
from tabard.custody.kinds import EventKind
from tabard.custody.services import append
from tabard.intake.axis.contents import TRACK_BYTES, parse_trail
from tabard.intake.axis.key_files import (
    BEGINNING_BYTES,
    KEY_FILE_BYTES,
    KeyFile,
    content_key,
    decrypted,
    key_names,
    looks_like_footage,
    parse_key_file,
)
from tabard.intake.errors import ContentBroken
from tabard.intake.footage_keys import FootageKey, FootageKeys
from tabard.intake.models import ReceivedObject
from tabard.recordings import decryption
from tabard.recordings.decryption import Opened
from tabard.recordings.drafts import TrackPoint
from tabard.recordings.errors import AlreadyDecrypted, RecordingDisposed
from tabard.recordings.models import EncryptedFile, Recording
from tabard.vault import services as vault

Reason = EncryptedFile.Reason


class _CannotOpen(Exception):
    """Why a file is not opened by a key file."""

    def __init__(self, reason: EncryptedFile.Reason) -> None:
        super().__init__(reason)
        self.reason = reason


def footage_keys() -> FootageKeys:
    """The footage keys of this installation."""
    return FootageKeys(settings.TABARD_HOME / "keys")


def make_footage_key(*, by: Actor, at: datetime) -> FootageKey:
    """A new footage key, durable and logged; connection files made from now on carry it. Older ones still open footage.

    Killed between, there is a key that the log does not know; `current_footage_key` makes up for it.
    """
    key = footage_keys().make()
    _announce(key, by, at)
    return key


def current_footage_key(*, by: Actor, at: datetime) -> FootageKey:
    """The footage key that connection files carry now, made if there is none yet, and known to the log.

    Raises:
        FootageKeyUnsafe.
    """
    key = footage_keys().current()
    if key is None:
        return make_footage_key(by=by, at=at)
    _announce(key, by, at)
    return key


def subject_of(key_id: str) -> Subject:
    """A footage key as the log names it: an id worked out of its own, which tells nothing of the key."""
    return Subject("key", uuid5(NAMESPACE_URL, f"tabard key {key_id}"))


def decrypt_recording(*, recording: Recording, by: Actor, at: datetime) -> int:
    """Every file of the recording that can be opened now is; returns how many were. The others say why not.

    Raises:
        Integrity, Unavailable: bytes cannot be read or written now; what was opened before stays so.
    """
    waiting = decryption.waiting().filter(recording=recording)
    return sum(_try(encrypted, by, at) for encrypted in waiting)


def _try(encrypted: EncryptedFile, by: Actor, at: datetime) -> bool:
    """Whether the file is decrypted now; nothing is done where nothing has changed since the last try."""
    key_files, keys = _key_files(encrypted), footage_keys()
    tried_with = _fingerprint(key_files, keys.ids)
    if tried_with == encrypted.tried_with:
        return False
    reason = Reason.KEY_MISSING
    try:
        for key_file in key_files:
            try:
                _open(encrypted, key_file, keys, by, at)
            except _CannotOpen as error:
                reason = error.reason
            else:
                return True
        decryption.note_failure(encrypted=encrypted, reason=reason, tried_with=tried_with, by=by, at=at)
    except (AlreadyDecrypted, RecordingDisposed):
        pass
    return False


def _open(
    encrypted: EncryptedFile, key_file: ReceivedObject, keys: FootageKeys, by: Actor, at: datetime
) -> None:
    """The plain text is sealed and kept.

    Raises:
        _CannotOpen: this key file does not open it.
    """
    said = parse_key_file(_read(key_file, KEY_FILE_BYTES))
    if said is None:
        raise _CannotOpen(Reason.KEY_BROKEN)
    footage_key_id, key = _unwrap(said, keys)
    pieces = decrypted(vault.open_object(obj=encrypted.ciphertext).read(), key, said.iv)
    with vault.start() as pending:
        try:
            if encrypted.segment is not None:
                track: Sequence[TrackPoint] = ()
                for piece in _footage(pieces):
                    pending.write(piece)
            else:
                body = _small(pieces)
                track = parse_trail(body) or ()
                pending.write(body)
        except ContentBroken as error:
            raise _CannotOpen(Reason.CONTENT_BROKEN) from error
        pending.seal()
        opened = Opened(pending, key_file.object, footage_key_id, track)
        decryption.keep_decrypted(encrypted=encrypted, opened=opened, by=by, at=at)


def _unwrap(said: KeyFile, keys: FootageKeys) -> tuple[str, bytes]:
    """The footage key that unwraps the content key, and the content key; the one that is named is tried first."""
    for key_id in sorted(keys.ids, key=lambda key_id: key_id != said.key_id):
        private = keys.private(key_id)
        key = content_key(said, private) if private is not None else None
        if key is not None:
            return key_id, key
    raise _CannotOpen(Reason.KEY_UNKNOWN)


def _footage(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The pieces, if they begin as footage does or are nothing at all.

    Raises:
        ContentBroken: they do not, so that it was not the key of this file.
    """
    rest, beginning = iter(pieces), b""
    while len(beginning) < BEGINNING_BYTES and (piece := next(rest, None)) is not None:
        beginning += piece
    if beginning and not looks_like_footage(beginning):
        raise ContentBroken("What the key opens does not begin as footage does.")
    return chain((beginning,), rest)


def _small(pieces: Iterable[bytes]) -> bytes:
    """The whole of a track.

    Raises:
        ContentBroken: it is larger than any track.
    """
    body = bytearray()
    for piece in pieces:
        body += piece
        if len(body) > TRACK_BYTES:
            raise ContentBroken("What the key opens is larger than any track.")
    return bytes(body)


def _key_files(encrypted: EncryptedFile) -> list[ReceivedObject]:
    """The key files that may belong to it, the first that came before others of its name."""
    name = encrypted.file_name
    found = ReceivedObject.objects.filter(
        container__recording_id=encrypted.recording_id, name__in=key_names(name)
    )
    return list(found.select_related("object").order_by("received_at", "id"))


def _fingerprint(key_files: Sequence[ReceivedObject], key_ids: Sequence[str]) -> str:
    """What a try rests on: other key files or footage keys make another one."""
    named = [*sorted(str(each.object_id) for each in key_files), *key_ids]
    return hashlib.sha256("\n".join(named).encode()).hexdigest()


def _read(received: ReceivedObject, at_most: int) -> bytes:
    reader = vault.open_object(obj=received.object)
    return b"".join(reader.read(0, min(reader.size_bytes, at_most)))


def _announce(key: FootageKey, by: Actor, at: datetime) -> None:
    """The log knows the key."""
    subject = subject_of(key.id)
    with transaction.atomic():
        if log.history([subject.id]).filter(kind=EventKind.FOOTAGE_KEY_MADE.value).exists():
            return
        append(kind=EventKind.FOOTAGE_KEY_MADE, subject=subject, at=at, by=by, details={"key": key.id})
