"""What has come in at the doors, as it came; a recording is made of it when it is whole."""

from django.db import models
from django.db.models.functions import Now

from tabard.kernel.ids import new_id
from tabard.recordings.models import Recording
from tabard.vault.models import SealedObject


class Destination(models.Model):
    """What a connection file lets in: one user name and key for one body-worn system. The key is kept hashed."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(max_length=64)
    username = models.CharField(max_length=64, unique=True)
    key_sha256 = models.BinaryField()
    opened_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name


class Container(models.Model):
    """One container at the Axis door: a recording in transfer, a registry (System, Users, Devices), or rejects."""

    class Kind(models.TextChoices):
        """What it holds."""

        RECORDING = "recording", "Recording"
        REGISTRY = "registry", "Registry"
        REJECTED = "rejected", "Rejected content"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    destination = models.ForeignKey(Destination, models.PROTECT, related_name="containers")
    name = models.CharField(max_length=256)
    kind = models.CharField(max_length=16, choices=Kind)
    metadata = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    completed_at = models.DateTimeField(null=True)
    recording = models.OneToOneField(Recording, models.PROTECT, null=True, related_name="container")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["destination", "name"], name="intake_container_name_unique")
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
