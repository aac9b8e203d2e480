"""Who may put footage into the Axis door? Destinations: one user name and key for each body-worn system.

Keys are kept hashed. A system that gets a new connection file gets a new key with it; its old one is good until the
new one is first used, so that nothing it has to send is turned away in between. A revoked destination is out at once,
its tokens too. Who may do this is decided by the caller, against `fleet.manage`.
"""

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from tabard.custody.actors import Actor, ActorKind, Subject
from tabard.custody.kinds import EventKind
from tabard.custody.services import append
from tabard.intake.errors import DestinationRevoked, NameRefused, NotSignedIn, UsernameTaken
from tabard.intake.models import Destination

_FIELD_BYTES = 64  # what a connection file can carry
_NO_KEY = bytes(32)


def open_destination(
    *, name: str, username: str, by: Actor, at: datetime, footage_key_id: str = ""
) -> tuple[Destination, str]:
    """A destination that accepts the returned key from now on; the key is kept hashed and cannot be shown again.

    Args:
        name: What screens call the system.
        username: What it signs in with.
        by: Who lets it in.
        at: When, aware.
        footage_key_id: The key that its connection file tells cameras to encrypt to; empty for footage in the clear.

    Raises:
        NameRefused: a name is empty, longer than 64 bytes, or cannot be printed.
        UsernameTaken.
    """
    for field, text in (("name", name), ("username", username)):
        if not 0 < len(text.encode()) <= _FIELD_BYTES or not text.isprintable():
            raise NameRefused(f"A {field} has 1 to {_FIELD_BYTES} printable bytes.", field=field)
    key = secrets.token_urlsafe(32)
    facts = {"name": name, "username": username, "footage_key_id": footage_key_id}
    with transaction.atomic():
        try:
            with transaction.atomic():
                destination = Destination.objects.create(**facts, key_sha256=_sha256(key), opened_at=at)
        except IntegrityError as error:
            raise UsernameTaken("Another destination has this user name.", field="username") from error
        _append(destination, EventKind.DESTINATION_OPENED, by, at, facts)
    return destination, key


@transaction.atomic
def renew_key(*, destination: Destination, by: Actor, at: datetime, footage_key_id: str = "") -> str:
    """A new key, for a new connection file; the one in use is good until this one is first used.

    `destination` is brought up to date.

    Raises:
        DestinationRevoked: nothing lets a revoked one in again.
        NameRefused: it had a footage key, and is to have none: a system takes no such connection file.
    """
    locked = Destination.objects.select_for_update().get(pk=destination.pk)
    if locked.revoked_at is not None:
        raise DestinationRevoked("The destination is revoked; open another one.", destination=str(locked.pk))
    if locked.footage_key_id and not footage_key_id:
        raise NameRefused("Once footage is encrypted, it stays so.", field="encrypt")
    key = secrets.token_urlsafe(32)
    locked.new_key_sha256, locked.footage_key_id = _sha256(key), footage_key_id
    locked.save(update_fields=["new_key_sha256", "footage_key_id"])
    details = {"username": locked.username, "footage_key_id": footage_key_id}
    _append(locked, EventKind.DESTINATION_RENEWED, by, at, details)
    destination.refresh_from_db()
    return key


@transaction.atomic
def revoke_destination(*, destination: Destination, by: Actor, at: datetime) -> None:
    """The destination's keys and every token made with them are refused from now on; what it sent stays."""
    held = Destination.objects.filter(pk=destination.pk, revoked_at__isnull=True)
    if held.update(revoked_at=at):
        _append(destination, EventKind.DESTINATION_REVOKED, by, at, {"username": destination.username})
    destination.refresh_from_db(fields=["revoked_at"])


def sign_in(*, username: str, key: str, at: datetime) -> Destination:
    """The destination whose credentials these are, heard of now; a new key that is used ends the old one.

    Raises:
        NotSignedIn: user name and key belong to no open destination; which of them is wrong is never said.
    """
    destination = Destination.objects.filter(username=username, revoked_at__isnull=True).first()
    given = _sha256(key)
    current, new = _hashes(destination)
    is_current, is_new = hmac.compare_digest(given, current), hmac.compare_digest(given, new)
    if destination is None or not (is_current or is_new):
        raise NotSignedIn("User name and key do not belong together.")
    changes = {"key_sha256": given, "new_key_sha256": None} if is_new else {}
    Destination.objects.filter(pk=destination.pk).update(last_heard_at=at, **changes)
    return destination


def open_account(destination_id: UUID) -> Destination:
    """The destination that a token names, if it was not revoked since.

    Raises:
        NotSignedIn.
    """
    destination = Destination.objects.filter(pk=destination_id, revoked_at__isnull=True).first()
    if destination is None:
        raise NotSignedIn("The destination was revoked.")
    return destination


def client(destination: Destination) -> Actor:
    """The destination as the custody log names it."""
    return Actor(ActorKind.CLIENT, str(destination.pk), destination.name)


def _hashes(destination: Destination | None) -> tuple[bytes, bytes]:
    """The hashes of its key and of its newer one; of no key where there is none, so that each try takes as long."""
    if destination is None:
        return _NO_KEY, _NO_KEY
    return bytes(destination.key_sha256), bytes(destination.new_key_sha256 or _NO_KEY)


def _append(
    destination: Destination, kind: EventKind, by: Actor, at: datetime, details: Mapping[str, str]
) -> None:
    append(kind=kind, subject=Subject("destination", destination.pk), at=at, by=by, details=details)


def _sha256(key: str) -> bytes:
    """Enough for a key of 256 random bits; slow hashing is for passwords that people choose."""
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()
