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


class StoreName(models.TextChoices):
    """The stores of an installation; `b` is there where `TABARD_STORE_B_URL` is set."""

    A = "a"
    B = "b"


class StoredCopy(models.Model):
    """One copy of an object that was read back and hashed right; `verified_at` is when that was so last.

    An object is safe once every configured store has a verified copy. No row: never read back from that store.
    """

    object = models.ForeignKey(SealedObject, models.CASCADE, related_name="copies")
    store = models.CharField(max_length=1, choices=StoreName.choices)
    verified_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["object", "store"], name="vault_copy_once_per_store"),
        ]
        # A scrub takes the copies that were not looked at for longest; that is what makes it resumable.
        indexes = [models.Index(fields=["store", "verified_at"], name="vault_copy_by_age")]

    def __str__(self) -> str:
        return f"{self.object_id} in {self.store}"


class Damage(models.Model):
    """A copy found missing or different from what was sealed, and when it was put right from another store."""

    object = models.ForeignKey(SealedObject, models.CASCADE, related_name="damages")
    store = models.CharField(max_length=1, choices=StoreName.choices)
    code = models.CharField(max_length=64)
    words = models.CharField(max_length=500)
    found_at = models.DateTimeField()
    repaired_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["object", "store"],
                name="vault_damage_open_once",
                condition=models.Q(repaired_at__isnull=True),
            ),
            models.CheckConstraint(
                condition=models.Q(repaired_at__isnull=True)
                | models.Q(repaired_at__gte=models.F("found_at")),
                name="vault_repaired_after_found",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} of {self.object_id} in {self.store}"


class Scrub(models.Model):
    """One run over the copies of a store, so that its progress can be shown and it can go on after a stop."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    store = models.CharField(max_length=1, choices=StoreName.choices)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    is_complete = models.BooleanField(default=False)
    copies = models.BigIntegerField(default=0)
    size_bytes = models.BigIntegerField(default=0)
    damaged = models.BigIntegerField(default=0)
    repaired = models.BigIntegerField(default=0)

    class Meta:
        indexes = [models.Index(fields=["store", "-started_at"], name="vault_scrub_newest")]

    def __str__(self) -> str:
        return f"scrub of {self.store} at {self.started_at}"
