"""Is it certain that a camera may forget a file? Everything that has to hold, asked anew each time.

Rows are not believed alone: a database can be older than the stores (a restored backup), or know of stores that are
others by now. So every configured store is asked for the object itself, a verification from before a restore does not
count, and the event of sealing has to name the very hash, in the log, under a checkpoint that witnesses saw where the
policy asks for them.
"""

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils.module_loading import import_string

from tabard.custody import selectors as log
from tabard.custody.errors import NotYetSequenced, NotYetWitnessed, WitnessPolicyUnusable
from tabard.custody.kinds import EventKind
from tabard.custody.selectors import LogFilter
from tabard.kernel.errors import Integrity, Unavailable
from tabard.sealing import SealedReader
from tabard.vault import reading
from tabard.vault import selectors as vault
from tabard.vault.models import SealedObject, StoredCopy
from tabard.vault.stores import configured_stores, configured_urls

CHECKPOINT, WITNESSES, DISPOSED = "checkpoint", "witnesses", "disposed of"
_SEALING = (EventKind.OBJECT_SEALED, EventKind.OBJECT_CONFLICTED)
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Covering:
    """The checkpoint that covers an event: of how many events, and their root hash."""

    tree_size: int
    root: bytes


@dataclass(frozen=True, slots=True)
class Safety:
    """What an object still waits for, in words; with nothing left, the checkpoint that covers its sealing."""

    waits_for: tuple[str, ...]
    checkpoint: Covering | None = None

    @property
    def is_safe(self) -> bool:
        """Whether it is."""
        return not self.waits_for and self.checkpoint is not None


def by_record(obj: SealedObject) -> Safety:
    """How safe the object is by what is recorded; quick, for showing."""
    if not obj.is_readable:
        return Safety((DISPOSED,))
    waits = _stores_by_record(obj)
    checkpoint, missing = _checkpoint(obj)
    return Safety((*waits, *missing), checkpoint)


def by_looking(obj: SealedObject) -> Safety:
    """How safe the object is by record and by asking every store for it; outside any transaction, as it takes time."""
    recorded = by_record(obj)
    if recorded.waits_for:
        return recorded
    missing = tuple(f"store {name}" for name in configured_stores() if not _stands_there(obj, name))
    return Safety(missing, recorded.checkpoint)


def _stores_by_record(obj: SealedObject) -> tuple[str, ...]:
    """The stores that have no copy on record that was read back since the last restore, and is not damaged since."""
    copies = StoredCopy.objects.filter(object=obj)
    since = _restored_at()
    if since is not None:
        copies = copies.filter(verified_at__gt=since)
    good = set(copies.values_list("store", flat=True))
    missing = tuple(f"store {name}" for name in configured_urls() if name not in good)
    if not missing and not vault.is_safe(object_id=obj.pk):
        return ("repair",)
    return missing


def _restored_at() -> datetime | None:
    return next((found.at for found in log.page(LogFilter(kind=EventKind.BACKUP_RESTORED), limit=1)), None)


def _checkpoint(obj: SealedObject) -> tuple[Covering | None, tuple[str, ...]]:
    """The newest witnessed checkpoint, which covers the sealing of just these bytes; else what is missing."""
    sealings = log.page(LogFilter(subject_id=obj.pk, kinds=_SEALING))
    if not sealings or not all(_names(bytes(sealed.leaf), obj) for sealed in sealings):
        logger.error("No event says that object %s was sealed as it is.", obj.pk)
        return None, (CHECKPOINT,)
    try:
        head = log.proof_walk(sealings[0].pk).checkpoint
    except (NotYetWitnessed, WitnessPolicyUnusable):
        return None, (WITNESSES,)
    except NotYetSequenced:
        return None, (CHECKPOINT,)
    return Covering(head.size, bytes(head.root)), ()


def _names(sealed: bytes, obj: SealedObject) -> bool:
    leaf: dict[str, Any] = json.loads(sealed)
    return leaf.get("sha256") == bytes(obj.sha256).hex() and UUID(leaf["subject"]["id"]) == obj.pk


def _stands_there(obj: SealedObject, name: str) -> bool:
    """Whether the store gives out the object's beginning and end, and they are authentic and of this size and hash."""
    try:
        reader: SealedReader = reading.open_copy(
            obj=obj, store=configured_stores()[name], data_key=reading.data_key_of(obj)
        )
    except Unavailable:
        return False
    except Integrity as error:
        logger.exception("Store %s does not hold object %s as it should.", name, obj.pk)
        report: Callable[[UUID, str, Integrity], None] = import_string(settings.TABARD_DAMAGE_REPORT)
        report(obj.pk, name, error)
        return False
    return reader.size_bytes == obj.size_bytes
