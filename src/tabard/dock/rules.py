"""What is to be done next with a file on a card, and if nothing, what does it wait for?

One answer for each set of facts, so that after any crash the agent only has to look again. Reading and sending come
before asking; erasing comes last, and needs every fact in its favour. That it may then be erased only its permit says
(`permits.py`); these rules say no more than that it is worth asking for one.
"""

from dataclasses import dataclass
from enum import IntEnum, StrEnum


class Do(StrEnum):
    """The one thing to do now."""

    HASH = "hash"
    SPOOL = "spool"
    SEND = "send"
    ASK = "ask"
    ERASE = "erase"
    WAIT = "wait"
    NOTHING = "nothing"


class WaitsFor(StrEnum):
    """What keeps a file from going on, in a word; what ends by itself is worth waiting for."""

    SETTLING = "settling"
    LINE = "line"
    QUIET = "quiet hours"
    SPOOL = "spool"
    SERVER = "server"
    RECORDING = "recording"
    PERSON = "person"
    NOBODY = ""


class Erase(StrEnum):
    """Whether cameras are emptied."""

    NEVER = "never"
    WITH_PERMIT = "with_permit"


class ServerState(StrEnum):
    """What the server says became of an upload."""

    RECEIVING = "receiving"
    SEALED = "sealed"
    SECURED = "secured"
    PERMITTED = "permitted"
    ERASED = "erased"
    EXPIRED = "expired"


class Stage(IntEnum):
    """How far a file has come, for those who look on. A later stage includes the earlier ones."""

    FOUND = 0
    SPOOLED = 1
    SEALED = 2
    SECURED = 3
    PERMITTED = 4
    ERASED = 5


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What is known of one file on a card.

    Attributes:
        has_settled: it has not grown for a while.
        is_hashed: its SHA-256 is known.
        is_spooled: the spool holds all of it.
        state: what the server said last; None if it has nothing of it.
        has_camera: it was sent under a camera's serial number.
        is_recording_sealed: every file of its recording is sealed.
        differs: other bytes were sealed before under its name, so a person must look at both.
        problem: what a person must look at first, in words.
    """

    has_settled: bool = True
    is_hashed: bool = False
    is_spooled: bool = False
    state: ServerState | None = None
    has_camera: bool = True
    is_recording_sealed: bool = True
    differs: bool = False
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """How things stand around the files.

    Attributes:
        is_line_up: the server is worth trying.
        is_quiet: nothing may be sent now.
        is_spooling: files go to the spool when they cannot be sent.
        has_spool_room: there is room for this file.
        is_read_only: nothing can be removed from the card.
    """

    is_line_up: bool = True
    is_quiet: bool = False
    is_spooling: bool = False
    has_spool_room: bool = True
    erase: Erase = Erase.NEVER
    is_read_only: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """What to do; when that is to wait or nothing, what for, with a sentence."""

    do: Do
    waits_for: WaitsFor = WaitsFor.NOBODY
    words: str = ""


_ON_THE_SERVER = {ServerState.SEALED, ServerState.SECURED, ServerState.PERMITTED, ServerState.ERASED}


def next_step(file: FileFacts, now: Circumstances) -> Step:
    """The one thing to do with the file now."""
    if file.problem:
        return Step(Do.NOTHING, WaitsFor.PERSON, file.problem)
    if not file.has_settled:
        return Step(Do.WAIT, WaitsFor.SETTLING, "It waits until the file has stopped growing.")
    if file.state not in _ON_THE_SERVER:
        return _towards_the_server(file, now)
    if file.state is ServerState.SEALED:
        return _until_secured(now)
    return _towards_erasure(file, now)


def _towards_the_server(file: FileFacts, now: Circumstances) -> Step:
    if file.is_spooled:
        return _held_up(now) or Step(Do.WAIT, WaitsFor.LINE, "It is being sent from the spool.")
    if held_up := _held_up(now):
        return _spooled_meanwhile(held_up, now)
    return Step(Do.SEND if file.is_hashed else Do.HASH)


def _held_up(now: Circumstances) -> Step | None:
    """Why nothing can be sent now."""
    if now.is_quiet:
        return Step(Do.WAIT, WaitsFor.QUIET, "It waits for the end of the quiet hours.")
    if not now.is_line_up:
        return Step(Do.WAIT, WaitsFor.LINE, "It waits for the server.")
    return None


def _spooled_meanwhile(held_up: Step, now: Circumstances) -> Step:
    if not now.is_spooling:
        return held_up
    if not now.has_spool_room:
        return Step(Do.WAIT, WaitsFor.SPOOL, "The spool is full; it stays on the card until it can be sent.")
    return Step(Do.SPOOL)


def _until_secured(now: Circumstances) -> Step:
    if now.is_line_up:
        return Step(Do.ASK)
    return Step(Do.WAIT, WaitsFor.SERVER, "The server has sealed it and is making sure of it.")


def _towards_erasure(file: FileFacts, now: Circumstances) -> Step:
    """Every reason not to erase comes first."""
    if kept := _reason_to_keep(file, now):
        return Step(Do.NOTHING, words=kept)
    if not file.is_recording_sealed:
        return Step(Do.WAIT, WaitsFor.RECORDING, "It waits for the other files of its recording.")
    if not now.is_line_up:
        return Step(Do.WAIT, WaitsFor.LINE, "It waits for the server.")
    return Step(Do.ERASE)


def _reason_to_keep(file: FileFacts, now: Circumstances) -> str:
    """Why this file will stay on its card, whatever the server says; empty where nothing speaks for that."""
    if now.erase is not Erase.WITH_PERMIT:
        return "It stays on the card: erasing is off."
    if file.differs:
        return "It stays on the card: other bytes were sealed under its name before."
    if not file.has_camera:
        return "It stays on the card, which does not say what camera it is of."
    if now.is_read_only:
        return "It stays on the card, which is read-only."
    return ""
