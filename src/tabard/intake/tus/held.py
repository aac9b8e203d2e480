"""Which growing objects does this process still hold in memory, and which is it writing to?

One that is held goes on at once; any other is read back first. So a few are kept for a while, unlocked: whoever goes on
with one in another process leaves ours behind, which shows as soon as it is looked at. Used by the event loop alone.
"""

from collections import OrderedDict
from uuid import UUID

from tabard.intake.tus.errors import UploadInUse
from tabard.sealing.format import DEFAULT_CHUNK_BYTES
from tabard.vault.errors import PartialInUse
from tabard.vault.partials import GrowingObject

MOST_HELD = 256
MOST_HELD_BYTES = 16 * 1024 * 1024


class HeldUploads:
    """Growing objects by their upload, the one touched last at the end."""

    def __init__(self, most: int = MOST_HELD) -> None:
        self._most = most
        self._idle: OrderedDict[UUID, GrowingObject] = OrderedDict()
        self._busy: set[UUID] = set()

    def claim(self, upload_id: UUID) -> None:
        """No other request of this process writes to the upload until `release`.

        Raises:
            UploadInUse: one does.
        """
        if upload_id in self._busy:
            raise UploadInUse("Somebody else is writing to this upload just now.", upload=upload_id)
        self._busy.add(upload_id)

    def release(self, upload_id: UUID) -> None:
        """Another request may write to it."""
        self._busy.discard(upload_id)

    def take(self, upload_id: UUID, growing_as: UUID | None, offset_bytes: int) -> GrowingObject | None:
        """The growing object, locked, if it is held and at just the state that its row tells.

        Raises:
            UploadInUse: another process writes to it.
        """
        growing = self._idle.pop(upload_id, None)
        if growing is None:
            return None
        if (growing.object_id, growing.offset_bytes) != (growing_as, offset_bytes):
            growing.close()
            return None
        try:
            growing.lock()
        except PartialInUse as error:
            growing.close()
            raise UploadInUse("Somebody else is writing to this upload just now.") from error
        return growing

    def keep(self, growing: GrowingObject) -> None:
        """It goes on at once when more of it comes soon, here or elsewhere."""
        growing.unlock()
        self._idle[growing.partial_id] = growing
        while len(self._idle) > self._most or self._held_bytes() > MOST_HELD_BYTES:
            self._idle.popitem(last=False)[1].close()

    def forget(self, upload_id: UUID) -> None:
        """It ended."""
        growing = self._idle.pop(upload_id, None)
        if growing is not None:
            growing.close()

    def _held_bytes(self) -> int:
        """What makes no chunk yet is in memory; of whole chunks nothing is."""
        return sum(growing.offset_bytes % DEFAULT_CHUNK_BYTES for growing in self._idle.values())

    def close(self) -> None:
        """Nothing is held any more."""
        while self._idle:
            self._idle.popitem()[1].close()
