"""The witness at work: judge, sign, remember, and only then answer. One request at a time for each log."""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from threading import Lock

from tabard.merkle.note import CosignatureSigner, NoteSignature, SignedNote, VerifierKey, open_note
from tabard.witness.keys import Logs, has_key, make_key, read_key
from tabard.witness.memory import Memory
from tabard.witness.rules import Reason, Refusal, judge, parse_request

logger = logging.getLogger(__name__)


class Witness:
    """Watches the given logs from one folder; safe to call from many threads."""

    def __init__(self, signer: CosignatureSigner, logs: Logs, memory: Memory) -> None:
        self._signer = signer
        self._logs = logs
        self._memory = memory
        self._locks: Mapping[str, Lock] = {origin: Lock() for origin in logs}

    @property
    def vkey(self) -> VerifierKey:
        """The key that checks this witness's cosignatures."""
        return self._signer.vkey

    def add_checkpoint(self, body: bytes, *, at: datetime) -> bytes | Refusal:
        """The cosignature line over the checkpoint, which is then remembered durably as the newest; or why not.

        Args:
            body: An add-checkpoint request (C2SP tlog-witness).
            at: Now. A clock set back does not take our word back: the time is never before the last cosignature's.

        Raises:
            MemoryLost: when what was cosigned last cannot be read.
            MemoryNotKept: when the new checkpoint could not be made durable.
        """
        request = parse_request(body)
        if isinstance(request, Refusal):
            return request
        keys = self._logs.get(request.origin, ())
        if not keys:
            return Refusal(Reason.UNKNOWN_LOG, "This witness does not watch that log.")
        with self._locks[request.origin]:
            last = self._memory.recall(request.origin, self.vkey)
            verdict = judge(request, keys, last.checkpoint if last else None)
            if isinstance(verdict, Refusal):
                self._tell(verdict, request.origin, request.note)
                return verdict
            line = self._signer.sign(verdict.to_text(), at=max(at, last.at) if last else at)
            self._memory.remember(request.origin, _cosigned(request.note, keys, line))
            return line.encode().encode()

    def latest(self, origin: str) -> bytes | None:
        """The newest checkpoint cosigned for the log, as a note with the log's signatures and ours.

        Raises:
            MemoryLost: when it cannot be read.
        """
        if origin not in self._logs:
            return None
        found = self._memory.recall(origin, self.vkey)
        return found.note if found else None

    def _tell(self, refusal: Refusal, origin: str, note: bytes) -> None:
        if refusal.reason is Reason.FORKED:
            self._memory.keep_fork(note)
        if refusal.reason in {Reason.FORKED, Reason.NOT_CONSISTENT}:
            logger.error("%s signed a checkpoint that was refused: %s", origin, refusal.words)


def _cosigned(note: bytes, keys: Sequence[VerifierKey], line: NoteSignature) -> SignedNote:
    """The note with the signatures of the log that we verified, and ours; a stranger's lines are not kept."""
    opened = open_note(note, keys)
    known = {(key.name, key.key_id) for key in opened.verified_by}
    by_the_log = dict.fromkeys(each for each in opened.signatures if (each.name, each.key_id) in known)
    return SignedNote(opened.text, (*by_the_log, line))


def open_witness(home: Path, logs: Logs, *, name: str = "") -> Witness:
    """The witness of this folder, alone in it; its key is made on first use.

    Raises:
        HomeBusy: when another process works in the folder.
        WitnessKeyUnusable: when there is no usable key under that name.
        MemoryLost: when what it cosigned is gone or damaged.
    """
    memory = Memory(home)
    memory.hold()
    if not has_key(home):
        memory.begin()
        make_key(home, name)
    signer = read_key(home, name)
    memory.check(signer.vkey)
    return Witness(signer, logs, memory)
