"""The rollout plan and its versions, what blocks a unit, its shifts, counts as sources state them, published figures.

Nothing here is overwritten: a new plan is a new version, a new count of the same day stands beside the earlier one,
and a figure that is published anew leaves the earlier row with the time at which it ceased.
"""

from django.db import models

from tabard.insight.when import LONGEST, When, parse_when
from tabard.kernel.ids import new_id
from tabard.people.models import Unit


class PlanVersion(models.Model):
    """The rollout plan as one import brought it; the newest is the plan."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    imported_at = models.DateTimeField()
    imported_by = models.CharField(max_length=200)
    sha256 = models.BinaryField(max_length=32)
    note = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"plan of {self.imported_at:%Y-%m-%d %H:%M}"


class PlanLine(models.Model):
    """How many cameras one unit is to have in one wave. What the plan does not say is null or empty.

    Where a line `counts` in all, its target is what the unit has by then, all earlier cameras among them; else the
    cameras come on top.
    """

    class Counts(models.TextChoices):
        """Whether the target comes on top of what was there."""

        ADDS = "adds", "On top"
        IN_ALL = "in_all", "In all"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    plan = models.ForeignKey(PlanVersion, models.PROTECT, related_name="lines")
    ordinal = models.PositiveIntegerField()
    phase = models.CharField(max_length=60)
    wave = models.CharField(max_length=60)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="plan_lines")
    target = models.PositiveIntegerField(null=True)
    is_about = models.BooleanField(default=False)
    counts = models.CharField(max_length=8, choices=Counts, default=Counts.ADDS)
    begins = models.CharField(max_length=LONGEST, blank=True)
    due = models.CharField(max_length=LONGEST, blank=True)
    source = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["ordinal"]
        constraints = [
            models.UniqueConstraint(fields=["plan", "ordinal"], name="insight_plan_line_in_order"),
            models.UniqueConstraint(
                fields=["plan", "phase", "wave", "unit", "counts"], name="insight_plan_line_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.phase}, {self.wave}, {self.unit_id}"

    @property
    def begins_when(self) -> When | None:
        """When the wave begins, as far as the plan says."""
        return parse_when(self.begins, "begins")

    @property
    def due_when(self) -> When | None:
        """By when it is to be done, as far as the plan says."""
        return parse_when(self.due, "due")


class UnitBlock(models.Model):
    """Something that keeps a unit from its wave, from a day on; `until_date`, its first day without, may be unknown."""

    class Kind(models.TextChoices):
        """What is missing."""

        TRAINING = "training", "Training"
        DOCKS = "docks", "Docks"
        NETWORK = "network", "Network"
        STOCK = "stock", "Stock"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="blocks")
    kind = models.CharField(max_length=16, choices=Kind)
    since_date = models.DateField()
    until_date = models.DateField(null=True)
    words = models.CharField(max_length=300)
    raised_at = models.DateTimeField()
    raised_by = models.CharField(max_length=200)
    lifted_at = models.DateTimeField(null=True)
    lifted_by = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["-since_date", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(until_date__isnull=True)
                | models.Q(until_date__gte=models.F("since_date")),
                name="insight_block_ends_after_it_begins",
            ),
            models.UniqueConstraint(
                fields=["unit", "kind"],
                condition=models.Q(lifted_at__isnull=True),
                name="insight_block_once_a_kind",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} at {self.unit_id}"


class StatedShifts(models.Model):
    """How a unit's shifts change, as somebody stated it; the newest row of a unit holds. As `sites.Shifts` reads it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="stated_shifts")
    changes = models.CharField(max_length=300)
    docked_h = models.FloatField()
    filmed_min = models.FloatField()
    mbit_per_s = models.FloatField()
    share_percent = models.FloatField()
    stated_at = models.DateTimeField()
    stated_by = models.CharField(max_length=200)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.unit_id}: {self.changes}"


class StatedCount(models.Model):
    """How many cameras a unit had been issued by a day, as somebody states it who did not count them here."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="stated_counts")
    as_of_date = models.DateField()
    count = models.PositiveIntegerField()
    is_about = models.BooleanField(default=False)
    source = models.CharField(max_length=300)
    stated_at = models.DateTimeField()
    stated_by = models.CharField(max_length=200)

    class Meta:
        ordering = ["as_of_date", "id"]

    def __str__(self) -> str:
        return f"{self.count} by {self.as_of_date}"


class PublishedFigure(models.Model):
    """A figure as the force published it, frozen; public until it is withdrawn or published anew."""

    class Figure(models.TextChoices):
        """What may be published."""

        CAMERAS_ISSUED = "cameras_issued", "Cameras issued"
        CAMERAS_PLANNED = "cameras_planned", "Cameras planned in all"
        PLANNED_FINISH = "planned_finish", "Planned finish"
        CAMERAS_REGISTERED = "cameras_registered", "Cameras registered"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    figure = models.CharField(max_length=32, choices=Figure)
    value = models.CharField(max_length=40)
    number = models.PositiveIntegerField(null=True)
    is_about = models.BooleanField(default=False)
    as_of_date = models.DateField()
    published_at = models.DateTimeField()
    published_by = models.CharField(max_length=200)
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["figure", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["figure"],
                condition=models.Q(withdrawn_at__isnull=True),
                name="insight_figure_public_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_figure_display()}: {self.value}"
