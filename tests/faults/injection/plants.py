"""Defects put in on purpose: can the harness see them? Each breaks one promise that the product lives by."""

import contextlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from django.db import transaction
from tests.faults.injection import acts

from tabard.custody import adapters as custody_adapters
from tabard.custody import sequencer
from tabard.intake import services as intake
from tabard.sealing import open as opening
from tabard.sealing import seal as sealing
from tabard.vault import services as vault
from tabard.vault.adapters import local


def no_fsync() -> None:
    """Objects are named without their bytes being synced."""
    _replace(local.os, "fsync", lambda descriptor: None)


def no_folder_sync() -> None:
    """Names are never made durable."""
    _replace(local, "sync_folder", lambda folder: None)


def answer_before_commit() -> None:
    """The sender is told that it was stored before the transaction is."""
    honest = acts.seal

    def hasty(number: int, say: acts.Say) -> None:
        say(f"sealed {number}")
        honest(number, lambda _: None)

    acts.ACTS["seal"] = hasty


def event_after_commit() -> None:
    """The act commits first, its event in a transaction of its own afterwards."""
    honest = intake.append

    def later(**event: Any) -> None:
        def append_alone() -> None:
            with transaction.atomic():
                honest(**event)

        transaction.on_commit(append_alone)

    _replace(intake, "append", later)


def visible_while_written() -> None:
    """An object is written under its own name from the first byte."""

    class Naive(local.LocalWriter):
        def __init__(self, store: local.LocalStore, path: Path, *others: Any) -> None:
            super().__init__(store, path, *others)
            store.ensure_folder(path.parent)
            os.link(self._temporary, path)

        def commit(self) -> None:
            os.fsync(self._descriptor)
            self._close()

    _replace(local, "LocalWriter", Naive)


def full_disk_ignored() -> None:
    """A write that failed is taken for one that did not."""
    honest = os.write

    def blind(descriptor: int, data: bytes) -> int:
        with contextlib.suppress(OSError):
            return honest(descriptor, data)
        return len(data)

    _replace(local.os, "write", blind)


def row_before_object() -> None:
    """The row is committed first, and the object made durable after it."""

    def receive(**received: Any) -> Any:
        receipt = honest(**received)
        received["pending"]._late.commit()
        return receipt

    def seal_and_wait(self: vault.PendingObject) -> Any:
        self.facts = self._sealer.finish()
        self._late, self._writer = self._writer, mock.Mock()
        return self.facts

    honest = intake.receive
    _replace(vault.PendingObject, "seal", seal_and_wait)
    _replace(intake, "receive", receive)


def nodes_after_positions() -> None:
    """Positions are committed before the tree's nodes."""
    honest = sequencer._store_nodes
    _replace(sequencer, "_store_nodes", lambda nodes: transaction.on_commit(lambda: honest(nodes)))


def signature_not_remembered() -> None:
    """A checkpoint is given out without being remembered outside the database."""

    honest = custody_adapters.FileSigner.sign
    remembered = Path(os.environ["TABARD_HOME"]) / "keys" / "log-key.last-signed"

    def sign(self: custody_adapters.FileSigner, text: str) -> str:
        before = self.last_signed()
        note = honest(self, text)
        remembered.unlink() if before is None else remembered.write_text(before)
        return note

    _replace(custody_adapters.FileSigner, "sign", sign)


def any_history_is_signed() -> None:
    """Nobody looks whether the log continues what was signed last."""
    _replace(sequencer, "_check_continues", lambda last_note, size: None)


def unchecked_tag() -> None:
    """Chunks are decrypted without their tags being checked, and the hash is not compared."""

    def open_chunk(self: opening.SealedReader, number: int, sealed: memoryview) -> bytes:
        counter = opening.chunk_nonce(number) + (2).to_bytes(4, "big")
        cipher = Cipher(algorithms.AES(_KEYS[id(self._cipher)]), modes.CTR(counter)).decryptor()
        return cipher.update(bytes(sealed[: -opening.TAG_BYTES])) + cipher.finalize()

    honest = opening.AESGCM

    def remembered(key: bytes) -> Any:
        cipher = honest(key)
        _KEYS[id(cipher)] = key
        _KEPT.append(cipher)
        return cipher

    _replace(opening, "AESGCM", remembered)
    _replace(opening.SealedReader, "_open_chunk", open_chunk)
    _replace(opening.SealedReader, "verify", lambda self: self._sha256)


def chunks_not_bound() -> None:
    """Every chunk is encrypted as if it were the first, so that they can change places."""
    for module in (sealing, opening):
        honest = module.chunk_binding
        _replace(module, "chunk_nonce", lambda number: (0).to_bytes(12, "big"))
        _replace(
            module, "chunk_binding", lambda header, number, last, honest=honest: honest(header, 0, last=False)
        )
    _replace(opening.SealedReader, "verify", lambda self: self._sha256)


_KEYS: dict[int, bytes] = {}
_KEPT: list[Any] = []
PLANTS: dict[str, Callable[[], None]] = {
    each.__name__: each
    for each in (
        no_fsync,
        no_folder_sync,
        answer_before_commit,
        event_after_commit,
        visible_while_written,
        full_disk_ignored,
        row_before_object,
        nodes_after_positions,
        signature_not_remembered,
        any_history_is_signed,
        unchecked_tag,
        chunks_not_bound,
    )
}


def plant(name: str) -> None:
    """Break the product in the way that `name` says; an empty name breaks nothing."""
    if name:
        PLANTS[name]()


def _replace(owner: Any, name: str, value: Any) -> None:
    assert hasattr(owner, name), f"{owner} has no {name} to break any more"
    mock.patch.object(owner, name, value).start()
