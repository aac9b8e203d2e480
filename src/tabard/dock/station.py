"""What do all parts of one agent share? Its configuration, memory, door, spool, board, and the wish to stop."""

import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Event

from tabard.dock.board import Board
from tabard.dock.configuration import Configuration
from tabard.dock.door import Door
from tabard.dock.keys import DockKey, spool_key
from tabard.dock.memory import FILE as MEMORY_FILE
from tabard.dock.memory import Known, Memory
from tabard.dock.pace import Pace
from tabard.dock.rules import Circumstances
from tabard.dock.sending import Sender
from tabard.dock.spool import Spool

SPOOL_FOLDER = "spool"


@dataclass(slots=True)
class Station:
    """One agent's parts; `open_station` makes it."""

    configuration: Configuration
    memory: Memory
    door: Door
    spool: Spool
    board: Board
    stop: Event
    sender: Sender = field(init=False)
    _delivering: dict[int, threading.Lock] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        pace = Pace(self.configuration.bytes_per_s)
        self.sender = Sender(self.door, pace, self.stop, lambda: not self.is_quiet())

    def now(self) -> datetime:
        """The time of this machine; for what is remembered, never for what is permitted."""
        return datetime.now(UTC)

    def is_quiet(self) -> bool:
        """Whether nothing may be sent now: hours that were set here, or the server's wish."""
        local = datetime.now().astimezone()
        return self.configuration.quiet_hours.until(local) is not None or self.door.line.is_quiet()

    def circumstances(self, *, size_bytes: int, is_read_only: bool) -> Circumstances:
        """How things stand for a file of that size."""
        return Circumstances(
            is_line_up=self.door.line.is_up(),
            is_quiet=self.is_quiet(),
            is_spooling=self.spool.is_on,
            has_spool_room=self.spool.is_on and self.spool.has_room(size_bytes),
            erase=self.configuration.erase,
            is_read_only=is_read_only,
        )

    def delivering(self, known: Known) -> threading.Lock:
        """Held by whoever sends that file: its card and the spool must not both."""
        with self._lock:
            return self._delivering.setdefault(known.id, threading.Lock())

    def close(self) -> None:
        """Nothing is open any more."""
        self.door.close()
        self.memory.close()


def open_station(configuration: Configuration, stop: Event) -> Station:
    """The parts of an agent, ready to work; what a crash left in the spool halfway is gone.

    Raises:
        BadConfiguration: the dock has no key, or a key or certificate cannot be read.
        MemoryUnusable: the folder cannot be written.
    """
    folder = configuration.folder
    key = DockKey.read(folder)
    spool = Spool(
        folder / SPOOL_FOLDER,
        spool_key(folder),
        most_bytes=configuration.spool_bytes,
        reserve_bytes=configuration.spool_reserve_bytes,
    )
    door = Door(configuration.url, key, ca_file=configuration.ca_file)
    return Station(configuration, Memory(folder / MEMORY_FILE), door, spool, Board(), stop)
