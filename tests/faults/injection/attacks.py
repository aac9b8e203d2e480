"""What somebody does behind the application's back, which it must notice: the answer says what it failed to notice."""

import os
from collections.abc import Callable
from pathlib import Path

import psycopg
from tests.faults.injection import acts

from tabard.custody import sequencer
from tabard.custody.adapters import log_signer
from tabard.custody.errors import LogCorrupt
from tabard.kernel.errors import Integrity
from tabard.sealing.format import DEFAULT_CHUNK_BYTES, HEADER_BYTES, TAG_BYTES
from tabard.vault import services as vault
from tabard.vault.models import SealedObject


def flip_a_bit(number: int) -> list[str]:
    """A disk returns one bit differently."""
    path, obj = _newest(number)
    sealed = bytearray(path.read_bytes())
    sealed[HEADER_BYTES + (number * 7919) % DEFAULT_CHUNK_BYTES] ^= 1 << number % 8
    path.chmod(0o600)
    path.write_bytes(sealed)
    return _not_noticed(obj, "a flipped bit")


def swap_chunks(number: int) -> list[str]:
    """Two chunks change places."""
    path, obj = _newest(number)
    sealed, step = path.read_bytes(), DEFAULT_CHUNK_BYTES + TAG_BYTES
    first, second = (sealed[HEADER_BYTES + n * step : HEADER_BYTES + (n + 1) * step] for n in (0, 1))
    path.chmod(0o600)
    path.write_bytes(sealed[:HEADER_BYTES] + second + first + sealed[HEADER_BYTES + 2 * step :])
    return _not_noticed(obj, "swapped chunks")


def rewind(number: int) -> list[str]:
    """The administrator cuts off the log's end, and lets the application sign what is left with something new."""
    for each in (number, number + 1_000_000):
        acts.before("checkpoint", each)
        acts.checkpoint(each, lambda _: None)
    size = sequencer.tree_size()
    last = size - 1
    with psycopg.connect(os.environ["TABARD_SUPERUSER_URL"]) as superuser:
        for table in ("event", "eventparticulars", "checkpoint", "node"):
            superuser.execute(f"ALTER TABLE custody_{table} DISABLE TRIGGER ALL")
        superuser.execute(
            "DELETE FROM custody_eventparticulars USING custody_event WHERE event_id = id AND position = %s",
            [last],
        )
        superuser.execute("DELETE FROM custody_event WHERE position = %s", [last])
        superuser.execute("DELETE FROM custody_checkpoint WHERE size = %s", [size])
        superuser.execute("DELETE FROM custody_node WHERE (index + 1) << level > %s", [last])
        for table in ("event", "eventparticulars", "checkpoint", "node"):
            superuser.execute(f"ALTER TABLE custody_{table} ENABLE TRIGGER ALL")
    acts.before("checkpoint", number + 2_000_000)
    sequencer.sequence()
    try:
        sequencer.sign_checkpoint(at=acts.now(), signer=log_signer())
    except LogCorrupt:
        return []
    return ["not noticed: a second history was signed"]


ATTACKS: dict[str, Callable[[int], list[str]]] = {
    "flip_a_bit": flip_a_bit,
    "swap_chunks": swap_chunks,
    "rewind": rewind,
}


def _newest(number: int) -> tuple[Path, SealedObject]:
    acts.seal(number, lambda _: None)
    obj = SealedObject.objects.latest("sealed_at")
    return Path(os.environ["TABARD_HOME"]) / "vault" / obj.store_key, obj


def _not_noticed(obj: SealedObject, what: str) -> list[str]:
    try:
        for _ in vault.open_object(obj=obj).read():
            pass
        vault.open_object(obj=obj).verify()
    except Integrity:
        return []
    return [f"not noticed: {what}"]
