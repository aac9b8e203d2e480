"""Which sealed objects are there, and can they still be opened? One row each, which outlives the footage."""

from django.db import models
from django.db.models.functions import Length
from django.db.models.lookups import Exact

from tabard.kernel.ids import new_id
from tabard.sealing import WrappedKey


class SealedObject(models.Model):
    """One sealed object. `sha256` is of the plain bytes; `wrapped_key` is null once the key is destroyed."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    store_key = models.CharField(max_length=255, unique=True)
    size_bytes = models.BigIntegerField()
    sealed_size_bytes = models.BigIntegerField()
    sha256 = models.BinaryField(max_length=32)
    chunk_size = models.PositiveIntegerField()
    wrapped_key = models.BinaryField(max_length=512, null=True)
    key_id = models.CharField(max_length=32)
    sealed_at = models.DateTimeField()
    key_destroyed_at = models.DateTimeField(null=True)
    removed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(wrapped_key__isnull=False, key_destroyed_at__isnull=True)
                | models.Q(wrapped_key__isnull=True, key_destroyed_at__isnull=False),
                name="vault_key_held_or_destroyed",
                violation_error_message="A key is either held or destroyed.",
            ),
            models.CheckConstraint(
                condition=models.Q(removed_at__isnull=True)
                | models.Q(key_destroyed_at__isnull=False, removed_at__gte=models.F("key_destroyed_at")),
                name="vault_removed_after_key_destroyed",
                violation_error_message="An object is removed only after its key is destroyed.",
            ),
            models.CheckConstraint(
                condition=models.Q(Exact(Length("sha256"), 32)),
                name="vault_sha256_has_32_bytes",
                violation_error_message="A SHA-256 has 32 bytes.",
            ),
            models.CheckConstraint(
                condition=models.Q(size_bytes__gte=0, sealed_size_bytes__gt=models.F("size_bytes"))
                & models.Q(chunk_size__gt=0),
                name="vault_sizes_fit",
                violation_error_message="Sealing adds bytes to an object; it never takes any away.",
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)

    @property
    def is_readable(self) -> bool:
        """Whether the key is still held."""
        return self.wrapped_key is not None

    @property
    def key(self) -> WrappedKey | None:
        """The wrapped data key, or None once it is destroyed."""
        return None if self.wrapped_key is None else WrappedKey(self.key_id, bytes(self.wrapped_key))
