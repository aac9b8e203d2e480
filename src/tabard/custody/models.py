"""The custody log as rows. Only `custody` writes here; everyone else appends through `services.append`."""

from django.db import models

from tabard.kernel.ids import new_id


class Event(models.Model):
    """One act upon evidence. `leaf` holds the exact bytes that the tree commits to; `position` comes later.

    `position` stays null until the sequencer has given the committed event its place in the tree.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(max_length=64)  # an `EventKind`
    at = models.DateTimeField()
    subject_type = models.CharField(max_length=32)
    subject_id = models.UUIDField()
    leaf = models.BinaryField()
    position = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["position"],
                name="custody_event_position_once",
                condition=models.Q(position__isnull=False),  # events that wait cost the index nothing
            ),
            models.CheckConstraint(
                condition=models.Q(position__isnull=True) | models.Q(position__gte=0),
                name="custody_event_position_not_negative",
            ),
        ]
        indexes = [
            models.Index(
                fields=["id"], name="custody_event_unsequenced", condition=models.Q(position__isnull=True)
            ),
            models.Index(fields=["subject_id", "at"], name="custody_event_by_subject"),
            models.Index(fields=["kind", "-at"], name="custody_event_by_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject_type}:{self.subject_id}"


class EventParticulars(models.Model):
    """The personal side of an event: who, and the details, each with the salt of its commitment in the leaf.

    The details can be erased lawfully, with their salt; both are null then, and the leaf and every proof over it stay
    valid. The row stays: who acted is part of the log. A proof would also outlive the whole row.
    """

    # Without a foreign key in the database: its check locks and so rewrites a piece of every event's row, which doubled
    # the cost of an event. Both rows are inserted by one statement; `tabard log verify` names particulars of no event.
    event = models.OneToOneField(
        Event, models.CASCADE, primary_key=True, related_name="particulars", db_constraint=False
    )
    actor_kind = models.CharField(max_length=16)
    actor_id = models.CharField(max_length=128)
    actor_name = models.CharField(max_length=200)
    actor_salt = models.BinaryField()
    details = models.JSONField(null=True)
    details_salt = models.BinaryField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(details__isnull=True, details_salt__isnull=True)
                | models.Q(details__isnull=False, details_salt__isnull=False),
                name="custody_details_and_salt_together",
            )
        ]

    def __str__(self) -> str:
        return f"{self.actor_name} ({self.event_id})"


class Node(models.Model):
    """A complete node of the Merkle tree; level 0 holds the leaf hashes."""

    pk = models.CompositePrimaryKey("level", "index")
    level = models.SmallIntegerField()
    index = models.BigIntegerField()
    hash = models.BinaryField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(level__gte=0, index__gte=0), name="custody_node_not_negative"
            )
        ]

    def __str__(self) -> str:
        return f"node {self.level}/{self.index}"


class Checkpoint(models.Model):
    """A signed tree head: the log's own word, as a C2SP signed note, for its first `size` events."""

    size = models.BigIntegerField(primary_key=True)
    root = models.BinaryField()
    note = models.TextField()
    signed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(size__gte=0), name="custody_checkpoint_size")
        ]

    def __str__(self) -> str:
        return f"checkpoint of {self.size}"


class Cosignature(models.Model):
    """A witness's word that it saw a checkpoint, and that the log grew to it from all the witness saw before.

    `line` is the signature line of the C2SP signed note, without its newline; the newest by a witness is kept beside
    the older ones, as nothing here is ever changed.
    """

    checkpoint = models.ForeignKey(Checkpoint, models.PROTECT, related_name="cosignatures")
    witness = models.CharField(max_length=255)
    line = models.TextField()
    cosigned_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["checkpoint", "witness", "line"], name="custody_cosignature_unique"
            )
        ]

    def __str__(self) -> str:
        return f"{self.witness} on {self.checkpoint_id}"


class TimestampToken(models.Model):
    """An RFC 3161 token: a time-stamping authority's word that a checkpoint's note existed by `stamped_at`."""

    checkpoint = models.ForeignKey(Checkpoint, models.PROTECT, related_name="timestamps")
    authority = models.CharField(max_length=255)
    token = models.BinaryField()  # the DER of the whole TimeStampResp, as `openssl ts` reads it
    stamped_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["checkpoint", "authority"], name="custody_timestamp_once_per_authority"
            )
        ]

    def __str__(self) -> str:
        return f"{self.authority} on {self.checkpoint_id}"
