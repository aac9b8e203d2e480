"""What can go wrong between us and the bytes we keep?"""

from tabard.kernel.errors import Conflict, Integrity, Invalid, NotFound, Unavailable


class StoreKeyInvalid(Invalid):
    """A store key is not one or more plain segments joined by slashes."""

    code = "store_key"


class StoreUrlInvalid(Invalid):
    """`TABARD_STORE_URL` names no kind of store that we know."""

    code = "store_url"


class ObjectExists(Conflict):
    """The store already holds an object under this key; it was left as it is."""

    code = "object_exists"


class WriterClosed(Conflict):
    """The object was committed or aborted; nothing more can be written to it."""

    code = "writer_closed"


class ObjectMissing(NotFound):
    """The store holds no object under this key."""

    code = "object_missing"


class StoreFull(Unavailable):
    """The store has no space left; nothing of the object was kept."""

    code = "store_full"


class StoreFailed(Unavailable):
    """The store could not do what it was asked; nothing of a new object became visible."""

    code = "store_failed"


class KeyRingUnsafe(Unavailable):
    """The key file is readable by others, or cannot be understood; nothing is sealed or opened with it."""

    code = "key_ring_unsafe"


class KeyNotHeld(Unavailable):
    """The key ring does not hold the key-encryption key that wrapped this data key."""

    code = "key_not_held"


class KeyInUse(Conflict):
    """The key-encryption key cannot be retired: it is the current one, or something is still wrapped by it."""

    code = "key_in_use"


class SealedObjectUnknown(NotFound):
    """No sealed object has this id."""

    code = "sealed_object_unknown"


class KeyDestroyed(NotFound):
    """The footage was disposed of: its key is destroyed and nobody can read it again."""

    code = "disposed"


class KeyStillHeld(Conflict):
    """The object's key is not destroyed yet, so its bytes may not be removed."""

    code = "key_still_held"


class AlreadyRecorded(Conflict):
    """The object was given to `record`; it can no longer be abandoned."""

    code = "already_recorded"


class ObjectSwept(Conflict):
    """The object waited so long to be recorded that its bytes were removed; they must be sealed again."""

    code = "object_swept"


class NotSealedYet(Conflict):
    """The object must be sealed before it is recorded."""

    code = "not_sealed_yet"


class ObjectLost(Integrity):
    """The store no longer holds an object that was sealed, recorded and not disposed of."""

    code = "object_lost"


class FactsDiffer(Integrity):
    """The stored object is not the one that was recorded: its size or SHA-256 differs."""

    code = "facts_differ"


class CopyOverlong(Integrity):
    """The store holds more bytes under the key than were sealed."""

    code = "copy_overlong"


class LockDoesNotHold(Conflict):
    """A store does not lock what it holds although `TABARD_STORE_LOCK_DAYS` says that it must."""

    code = "lock_does_not_hold"


class PartialUnknown(NotFound):
    """No growing object has this id: it has ended, or never was."""

    code = "partial_unknown"


class PartialInUse(Conflict):
    """Somebody else is writing to the growing object."""

    code = "partial_in_use"


class PartialOvertaken(Conflict):
    """Somebody else has gone on with the growing object; what this process held of it is of no use."""

    code = "partial_overtaken"


class PartialElsewhere(Unavailable):
    """The object grows in the spool of another machine."""

    code = "partial_elsewhere"


class PartialLost(Integrity):
    """What had arrived of a growing object is gone from the spool."""

    code = "partial_lost"


class PartialDamaged(Integrity):
    """What had arrived of a growing object is not what it was."""

    code = "partial_damaged"
