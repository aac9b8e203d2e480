"""What custody needs from outside PostgreSQL: a key that signs, witnesses, and someone who knows what comes next."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from tabard.custody.actors import Subject
from tabard.custody.kinds import EventKind
from tabard.merkle.note import VerifierKey

EventRouter = Callable[[EventKind, Sequence[Subject]], None]
"""Queues, inside the caller's transaction, the jobs that follow from events of a kind; wired by `config`."""


class CheckpointSigner(Protocol):
    """Holds the log's private keys: one, or after a rotation several."""

    @property
    def origin(self) -> str:
        """The log's name, as its checkpoints begin."""

    @property
    def vkey(self) -> str:
        """The verifier key to give to others (C2SP signed-note): the newest one's."""

    @property
    def verifiers(self) -> tuple[VerifierKey, ...]:
        """Every key that ever signed this log, newest first; a checkpoint by any of them is the log's own."""

    def sign(self, text: str) -> str:
        """The note over a checkpoint's text, signed by every key that signs now.

        From now on `last_signed` gives it, even if we are killed.
        """

    def last_signed(self) -> str | None:
        """The last note that was signed, remembered outside the database; None before the first."""


@dataclass(frozen=True, slots=True)
class SawSize:
    """A witness did not cosign: of this log it has seen a tree of this size, and wants a proof from there."""

    size: int


class WitnessClient(Protocol):
    """Somebody else who checks that the log only grows (C2SP tlog-witness)."""

    def add_checkpoint(self, *, old_size: int, proof: Sequence[bytes], note: str) -> str | SawSize:
        """The cosignature lines that the witness answers with, not verified; or what it saw last.

        Args:
            old_size: The size that we believe the witness cosigned last; 0 for none.
            proof: The consistency proof from there; empty from 0 and between equal sizes.
            note: The checkpoint as we signed it.

        Raises:
            WitnessUnavailable: when it cannot be reached, is slow, or answers what the protocol does not know.
            WitnessRefused: when it will not cosign, and says why by its status.
            WitnessDisagrees: when it does not accept the proof.
        """

    def close(self) -> None:
        """Nothing is held open any more."""


class TimestampAuthority(Protocol):
    """Someone who says what existed when (RFC 3161)."""

    @property
    def name(self) -> str:
        """What its tokens are kept under: its address, without what only we should know."""

    def stamp(self, query: bytes) -> bytes:
        """The DER of its TimeStampResp to a TimeStampReq; nothing is checked yet.

        Raises:
            TsaUnavailable: when it cannot be reached, or does not answer as an authority does.
        """
