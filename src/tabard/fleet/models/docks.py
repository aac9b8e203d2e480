"""Docks, the keys that speak for them, and what they last said of themselves and their cameras."""

from django.db import models
from django.db.models.functions import Upper

from tabard.fleet.models.cameras import Camera
from tabard.kernel.ids import new_id
from tabard.people.models import Unit


class Dock(models.Model):
    """A docking station at a site, where cameras charge and are emptied; `installed_date` is null where nobody said."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    serial = models.CharField(max_length=64)
    site = models.CharField(max_length=120)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="docks")
    bays = models.PositiveSmallIntegerField(default=8)
    installed_date = models.DateField(null=True, blank=True)
    last_seen_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["site", "serial"]
        constraints = [models.UniqueConstraint(Upper("serial"), name="fleet_dock_serial_unique")]

    def __str__(self) -> str:
        return f"{self.site} ({self.serial})"


class DockKey(models.Model):
    """The public half of a key that a dock's agent made for itself; what it signs is the dock's, until it is revoked.

    `key_id` is the first 16 hexadecimal digits of the SHA-256 of its 32 bytes.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    dock = models.ForeignKey(Dock, models.PROTECT, related_name="keys")
    name = models.CharField(max_length=64)
    public_key = models.BinaryField(max_length=32)
    key_id = models.CharField(max_length=16, unique=True)
    enrolled_at = models.DateTimeField()
    enrolled_by = models.CharField(max_length=200)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["enrolled_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(revoked_at__isnull=True)
                | models.Q(revoked_at__gte=models.F("enrolled_at")),
                name="fleet_dock_key_revoked_after_enrolled",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.key_id})"


class DockNonce(models.Model):
    """A nonce that a dock's key has signed in with; kept while the same request could still be in time."""

    key = models.ForeignKey(DockKey, models.CASCADE, related_name="nonces")
    nonce = models.CharField(max_length=32)
    signed_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["key", "nonce"], name="fleet_dock_nonce_once")]
        indexes = [models.Index(fields=["signed_at"], name="fleet_dock_nonce_age")]

    def __str__(self) -> str:
        return self.nonce


class DockStatus(models.Model):
    """What a dock last said of itself; the next report takes its place."""

    dock = models.OneToOneField(Dock, models.CASCADE, primary_key=True, related_name="status")
    reported_at = models.DateTimeField()
    clock_ahead_ms = models.BigIntegerField()
    agent = models.CharField(max_length=64, blank=True)
    free_bytes = models.BigIntegerField(null=True)
    spool_files = models.BigIntegerField(null=True)
    spool_bytes = models.BigIntegerField(null=True)
    faults = models.JSONField(default=list)

    def __str__(self) -> str:
        return f"{self.dock_id} at {self.reported_at}"


class DockedCamera(models.Model):
    """A camera as a dock last saw it; the row stays when the camera is taken out, for when it was docked last.

    `camera` is null for a serial number that the force does not know.
    """

    dock = models.ForeignKey(Dock, models.CASCADE, related_name="docked")
    serial = models.CharField(max_length=64)
    camera = models.ForeignKey(Camera, models.CASCADE, null=True, related_name="dockings")
    docked_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    gone_at = models.DateTimeField(null=True)
    clock_read = models.BooleanField(default=False)
    bay = models.PositiveSmallIntegerField(null=True)
    make = models.CharField(max_length=64, blank=True)
    model = models.CharField(max_length=64, blank=True)
    firmware = models.CharField(max_length=64, blank=True)
    files = models.BigIntegerField(null=True)
    size_bytes = models.BigIntegerField(null=True)
    free_bytes = models.BigIntegerField(null=True)
    battery_percent = models.PositiveSmallIntegerField(null=True)
    faults = models.JSONField(default=list)

    class Meta:
        ordering = ["bay", "serial"]
        constraints = [models.UniqueConstraint("dock", Upper("serial"), name="fleet_docked_camera_once")]
        indexes = [models.Index(fields=["camera", "-seen_at"], name="fleet_docked_camera_last")]

    def __str__(self) -> str:
        return f"{self.serial} in {self.dock_id}"
