"""Cameras with their states, what their clocks showed, and who wore which camera when."""

from datetime import timedelta

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models.functions import Upper

from tabard.fleet.offsets import Reading
from tabard.fleet.states import KEPT_STATES, State
from tabard.kernel.ids import new_id
from tabard.people.models import Officer, Unit


class Camera(models.Model):
    """One body-worn camera, known by its maker's serial number.

    `kept_state` is what it is while nobody wears it; while somebody does, it is issued (see `states`).
    `first_issued_date` is set once (see `issue_counts`). `last_contact_at` and `last_contact` are when it was last
    heard of, and by which way (see `contacts`); null and empty for one that never was.
    """

    class Mount(models.TextChoices):
        """Where it is worn."""

        CHEST = "chest", "Chest"
        HEAD = "head", "Head"
        SHOULDER = "shoulder", "Shoulder"
        WEAPON_LIGHT = "weapon_light", "Weapon light"
        OTHER = "other", "Other"

    class Contact(models.TextChoices):
        """By which way a camera is heard of."""

        DOCK = "dock", "Dock"
        AXIS = "axis", "Axis"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    serial = models.CharField(max_length=64)
    make = models.CharField(max_length=64)
    model = models.CharField(max_length=64)
    mount = models.CharField(max_length=16, choices=Mount, default=Mount.CHEST)
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, blank=True, related_name="cameras")
    received_at = models.DateTimeField()
    kept_state = models.CharField(
        max_length=16,
        choices=[(state.value, state.label) for state in KEPT_STATES],
        default=State.READY.value,
        db_default=State.READY.value,
    )
    warranty_end_date = models.DateField(null=True, blank=True)
    firmware = models.CharField(max_length=64, blank=True, default="", db_default="")
    profile = models.CharField(max_length=64, blank=True, default="", db_default="")
    first_issued_date = models.DateField(null=True, editable=False)
    last_contact_at = models.DateTimeField(null=True, editable=False)
    last_contact = models.CharField(max_length=8, choices=Contact, blank=True, default="", db_default="")

    class Meta:
        ordering = ["serial"]
        constraints = [
            models.UniqueConstraint(Upper("serial"), name="fleet_camera_serial_unique"),
            models.CheckConstraint(
                condition=models.Q(kept_state__in=[state.value for state in KEPT_STATES]),
                name="fleet_camera_state_known",
            ),
            models.CheckConstraint(
                condition=models.Q(last_contact_at__isnull=True, last_contact="")
                | (models.Q(last_contact_at__isnull=False) & ~models.Q(last_contact="")),
                name="fleet_camera_contact_whole",
            ),
        ]
        indexes = [
            models.Index(fields=["unit", "kept_state"], name="fleet_camera_unit_state"),
            models.Index(fields=["last_contact_at", "serial"], name="fleet_camera_contact"),
        ]

    def __str__(self) -> str:
        return f"{self.make} {self.model} {self.serial}"


class ClockReading(models.Model):
    """What a camera's clock showed at an instant of ours, and how sure that is. Never changed.

    `applied_at` is null while recordings still wait to be corrected by it.
    """

    class Source(models.TextChoices):
        """Who measured."""

        DOCK = "dock", "Dock"
        AXIS = "axis", "Axis body-worn system"
        SATELLITES = "satellites", "Satellites, by the camera's own file"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    camera = models.ForeignKey(Camera, models.PROTECT, db_index=False, related_name="clock_readings")
    camera_at = models.DateTimeField()
    our_at = models.DateTimeField()
    uncertainty_ms = models.PositiveIntegerField()
    source = models.CharField(max_length=16, choices=Source)
    recorded_at = models.DateTimeField()
    applied_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["camera", "our_at", "source"], name="fleet_clock_reading_taken_once"
            )
        ]
        indexes = [
            models.Index(
                fields=["camera"],
                condition=models.Q(applied_at__isnull=True),
                name="fleet_clock_not_applied",
            )
        ]

    def __str__(self) -> str:
        return f"clock of {self.camera_id} at {self.our_at}"

    @property
    def offset_ms(self) -> int:
        """How far ahead the camera's clock was, in milliseconds."""
        return round((self.camera_at - self.our_at) / timedelta(milliseconds=1))

    @property
    def reading(self) -> Reading:
        """The reading as `offsets` judges it."""
        uncertainty = timedelta(milliseconds=self.uncertainty_ms)
        return Reading(
            self.camera_at, self.our_at, uncertainty, is_ours=self.source != self.Source.SATELLITES
        )


class Assignment(models.Model):
    """Which officer had which camera, when, worn where. A camera has one wearer at a time.

    `is_shift`: it was taken from a pool and goes back to it. `excepted_by` is who let it be given against the rules of
    issue, for a reason. Rows from before mounts were kept have none: then the camera's usual one is all that is known.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    camera = models.ForeignKey(Camera, models.PROTECT, related_name="assignments")
    officer = models.ForeignKey(Officer, models.PROTECT, related_name="assignments")
    during = DateTimeRangeField()
    mount = models.CharField(max_length=16, choices=Camera.Mount, blank=True, default="", db_default="")
    duty = models.CharField(max_length=48, blank=True, default="", db_default="")
    is_shift = models.BooleanField(default=False, db_default=False)
    exception_reason = models.CharField(max_length=300, blank=True, default="", db_default="")
    excepted_by = models.ForeignKey(Officer, models.PROTECT, null=True, blank=True, related_name="+")

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
            models.CheckConstraint(
                condition=models.Q(exception_reason="", excepted_by__isnull=True)
                | (~models.Q(exception_reason="") & models.Q(excepted_by__isnull=False)),
                name="fleet_assignment_exception_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.camera_id} worn by {self.officer_id}"
