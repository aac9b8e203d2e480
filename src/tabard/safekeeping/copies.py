"""Is this copy of an object what was sealed, and how does another store get a good one?

A copy is good when every byte of it was read back, authenticated and hashed, and nothing stands before, after or in
place of it. A copy is made only from bytes that were authenticated on the way, and counts only once it was itself
read back from the store that now holds it. Nothing here touches the database.
"""

from tabard.kernel.errors import Integrity
from tabard.vault.errors import CopyOverlong, ObjectLost, ObjectMissing
from tabard.vault.models import SealedObject
from tabard.vault.ports import ObjectStore
from tabard.vault.services import open_copy


def verify_copy(*, obj: SealedObject, store: ObjectStore) -> None:
    """Return only if the store's copy, whole, is what was sealed and recorded.

    Raises:
        Integrity: it is missing, damaged, longer, shorter, or another object; `code` and words say which.
        KeyDestroyed: the object was disposed of.
        Unavailable: the store or the key ring cannot serve now; nothing is known of the copy.
    """
    _check_size(obj, store)
    open_copy(obj=obj, store=store).verify()


def copy_object(*, obj: SealedObject, source: ObjectStore, target: ObjectStore) -> None:
    """The target holds a good copy when this returns, in place of whatever stood there; it was read back.

    Nothing becomes visible in the target before the whole of the source was found good. A kill leaves what stood
    there, or the whole copy.

    Raises:
        Integrity: the source's copy is not good, or what was written does not read back; which, `fields` say as
            `copy` ("source" or "target").
        KeyDestroyed, Unavailable: as `verify_copy`.
    """
    try:
        _check_size(obj, source)
        reader = open_copy(obj=obj, store=source)
        with target.replace(obj.store_key) as writer:
            reader.verify(writer.write)
            writer.commit()
    except Integrity as error:
        error.fields["copy"] = "source"
        raise
    try:
        verify_copy(obj=obj, store=target)
    except Integrity as error:
        error.fields["copy"] = "target"
        raise


def _check_size(obj: SealedObject, store: ObjectStore) -> None:
    """A reader looks only at the bytes that were sealed; what follows them would go unseen."""
    try:
        size_bytes = store.size(obj.store_key)
    except ObjectMissing as error:
        raise ObjectLost("The store no longer holds this object.", object_id=obj.id) from error
    if size_bytes > obj.sealed_size_bytes:
        raise CopyOverlong(
            f"The store holds {size_bytes:,} bytes where {obj.sealed_size_bytes:,} were sealed.",
            object_id=obj.id,
        )
