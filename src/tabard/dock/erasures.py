"""How does a camera get emptied, file by file? Read, ask for a permit, write down what is about to happen, erase, tell.

The intent is durable before a file is unlinked, and its outcome after; so a crash between leaves a question that
looking at the card again answers. The server is told of each, until it has heard.
"""

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

from tabard.dock.cards import Card, Found
from tabard.dock.delivery import note_status
from tabard.dock.erasing import erase
from tabard.dock.errors import (
    DoorAway,
    DoorRefuses,
    FileChanged,
    FileDiffers,
    NotErased,
    PermitWrong,
)
from tabard.dock.memory import Known
from tabard.dock.permits import FileAtHand, Permit, check_permit, open_permit
from tabard.dock.reading import Stopped, hash_file
from tabard.dock.rules import ServerState
from tabard.dock.sending import UploadStatus
from tabard.dock.station import Station
from tabard.kernel.errors import TabardError

_NOT_NOW = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
ERASED, NOT_ERASED = "erased", "not_erased"
_LONGEST_WHY = 500
_WHY_GONE = "The agent was stopped while it erased it, and found it gone."
_WHY_THERE = "The agent was stopped before it erased it."


@dataclass(frozen=True, slots=True)
class Erasures:
    """The erasing of one card.

    Attributes:
        station: The agent's parts.
        card: The card.
        say: Told what happened, for those who look on.
    """

    station: Station
    card: Card
    say: Callable[[str], None]

    def erase(self, known: Known, found: Found) -> Known:
        """The file is gone from the card, by a permit, and that is noted; or it is whole.

        Raises:
            NotSafeYet: there is no permit yet.
            FileDiffers: it is not what was sealed; that is noted, and it is never erased.
            PermitWrong, NotErased, FileChanged, CardGone, CannotRead, Stopped: it was left there.
            DoorAway, DoorRefuses: as ever.
        """
        sha256 = hash_file(self.card, found, self.station.stop)
        if sha256 != known.sha256:
            raise self._differing(known, found, sha256)
        permit = self._permit(known, found, sha256)
        self.station.memory.intend(known, permit.id, at=self.station.now())
        self._erase(known, found, permit)
        self.say(f"{found.shown}: erased")
        self.tell()
        return self.station.memory.get(known.id)

    def settle(self, present: set[tuple[str, int]]) -> None:
        """What a crash left open about this card is answered by what is there.

        Args:
            present: Path and size of each file on the card.
        """
        memory = self.station.memory
        for each in memory.erasures():
            if each.file.card != self.card.key or each.outcome:
                continue
            is_there = (each.file.path, each.file.size_bytes) in present
            outcome, why = (NOT_ERASED, _WHY_THERE) if is_there else (ERASED, _WHY_GONE)
            memory.conclude(each.permit, outcome, why=why, at=self.station.now())

    def tell(self) -> None:
        """The server knows how each erasure ended, or will when it can be reached."""
        tell_erasures(self.station)

    def _permit(self, known: Known, found: Found, sha256: str) -> Permit:
        """A permit for this very file, opened and checked; that there is one is noted."""
        request = {
            "upload": known.upload,
            "sha256": sha256,
            "size_bytes": found.size_bytes,
            "camera": self.card.serial,
        }
        try:
            permit = open_permit(
                self.station.door.ask("/dock/v1/permits", request).body,
                self.station.configuration.permit_keys,
            )
        except FileDiffers:
            self.station.memory.note(known, at=self.station.now(), differs="1")
            raise
        dock, latest = self.station.door.dock, self.station.door.clock.latest()
        if latest is None:
            raise NotErased("The server's time is not known.")
        at_hand = FileAtHand(dock, self.card.serial, found.name, found.size_bytes, sha256, known.object_id)
        check_permit(permit, at_hand, at=latest)
        note_status(self.station, known, UploadStatus(ServerState.PERMITTED, object_id=known.object_id))
        return permit

    def _erase(self, known: Known, found: Found, permit: Permit) -> None:
        memory, door = self.station.memory, self.station.door
        try:
            erase(
                self.card,
                found,
                permit,
                dock=door.dock,
                object_id=known.object_id,
                latest=door.clock.latest,
                stop=self.station.stop,
            )
        except (PermitWrong, NotErased, FileChanged) as error:
            memory.conclude(permit.id, NOT_ERASED, why=error.message, at=self.station.now())
            self.tell()
            raise
        except Stopped:
            memory.conclude(permit.id, NOT_ERASED, why="The agent was stopped.", at=self.station.now())
            raise
        # Any other error leaves the question open: the card is looked at again before it is answered.
        memory.conclude(permit.id, ERASED, at=self.station.now())

    def _differing(self, known: Known, found: Found, sha256: str) -> TabardError:
        """Read once more: does the file differ, or does the card not read the same twice?"""
        if hash_file(self.card, found, self.station.stop) != sha256:
            return NotErased("The card gives other bytes each time it is read.")
        self.station.memory.note(
            known, at=self.station.now(), sha256=sha256, upload="", state="", object_id="", differs="1"
        )
        return FileDiffers(f"{found.shown} is not what was sealed; it is sent as it is now, and kept.")


def tell_erasures(station: Station) -> None:
    """Every erasure whose end is known is told, as far as the server can be reached."""
    for each in station.memory.erasures():
        if not each.outcome or not station.door.line.is_up():
            continue
        told = {
            "permit": each.permit,
            "erased_at": each.at,
            "outcome": each.outcome,
            "why": each.why[:_LONGEST_WHY],
        }
        try:
            station.door.ask("/dock/v1/erasures", told)
        except DoorAway:
            return
        except DoorRefuses as error:
            if error.fields.get("status") in _NOT_NOW:
                return
            station.board.fault("erasures", f"The server does not take word of an erasure: {error.message}")
        station.memory.told(each.permit)
