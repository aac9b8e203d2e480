"""How does the spool get empty? One file after the other, the oldest first, whenever the server can be reached."""

from collections.abc import Callable

from tabard.dock.cards import Found
from tabard.dock.delivery import deliver
from tabard.dock.errors import ChecksumDiffers, DoorAway, DoorRefuses, FileChanged, SpoolBroken
from tabard.dock.memory import Known
from tabard.dock.spool import Entry
from tabard.dock.station import Station

_BROKEN = "spool"


class Draining:
    """The sending of what is in the spool; for one thread.

    Args:
        station: The agent's parts.
        say: Told in a line what happened.
    """

    def __init__(self, station: Station, say: Callable[[str], None]) -> None:
        self._station, self._say = station, say

    def reconcile(self) -> None:
        """Memory and spool say the same: whichever of them was lost, what is in the spool counts."""
        memory, held = self._station.memory, set()
        for entry in self._station.spool.entries():
            held.add(entry.id)
            known = self._known(entry)
            if known.spooled != entry.id:
                memory.note(known, at=self._station.now(), spooled=entry.id, sha256=entry.sha256)
        for known in memory.spooled():
            if known.spooled not in held:
                memory.note(known, at=self._station.now(), spooled="")
        self._count()

    def round(self) -> int:
        """What can be sent now was sent and is gone from the spool; how many files are left."""
        for entry in self._station.spool.entries():
            if self._station.stop.is_set() or self._station.is_quiet() or not self._station.door.line.is_up():
                break
            self._send(entry)
        return self._count()

    def _send(self, entry: Entry) -> None:
        known, metered = self._known(entry), self._station.board.spool_meter.following()
        try:
            with self._station.spool.outgoing(entry) as outgoing:
                known = deliver(self._station, known, outgoing, on_sent=metered)
        except DoorAway as error:
            self._say(error.message)
            return
        except (DoorRefuses, ChecksumDiffers, FileChanged, SpoolBroken) as error:
            self._station.board.fault(f"spool {entry.id}", f"{entry.path} in the spool: {error.message}")
            return
        # The server has it before the spool loses it; a crash between sends nothing, the server says that it has it.
        self._station.spool.remove(entry.id)
        self._station.memory.note(known, at=self._station.now(), spooled="")
        self._station.board.fault(f"spool {entry.id}", "")
        self._say(f"{entry.path}: sealed from the spool")

    def _known(self, entry: Entry) -> Known:
        found = Found(entry.path, entry.size_bytes, entry.modified_ns)
        return self._station.memory.know(entry.card, found, entry.glance, at=self._station.now())

    def _count(self) -> int:
        entries, broken = self._station.spool.survey()
        words = (
            f"{len(broken)} files of the spool cannot be read; the cards still have them." if broken else ""
        )
        board = self._station.board
        board.fault(_BROKEN, words)
        board.spool_files, board.spool_bytes = len(entries), self._station.spool.size_bytes
        return len(entries)
