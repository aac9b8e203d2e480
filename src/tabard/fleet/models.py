"""Cameras, docks, and who wore which camera when."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models.functions import Upper

from tabard.kernel.ids import new_id
from tabard.people.models import Officer, Unit


class Camera(models.Model):
    """One body-worn camera, known by its maker's serial number."""

    class Mount(models.TextChoices):
        """Where it is worn."""

        CHEST = "chest", "Chest"
        HEAD = "head", "Head"
        SHOULDER = "shoulder", "Shoulder"
        OTHER = "other", "Other"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    serial = models.CharField(max_length=64)
    make = models.CharField(max_length=64)
    model = models.CharField(max_length=64)
    mount = models.CharField(max_length=16, choices=Mount, default=Mount.CHEST)
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, blank=True, related_name="cameras")
    received_at = models.DateTimeField()

    class Meta:
        ordering = ["serial"]
        constraints = [models.UniqueConstraint(Upper("serial"), name="fleet_camera_serial_unique")]

    def __str__(self) -> str:
        return f"{self.make} {self.model} {self.serial}"


class Dock(models.Model):
    """A docking station at a site, where cameras charge and are emptied."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    serial = models.CharField(max_length=64)
    site = models.CharField(max_length=120)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="docks")
    bays = models.PositiveSmallIntegerField(default=8)
    last_seen_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["site", "serial"]
        constraints = [models.UniqueConstraint(Upper("serial"), name="fleet_dock_serial_unique")]

    def __str__(self) -> str:
        return f"{self.site} ({self.serial})"


class Assignment(models.Model):
    """Which officer had which camera, when. A camera has one wearer at a time."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    camera = models.ForeignKey(Camera, models.PROTECT, related_name="assignments")
    officer = models.ForeignKey(Officer, models.PROTECT, related_name="assignments")
    during = DateTimeRangeField()

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="fleet_assignment_one_wearer",
                expressions=[("camera", RangeOperators.EQUAL), ("during", RangeOperators.OVERLAPS)],
            ),
            # An empty range overlaps nothing, so it would slip past the exclusion.
            models.CheckConstraint(
                condition=models.Q(during__isempty=False, during__lower_inf=False),
                name="fleet_assignment_lasts",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.camera_id} worn by {self.officer_id}"
