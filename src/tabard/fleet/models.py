"""Cameras with their states and clocks, docks, and who wore which camera when."""

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
    `first_issued_date` is set once (see `issue_counts`).
    """

    class Mount(models.TextChoices):
        """Where it is worn."""

        CHEST = "chest", "Chest"
        HEAD = "head", "Head"
        SHOULDER = "shoulder", "Shoulder"
        WEAPON_LIGHT = "weapon_light", "Weapon light"
        OTHER = "other", "Other"

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

    class Meta:
        ordering = ["serial"]
        constraints = [
            models.UniqueConstraint(Upper("serial"), name="fleet_camera_serial_unique"),
            models.CheckConstraint(
                condition=models.Q(kept_state__in=[state.value for state in KEPT_STATES]),
                name="fleet_camera_state_known",
            ),
        ]
        indexes = [models.Index(fields=["unit", "kept_state"], name="fleet_camera_unit_state")]

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


class Training(models.Model):
    """An officer was trained to wear a camera on a duty, for good or until a day (that day included). Never changed."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    officer = models.ForeignKey(Officer, models.PROTECT, related_name="camera_trainings")
    duty = models.CharField(max_length=48)
    trained_date = models.DateField()
    expires_date = models.DateField(null=True, blank=True)
    recorded_at = models.DateTimeField()

    class Meta:
        ordering = ["-trained_date", "-recorded_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(expires_date__isnull=True)
                | models.Q(expires_date__gte=models.F("trained_date")),
                name="fleet_training_lasts",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.officer_id} trained for {self.duty}"


class IssueRules(models.Model):
    """The force's own rules of issue, as `issue_rules` reads them; the newest row is in force."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    rules = models.JSONField()
    since_at = models.DateTimeField(db_index=True)
    changed_by = models.CharField(max_length=200)

    def __str__(self) -> str:
        return f"since {self.since_at}"


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
