"""Cameras that are lost, and counts of those that should be there."""

from django.db import models
from django.db.models.functions import Upper

from tabard.fleet.models.cameras import Camera
from tabard.kernel.ids import new_id
from tabard.people.models import Officer, Unit


class Loss(models.Model):
    """A camera that was lost or stolen, what it may still hold, and what was done about it; open until it is closed.

    `files_left` is what the last dock saw on it when it was docked last. `steps` holds the checklist: what was done,
    when, by whom, in which words.
    """

    class Kind(models.TextChoices):
        """How it went."""

        LOST = "lost", "Lost"
        STOLEN = "stolen", "Stolen"

    class Outcome(models.TextChoices):
        """What came of it."""

        FOUND = "found", "Found"
        GIVEN_UP = "given_up", "Given up"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    camera = models.ForeignKey(Camera, models.PROTECT, related_name="losses")
    kind = models.CharField(max_length=8, choices=Kind)
    reported_at = models.DateTimeField()
    reported_by = models.CharField(max_length=200)
    reason = models.CharField(max_length=300)
    report_number = models.CharField(max_length=64, blank=True, default="")
    wearer = models.ForeignKey(Officer, models.PROTECT, null=True, blank=True, related_name="+")
    last_docked_at = models.DateTimeField(null=True, blank=True)
    files_left = models.BigIntegerField(null=True, blank=True)
    steps = models.JSONField(default=dict)
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.CharField(max_length=200, blank=True, default="")
    outcome = models.CharField(max_length=8, choices=Outcome, blank=True, default="")
    closing_reason = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        ordering = ["-reported_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["camera"], condition=models.Q(closed_at__isnull=True), name="fleet_loss_one_open"
            ),
            models.CheckConstraint(
                condition=models.Q(closed_at__isnull=True, outcome="")
                | (models.Q(closed_at__isnull=False) & ~models.Q(outcome="") & ~models.Q(closing_reason="")),
                name="fleet_loss_closed_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.camera_id} {self.kind} at {self.reported_at}"


class Stocktake(models.Model):
    """One count of a unit's cameras, from its beginning until it is closed; `lines` is what it then found."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="stocktakes")
    begun_at = models.DateTimeField()
    begun_by = models.CharField(max_length=200)
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.CharField(max_length=200, blank=True, default="")
    lines = models.JSONField(null=True, blank=True)

    class Meta:
        ordering = ["-begun_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["unit"], condition=models.Q(closed_at__isnull=True), name="fleet_stocktake_one_open"
            ),
            models.CheckConstraint(
                condition=models.Q(closed_at__isnull=True, lines__isnull=True)
                | models.Q(closed_at__isnull=False, lines__isnull=False),
                name="fleet_stocktake_closed_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.unit_id} from {self.begun_at}"


class StocktakeScan(models.Model):
    """A serial number that was seen in a stocktake; however often it is scanned, it counts once."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    stocktake = models.ForeignKey(Stocktake, models.CASCADE, related_name="scans")
    serial = models.CharField(max_length=64)
    scanned_at = models.DateTimeField()
    scanned_by = models.CharField(max_length=200)

    class Meta:
        ordering = ["-scanned_at"]
        constraints = [
            models.UniqueConstraint("stocktake", Upper("serial"), name="fleet_stocktake_scanned_once")
        ]

    def __str__(self) -> str:
        return self.serial
