"""Events from other systems that footage shows, and the exhibits that a witness produces from it."""

from uuid import UUID

from django.contrib.postgres.fields import DateTimeRangeField
from django.contrib.postgres.indexes import GistIndex
from django.db import models
from django.db.models.functions import Coalesce

from tabard.incidents.rules import OutcomeKind
from tabard.kernel.ids import new_id
from tabard.people.models import Account, Officer, Unit
from tabard.recordings.models import Clip, Recording


class Incident(models.Model):
    """A crime report, call, stop or use of force, known by its reference in the system that owns it."""

    class Kind(models.TextChoices):
        """What sort of incident it is."""

        CRIME_REPORT = "crime_report", "Crime report"
        CALL = "call", "Call (CAD)"
        STOP = "stop", "Stop and search"
        USE_OF_FORCE = "use_of_force", "Use of force"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(max_length=16, choices=Kind)
    reference = models.CharField(max_length=64)
    title = models.CharField(max_length=160)
    start_at = models.DateTimeField()
    end_at = models.DateTimeField(null=True, blank=True)
    place = models.CharField(max_length=160, blank=True)
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, related_name="incidents")
    officer = models.ForeignKey(Officer, models.PROTECT, null=True, blank=True, related_name="incidents")
    recorded_at = models.DateTimeField()

    class Meta:
        ordering = ["-start_at"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "reference"], name="incidents_reference_unique"),
            models.CheckConstraint(
                condition=models.Q(end_at__isnull=True) | models.Q(end_at__gte=models.F("start_at")),
                name="incidents_end_after_start",
            ),
        ]
        indexes = [
            GistIndex(
                models.Func(
                    "start_at",
                    Coalesce("end_at", "start_at"),
                    models.Value("[]"),
                    function="tstzrange",
                    output_field=DateTimeRangeField(),
                ),
                name="incidents_when",
            )
        ]

    def __str__(self) -> str:
        return f"{self.reference} {self.title}"


class Outcome(models.Model):
    """How an incident ended, as somebody stated it. Rows are only added; the one stated last counts.

    `stated_at` is our clock's. `decided_date` is the day of the decision or verdict; `release_date` the day on which a
    sentence ends, where one keeps somebody in custody.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    incident = models.ForeignKey(Incident, models.PROTECT, related_name="outcomes")
    kind = models.CharField(max_length=16, choices=[(kind.value, kind.words) for kind in OutcomeKind])
    decided_date = models.DateField()
    in_custody = models.BooleanField(default=False)
    release_date = models.DateField(null=True)
    reason = models.CharField(max_length=300)
    stated_at = models.DateTimeField()
    stated_by = models.ForeignKey(Account, models.PROTECT, related_name="+")

    class Meta:
        ordering = ["stated_at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(in_custody=False, release_date__isnull=True)
                | models.Q(kind=OutcomeKind.CONVICTED.value, in_custody=True),
                name="incidents_only_the_convicted_are_released",
            ),
        ]
        indexes = [
            models.Index(fields=["incident", "-stated_at", "-id"], name="incidents_latest_outcome"),
        ]

    def __str__(self) -> str:
        return f"{self.incident_id} {self.kind}"


class Link(models.Model):
    """A recording that shows something of an incident."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    incident = models.ForeignKey(Incident, models.PROTECT, related_name="links")
    recording = models.ForeignKey(Recording, models.PROTECT, related_name="links")
    linked_at = models.DateTimeField()
    linked_by = models.ForeignKey(Account, models.PROTECT, related_name="+")
    reason = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["incident", "recording"], name="incidents_linked_once")
        ]

    def __str__(self) -> str:
        return f"{self.incident_id} shows in {self.recording_id}"


class ExhibitSeries(models.Model):
    """One consecutive series of exhibit numbers per producer; a number, once given, is never given again."""

    officer = models.OneToOneField(Officer, models.PROTECT, primary_key=True, related_name="exhibit_series")
    last_number = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.officer_id} up to {self.last_number}"


class Exhibit(models.Model):
    """A recording or clip that a witness produces under a reference such as LB/1."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    producer = models.ForeignKey(Officer, models.PROTECT, related_name="exhibits")
    initials = models.CharField(max_length=8)
    number = models.PositiveIntegerField()
    recording = models.ForeignKey(Recording, models.PROTECT, related_name="exhibits")
    clip = models.ForeignKey(Clip, models.PROTECT, null=True, blank=True, related_name="exhibits")
    incident = models.ForeignKey(Incident, models.PROTECT, null=True, blank=True, related_name="exhibits")
    description = models.CharField(max_length=300)
    produced_at = models.DateTimeField()
    produced_by = models.ForeignKey(Account, models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-produced_at"]
        constraints = [
            models.UniqueConstraint(fields=["producer", "number"], name="incidents_exhibit_number_unique"),
            models.CheckConstraint(
                condition=models.Q(number__gte=1), name="incidents_exhibit_number_positive"
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def reference(self) -> str:
        """The reference as written: `LB/1`."""
        return f"{self.initials}/{self.number}"

    @property
    def officer_id(self) -> UUID:
        """An exhibit belongs to its producer."""
        return self.producer_id

    @property
    def unit_id(self) -> UUID | None:
        """An exhibit belongs to the unit its recording belongs to."""
        return self.recording.unit_id
