"""Which keys speak for a dock, and what did it last say? Enrolling, revoking, signing in, reporting in.

Who may enrol and revoke is decided by the caller, against `fleet.manage`. A dock signs in with a statement that its key
signed: for this host, within minutes, and once. A report takes the place of the one before; of the events of docking
only the reading of a camera's clock is evidence, and logged.
"""

import binascii
import hashlib
import logging
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.db import IntegrityError, transaction

from tabard.custody import services as custody
from tabard.custody.actors import Actor, ActorKind, Subject
from tabard.custody.kinds import EventKind
from tabard.fleet import clocks, contacts, selectors
from tabard.fleet.errors import AlreadyReceived, ClockOff, DockNotSignedIn
from tabard.fleet.models import Camera, ClockReading, Dock, DockedCamera, DockKey, DockNonce, DockStatus
from tabard.kernel.errors import Invalid
from tabard.kernel.text import required

SIGNED_WITHIN = timedelta(minutes=5)
_STATEMENT = "tabard-dock-session-v1"
_NONCE = re.compile(r"[0-9a-f]{32}")
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SignIn:
    """What a dock says to be let in; `host` is the one that it asked."""

    key_id: str
    signed_at: str
    nonce: str
    signature: str
    host: str

    @property
    def statement(self) -> bytes:
        """The bytes that are signed."""
        lines = (_STATEMENT, self.host, self.key_id, self.signed_at, self.nonce)
        return "".join(f"{line}\n" for line in lines).encode()


@dataclass(frozen=True, slots=True)
class ClockShown:
    """What a camera's clock showed, at which time of the dock's clock, give or take."""

    camera_at: datetime
    dock_at: datetime
    uncertainty_s: float


@dataclass(frozen=True, slots=True)
class CameraSeen:
    """One camera in a dock, as its agent sees it; None or empty is what it does not know."""

    serial: str
    bay: int | None = None
    make: str = ""
    model: str = ""
    firmware: str = ""
    files: int | None = None
    size_bytes: int | None = None
    free_bytes: int | None = None
    battery_percent: int | None = None
    faults: Sequence[str] = ()
    clock: ClockShown | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What a dock's agent reports; `round_trip_s` is what its last request took."""

    dock_at: datetime
    agent: str = ""
    round_trip_s: float = 0.0
    free_bytes: int | None = None
    spool_files: int | None = None
    spool_bytes: int | None = None
    faults: Sequence[str] = ()
    cameras: Sequence[CameraSeen] = field(default_factory=tuple)


def enrol_key(*, dock: Dock, public_key: str, name: str, by: Actor, at: datetime) -> DockKey:
    """Whoever holds the private half may sign in for the dock from now on.

    Args:
        dock: Whose key it is.
        public_key: 43 characters of base64url, as the dock's agent shows it.
        name: What to call it.
        by: Who enrols it.
        at: When, aware.

    Raises:
        Invalid: naming the field that is wrong.
        AlreadyReceived: the key is enrolled already, or was once and is revoked.
    """
    raw = _parsed_key(public_key)
    key = DockKey(
        dock=dock,
        name=required(name, "name", 64),
        public_key=raw,
        key_id=key_id_of(raw),
        enrolled_at=at,
        enrolled_by=by.name[:200],
    )
    with transaction.atomic():
        try:
            with transaction.atomic():
                key.save(force_insert=True)
        except IntegrityError as error:
            words = "This key was enrolled before. Make a new one on the dock."
            raise AlreadyReceived(words, field="public_key") from error
        _append_key(EventKind.DOCK_KEY_ENROLLED, key, by, at)
    return key


@transaction.atomic
def revoke_key(*, key: DockKey, by: Actor, at: datetime) -> None:
    """The key is refused from now on, and so is every session that it opened; again, nothing happens."""
    locked = DockKey.objects.select_for_update(of=("self",)).select_related("dock").get(pk=key.pk)
    if locked.revoked_at is None:
        locked.revoked_at = max(at, locked.enrolled_at)
        locked.save(update_fields=["revoked_at"])
        _append_key(EventKind.DOCK_KEY_REVOKED, locked, by, at)
    key.revoked_at = locked.revoked_at


def key_id_of(public_key: bytes) -> str:
    """What a key is called: the first 16 hexadecimal digits of its SHA-256."""
    return hashlib.sha256(public_key).hexdigest()[:16]


def sign_in(*, asked: SignIn, at: datetime) -> DockKey:
    """The key whose holder asks; the same request is refused from now on.

    Raises:
        ClockOff: all is well but for the time that was signed.
        DockNotSignedIn: anything else; which is never said.
    """
    key = DockKey.objects.filter(key_id=asked.key_id, revoked_at__isnull=True).select_related("dock").first()
    if key is None or not _NONCE.fullmatch(asked.nonce) or not _is_signed(key, asked):
        raise DockNotSignedIn("The dock is not signed in.")
    signed_at = _instant(asked.signed_at)
    if abs(signed_at - at) > SIGNED_WITHIN:
        raise ClockOff("The dock's clock is off.", server_time=at.isoformat())
    _use_nonce(key, asked.nonce, signed_at, at)
    return key


def standing_key(key_pk: UUID) -> DockKey:
    """The key that a session was opened with, if it was not revoked since.

    Raises:
        DockNotSignedIn.
    """
    key = DockKey.objects.filter(pk=key_pk, revoked_at__isnull=True).select_related("dock").first()
    if key is None:
        raise DockNotSignedIn("The dock is not signed in.")
    return key


def dock_actor(dock: Dock) -> Actor:
    """The dock as the custody log names it."""
    return Actor(ActorKind.CLIENT, str(dock.pk), f"Dock {dock.serial}, {dock.site}")


def report(*, dock: Dock, told: Report, by: Actor, at: datetime) -> None:
    """What the dock says of itself and its cameras is what is shown from now on; a new docking's clock is read.

    Only the clock readings are events: the rest is replaced in a minute, and nothing is decided by it.
    """
    ahead = told.dock_at - at
    with transaction.atomic():
        Dock.objects.filter(pk=dock.pk).update(last_seen_at=at)
        facts = {
            "reported_at": at,
            "clock_ahead_ms": round(ahead / timedelta(milliseconds=1)),
            "agent": told.agent,
            "free_bytes": told.free_bytes,
            "spool_files": told.spool_files,
            "spool_bytes": told.spool_bytes,
            "faults": list(told.faults),
        }
        DockStatus.objects.update_or_create(dock=dock, defaults=facts)
        there = [_docked(dock, camera, at) for camera in told.cameras]
        gone = DockedCamera.objects.filter(dock=dock, gone_at__isnull=True)
        gone = gone.exclude(pk__in=[docked.pk for docked in there])
        taken_out = list(gone.filter(camera__isnull=False).values_list("camera_id", "seen_at"))
        gone.update(gone_at=at)
        here = [docked.camera_id for docked in there if docked.camera_id is not None]
        contacts.seen_in_dock(here=here, taken_out=taken_out, at=at)
    for docked, camera in zip(there, told.cameras, strict=True):
        shown = camera.clock
        if shown is not None and docked.camera is not None and not docked.clock_read:
            uncertainty_s = shown.uncertainty_s + told.round_trip_s / 2
            our_clock = ClockShown(shown.camera_at, shown.dock_at - ahead, uncertainty_s)
            if _read_clock(docked.camera, our_clock, by, at):
                DockedCamera.objects.filter(pk=docked.pk).update(clock_read=True)


def _docked(dock: Dock, seen: CameraSeen, at: datetime) -> DockedCamera:
    """The row of a camera in the dock, brought up to date; a docking begins where the camera was not there before."""
    row = DockedCamera.objects.filter(dock=dock, serial__iexact=seen.serial).first()
    row = row or DockedCamera(dock=dock, serial=seen.serial, gone_at=at)
    if row.gone_at is not None:
        row.docked_at, row.gone_at, row.clock_read = at, None, False
        row.camera = selectors.camera_by_serial(seen.serial)
    row.seen_at = at
    for name in ("bay", "make", "model", "firmware", "files", "size_bytes", "free_bytes", "battery_percent"):
        setattr(row, name, getattr(seen, name))
    row.faults = list(seen.faults)
    row.save()
    return row


def _read_clock(camera: Camera, shown: ClockShown, by: Actor, at: datetime) -> bool:
    """Whether the reading stands; one that cannot be is passed over, and tried again with the next report."""
    try:
        clocks.record_reading(
            camera=camera,
            camera_at=shown.camera_at,
            our_at=shown.dock_at,
            uncertainty_s=shown.uncertainty_s,
            source=ClockReading.Source.DOCK,
            by=by,
            at=at,
        )
    except Invalid as error:
        logger.warning("A reading of camera %s's clock was passed over: %s", camera.serial, error.message)
        return False
    return True


def _use_nonce(key: DockKey, nonce: str, signed_at: datetime, at: datetime) -> None:
    DockNonce.objects.filter(signed_at__lt=at - 2 * SIGNED_WITHIN).delete()
    try:
        with transaction.atomic():
            DockNonce.objects.create(key=key, nonce=nonce, signed_at=signed_at)
    except IntegrityError as error:
        raise DockNotSignedIn("The dock is not signed in.") from error


def _is_signed(key: DockKey, asked: SignIn) -> bool:
    try:
        signature = _decoded(asked.signature)
        Ed25519PublicKey.from_public_bytes(bytes(key.public_key)).verify(signature, asked.statement)
    except (InvalidSignature, ValueError):
        return False
    return True


def _instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise DockNotSignedIn("The dock is not signed in.") from error
    if instant.tzinfo is None:
        raise DockNotSignedIn("The dock is not signed in.")
    return instant


def _parsed_key(text: str) -> bytes:
    try:
        raw = _decoded(text.strip())
        Ed25519PublicKey.from_public_bytes(raw)
    except ValueError as error:
        raise Invalid(
            "That is no public key: it has 43 characters, as the dock's agent shows it.",
            field="public_key",
        ) from error
    return raw


def _decoded(text: str) -> bytes:
    """The bytes of base64url without padding.

    Raises:
        ValueError: it is not that, or a second spelling of it.
    """
    try:
        raw = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    except (binascii.Error, UnicodeEncodeError) as error:
        raise ValueError(text) from error
    if urlsafe_b64encode(raw).rstrip(b"=") != text.encode("ascii"):
        raise ValueError(text)
    return raw


def _append_key(kind: EventKind, key: DockKey, by: Actor, at: datetime) -> None:
    details = {"serial": key.dock.serial, "key": key.key_id, "key_name": key.name}
    custody.append(kind=kind, subject=Subject("dock", key.dock_id), at=at, by=by, details=details)
