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
        # Whether bytes that come in are here already.
        indexes = [models.Index(fields=["sha256"], name="vault_object_by_sha256")]

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


class PartialObject(models.Model):
    """One object that grows over many requests; the row goes when the object is whole, or given up.

    `offset_bytes` plain bytes are durable: whole chunks in the spool, sealed as `object_id`, and the rest in `tail`,
    sealed too. Both id and key change whenever another process goes on with it.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    object_id = models.UUIDField(unique=True)
    spool = models.UUIDField()
    size_bytes = models.BigIntegerField()
    offset_bytes = models.BigIntegerField(default=0)
    key_id = models.CharField(max_length=32)
    wrapped_key = models.BinaryField(max_length=512)
    tail = models.BinaryField(null=True)
    touched_at = models.DateTimeField()

    class Meta:
        constraints = [
            # The last byte is never acknowledged alone: with it the object is whole, and this row gone.
            models.CheckConstraint(
                condition=models.Q(offset_bytes=0)
                | models.Q(offset_bytes__gt=0, offset_bytes__lt=models.F("size_bytes")),
                name="vault_partial_is_not_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.offset_bytes} of {self.size_bytes} bytes of {self.id}"


class Swept(models.Model):
    """An object that was sealed but never recorded, and removed for that; one with this id is never recorded again."""

    object_id = models.UUIDField(primary_key=True, editable=False)
    store_key = models.CharField(max_length=255)
    swept_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"swept {self.object_id}"


class Move(models.Model):
    """A move of every readable object to a new store; it ends only when as many came out as went in, each verified."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    store = models.CharField(max_length=1, choices=StoreName.choices)
    url = models.CharField(max_length=1000)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    objects_in = models.BigIntegerField(null=True)
    objects_out = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["store", "url"],
                name="vault_move_open_once",
                condition=models.Q(ended_at__isnull=True),
            ),
            models.CheckConstraint(
                condition=models.Q(ended_at__isnull=True)
                | models.Q(objects_in__isnull=False, objects_out=models.F("objects_in")),
                name="vault_move_ends_whole",
                violation_error_message="A move ends only when every object that went in came out.",
            ),
        ]

    def __str__(self) -> str:
        return f"move of {self.store} to {self.url}"


class MovedObject(models.Model):
    """What became of one object in a move: when its new copy was read back and hashed right, or why it was not."""

    move = models.ForeignKey(Move, models.CASCADE, related_name="moved")
    object = models.ForeignKey(SealedObject, models.CASCADE, related_name="+")
    verified_at = models.DateTimeField(null=True)
    code = models.CharField(max_length=64, blank=True)
    words = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["move", "object"], name="vault_moved_once"),
            models.CheckConstraint(
                condition=models.Q(verified_at__isnull=False, code="")
                | models.Q(models.Q(verified_at__isnull=True), ~models.Q(code="")),
                name="vault_moved_or_why_not",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.object_id} in {self.move_id}"
