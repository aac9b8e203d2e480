"""What has come in at the doors, as it came; a recording is made of it when it is whole."""

from django.db import models
from django.db.models.functions import Now

from tabard.fleet.models import Dock
from tabard.kernel.ids import new_id
from tabard.recordings.models import Recording
from tabard.vault.models import SealedObject


class Destination(models.Model):
    """What a connection file lets in: one user name and key for one body-worn system. The key is kept hashed.

    A newer connection file brings a new key; the old one is good until the new one is first used. `footage_key_id` is
    what the newest file tells cameras to encrypt to; once there, it is never empty again.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(max_length=64)
    username = models.CharField(max_length=64, unique=True)
    key_sha256 = models.BinaryField()
    new_key_sha256 = models.BinaryField(null=True)
    footage_key_id = models.CharField(max_length=128, blank=True, db_default="")
    opened_at = models.DateTimeField()
    last_heard_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name


class Container(models.Model):
    """What arrives together by one door under one name: a recording in transfer, a registry, or rejected content.

    A name is unique within the destination, the dock, or the `collection` of the folder door that it came from.
    Registries (System, Users, Devices) and rejected content are the Axis door's alone. What comes from a dock or a
    folder is an arrival: `closed_at` tells when all its files had come, `completed_at` when its recording stood.
    """

    class Source(models.TextChoices):
        """The door it came in by; recordings carry it as their source."""

        AXIS = "axis", "Axis body-worn system"
        DOCK = "dock", "Dock"
        FOLDER = "folder", "Folder"

    class Kind(models.TextChoices):
        """What it holds."""

        RECORDING = "recording", "Recording"
        REGISTRY = "registry", "Registry"
        REJECTED = "rejected", "Rejected content"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    source = models.CharField(max_length=16, choices=Source, db_default=Source.AXIS)
    destination = models.ForeignKey(Destination, models.PROTECT, null=True, related_name="containers")
    dock = models.ForeignKey(Dock, models.PROTECT, null=True, related_name="containers")
    collection = models.CharField(max_length=64, blank=True, db_default="")
    name = models.CharField(max_length=256)
    kind = models.CharField(max_length=16, choices=Kind)
    metadata = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    completed_at = models.DateTimeField(null=True)
    recording = models.ForeignKey(Recording, models.PROTECT, null=True, related_name="containers")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["destination", "name"], name="intake_container_name_unique"),
            models.UniqueConstraint(fields=["dock", "name"], name="intake_container_name_unique_in_dock"),
            models.UniqueConstraint(
                fields=["collection", "name"],
                condition=models.Q(source="folder"),
                name="intake_container_name_unique_in_collection",
            ),
            models.CheckConstraint(
                condition=models.Q(source="axis", destination__isnull=False, dock__isnull=True, collection="")
                | models.Q(source="dock", destination__isnull=True, dock__isnull=False, collection="")
                | models.Q(source="folder", destination__isnull=True, dock__isnull=True),
                name="intake_container_belongs_to_its_door",
            ),
        ]
        indexes = [
            models.Index(
                fields=["created_at"],
                condition=models.Q(completed_at__isnull=True),
                name="intake_container_open",
            )
        ]

    def __str__(self) -> str:
        return self.name


class ReceivedObject(models.Model):
    """One object put into a container, sealed. Different bytes under a taken name are kept beside it as a conflict."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    container = models.ForeignKey(Container, models.PROTECT, related_name="received")
    name = models.CharField(max_length=256)
    metadata = models.JSONField(default=dict)
    object = models.OneToOneField(SealedObject, models.PROTECT, related_name="received")
    received_at = models.DateTimeField(db_default=Now())
    conflicts_with = models.ForeignKey("self", models.PROTECT, null=True, related_name="conflicts")

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["container", "name"],
                condition=models.Q(conflicts_with__isnull=True),
                name="intake_object_name_unique",
            )
        ]

    def __str__(self) -> str:
        return self.name


class Upload(models.Model):
    """One file that a dock sends by tus, from its announcement until it is sealed or given up.

    While it is open a `vault.PartialObject` of the same id holds what has arrived. `raw_metadata` is what the sender
    said of the file, as it came; `sha256` is what it announced as the file's hash.
    """

    class End(models.TextChoices):
        """Why it was given up."""

        TERMINATED = "terminated", "Its sender gave it up"
        EXPIRED = "expired", "Nothing more came"
        CROWDED_OUT = "crowded_out", "It was idle, and its dock wanted room for another"
        DIFFERS = "differs", "It did not hash to what was announced"
        LOST = "lost", "What had arrived is gone or damaged"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    dock = models.ForeignKey(Dock, models.PROTECT, related_name="uploads")
    filename = models.CharField(max_length=256)
    camera = models.CharField(max_length=256, blank=True)
    raw_metadata = models.TextField(blank=True)
    sha256 = models.BinaryField(max_length=32, null=True)
    size_bytes = models.BigIntegerField()
    created_at = models.DateTimeField()
    object = models.ForeignKey(SealedObject, models.PROTECT, null=True, related_name="uploads")
    container = models.ForeignKey(Container, models.PROTECT, null=True, related_name="uploads")
    sealed_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    end = models.CharField(max_length=16, choices=End, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(sealed_at__isnull=True, object__isnull=True, container__isnull=True)
                | models.Q(sealed_at__isnull=False, object__isnull=False, container__isnull=False),
                name="intake_upload_sealed_into_something",
            ),
            models.CheckConstraint(
                condition=models.Q(ended_at__isnull=True, end="")
                | models.Q(models.Q(ended_at__isnull=False, sealed_at__isnull=True), ~models.Q(end="")),
                name="intake_upload_sealed_or_given_up",
            ),
        ]
        indexes = [
            models.Index(fields=["dock", "sha256"], name="intake_upload_by_sha256"),
            models.Index(
                fields=["dock"],
                condition=models.Q(sealed_at__isnull=True, ended_at__isnull=True),
                name="intake_upload_open",
            ),
        ]

    def __str__(self) -> str:
        return self.filename

    @property
    def is_open(self) -> bool:
        """Whether more may come."""
        return self.sealed_at is None and self.ended_at is None


class ErasePermit(models.Model):
    """One leave to erase one file from one card, and what the dock said became of it."""

    class Outcome(models.TextChoices):
        """What the dock did."""

        ERASED = "erased", "Erased"
        NOT_ERASED = "not_erased", "Not erased"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    upload = models.ForeignKey(Upload, models.PROTECT, related_name="permits")
    issued_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    tree_size = models.BigIntegerField()
    root = models.BinaryField(max_length=32)
    outcome = models.CharField(max_length=16, choices=Outcome, blank=True)
    acted_at = models.DateTimeField(null=True)
    told_at = models.DateTimeField(null=True)
    why = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["-issued_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(outcome="", told_at__isnull=True)
                | models.Q(models.Q(told_at__isnull=False), ~models.Q(outcome="")),
                name="intake_permit_outcome_told",
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)


class NamePattern(models.Model):
    """What file names say of the footage in them, as a BWV administrator wrote it down; `naming.rules` reads it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    text = models.CharField(max_length=200)
    note = models.CharField(max_length=200, blank=True)
    added_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["added_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["text"],
                condition=models.Q(removed_at__isnull=True),
                name="intake_name_pattern_in_force_unique",
            )
        ]

    def __str__(self) -> str:
        return self.text


class FolderRun(models.Model):
    """One reading of a card or an export into a collection, and how it was reconciled once it had ended.

    A run without `finished_at` is at work, or was killed; the next one of its collection goes on.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    collection = models.CharField(max_length=64)
    path = models.TextField()
    manifest = models.TextField(blank=True)
    manifest_sha256 = models.BinaryField(null=True)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    started_by = models.CharField(max_length=120)
    counts = models.JSONField(default=dict)
    report_sha256 = models.BinaryField(null=True)

    class Meta:
        ordering = ["-started_at", "-id"]

    def __str__(self) -> str:
        return f"{self.collection} at {self.started_at:%Y-%m-%d %H:%M}"


class FolderItem(models.Model):
    """What became of one file of a folder, or of one row of its manifest, in a finished run."""

    class State(models.TextChoices):
        """Whether we have it."""

        SEALED = "sealed", "Sealed now"
        ALREADY = "already", "Sealed already"
        MISSING = "missing", "Listed and not found"
        FAILED = "failed", "Could not be taken"
        SKIPPED = "skipped", "Left alone"

    class Remark(models.TextChoices):
        """What else there is to say about it."""

        NONE = "", "As expected"
        EXTRA = "extra", "Not listed"
        DIFFERENT = "different", "Other bytes than expected"

    run = models.ForeignKey(FolderRun, models.CASCADE, related_name="items")
    path = models.TextField()
    state = models.CharField(max_length=8, choices=State)
    remark = models.CharField(max_length=9, choices=Remark, blank=True)
    words = models.TextField(blank=True)
    size_bytes = models.BigIntegerField(null=True)
    sha256 = models.BinaryField(null=True)
    object = models.ForeignKey(SealedObject, models.PROTECT, null=True, related_name="folder_items")
    recording = models.ForeignKey(Recording, models.PROTECT, null=True, related_name="folder_items")

    class Meta:
        ordering = ["path"]
        indexes = [models.Index(fields=["run", "path"], name="intake_folder_item_by_path")]

    def __str__(self) -> str:
        return self.path
