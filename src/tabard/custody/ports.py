"""What custody needs from outside PostgreSQL: a key that signs checkpoints, and someone who knows what comes next."""

from collections.abc import Callable
from typing import Protocol

from tabard.custody.actors import Subject
from tabard.custody.kinds import EventKind
from tabard.merkle.note import VerifierKey

EventRouter = Callable[[EventKind, Subject], None]
"""Queues, inside the caller's transaction, the jobs that follow from an event; wired by `config`."""


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
