"""May this file be erased now? Only an erase permit says so, and only of the one file that it names.

`docs/reference/dock-protocol.md`, "Erase permits". Pure: the file's facts and the time come in, a refusal or nothing
goes out. Nothing here is lenient: a line too many, a second spelling of a number, a minute too late, and the file
stays.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self

from tabard.dock.errors import PermitWrong
from tabard.kernel.errors import Integrity
from tabard.merkle.note import ED25519, VerifierKey, open_note

FIRST_LINE = "tabard/erase-permit/v1"
GOOD_FOR = timedelta(minutes=10)
MOST_PERMIT_BYTES = 16 * 1024

_NUMBER = r"0|[1-9][0-9]{0,18}"
_TIME = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?(?:Z|\+00:00)"
_PERMIT = re.compile(
    rf"""{re.escape(FIRST_LINE)}
(?P<permit>[0-9A-Za-z_-]{{1,64}})
dock (?P<dock>[^\n]+)
camera (?P<camera>[^\n]+)
file (?P<name>[^\n]+)
size (?P<size>{_NUMBER})
sha256 (?P<sha256>[0-9a-f]{{64}})
object (?P<object>[^\n]+)
checkpoint (?P<checkpoint_size>{_NUMBER}) (?P<checkpoint_root>[0-9A-Za-z+/]{{43}}=)
issued (?P<issued>{_TIME})
expires (?P<expires>{_TIME})
"""
)


@dataclass(frozen=True, slots=True)
class FileAtHand:
    """The file before us, as it was read just now, where it lies, and the object that the server made of it."""

    dock: str
    camera: str
    name: str
    size_bytes: int
    sha256: str
    object_id: str


@dataclass(frozen=True, slots=True)
class Permit:
    """What a permit says; to be had from `open_permit`, which checks who signed it."""

    id: str
    file: FileAtHand
    checkpoint_size: int
    issued_at: datetime
    expires_at: datetime

    @classmethod
    def parse(cls, text: str) -> Self:
        """What the text says. Nothing is verified.

        Raises:
            PermitWrong: `why` is "malformed".
        """
        match = _PERMIT.fullmatch(text)
        if match is None:
            raise PermitWrong("That is not an erase permit.", why="malformed")
        try:
            issued_at, expires_at = _instant(match["issued"]), _instant(match["expires"])
        except ValueError as error:
            raise PermitWrong("The permit holds a time that does not exist.", why="malformed") from error
        file = FileAtHand(
            match["dock"],
            match["camera"],
            match["name"],
            int(match["size"]),
            match["sha256"],
            match["object"],
        )
        return cls(match["permit"], file, int(match["checkpoint_size"]), issued_at, expires_at)


def open_permit(note: bytes, keys: Sequence[VerifierKey]) -> Permit:
    """What the permit says, if a permit key signed it.

    Args:
        note: As the server gave it.
        keys: The permit keys that this agent was enrolled with; no other is obeyed.

    Raises:
        PermitWrong: `why` is "signature" or "malformed".
    """
    if len(note) > MOST_PERMIT_BYTES:
        raise PermitWrong("That is too long for an erase permit.", why="malformed")
    try:
        text = open_note(note, [key for key in keys if key.algorithm == ED25519]).text
    except Integrity as error:
        raise PermitWrong(
            f"The permit is not signed by a permit key: {error.message}", why="signature"
        ) from error
    return Permit.parse(text)


def check_permit(permit: Permit, file: FileAtHand, *, at: datetime) -> None:
    """The permit is for exactly this file, and is good at this moment.

    Args:
        permit: Opened with the permit key.
        file: What was found and hashed just now.
        at: The latest that it can be by the server's clock.

    Raises:
        PermitWrong: `why` names the first thing that does not fit.
    """
    for word, permitted, found in (
        ("dock", permit.file.dock, file.dock),
        ("camera", permit.file.camera, file.camera),
        ("name", permit.file.name, file.name),
        ("size", permit.file.size_bytes, file.size_bytes),
        ("sha256", permit.file.sha256, file.sha256),
        ("object", permit.file.object_id, file.object_id),
    ):
        if permitted != found:
            raise PermitWrong(f"The permit is for another file: its {word} differs.", why=word)
    if permit.checkpoint_size == 0:
        raise PermitWrong("The permit rests on an empty log.", why="checkpoint")
    if not timedelta(0) < permit.expires_at - permit.issued_at <= GOOD_FOR:
        raise PermitWrong("The permit is good for longer than a permit may be.", why="lifetime")
    if at >= permit.expires_at:
        raise PermitWrong("The permit has expired.", why="expired")


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
