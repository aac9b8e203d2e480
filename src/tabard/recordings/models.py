"""What one trigger of one camera produced, and what was said about it since."""

import math
from datetime import datetime
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Coalesce, Upper

from tabard.fleet.models import Camera
from tabard.fleet.offsets import Basis
from tabard.kernel.ids import new_id
from tabard.people.models import Account, Officer, Unit
from tabard.vault.models import SealedObject


class Category(models.Model):
    """What an officer says a recording is about; it decides how long the recording is kept."""

    code = models.CharField(max_length=48, primary_key=True)
    name = models.CharField(max_length=80)
    is_offered = models.BooleanField(default=True)

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "categories"

    def __str__(self) -> str:
        return self.name


class Recording(models.Model):
    """One trigger of one camera, immutable.

    `started_at` and `stopped_at` are the camera's, kept as they came; `received_at` is ours. How far the camera's clock
    was ahead is `clock_offset_ms`, give or take `clock_uncertainty_ms`, on the grounds that `clock_basis` names; where
    it was set in between, it is unknown, from `clock_least_ms` to `clock_most_ms`. `filmed_at` is what it is listed
    and found by: the corrected start, else the camera's. `begun_by_at`, the latest that it can have begun as far as
    that was certain when it came, is never changed, and is all of this that retention knows.
    """

    class Flag(models.TextChoices):
        """What a BWV administrator should look into; never a reason to refuse footage."""

        UNKNOWN_CAMERA = "unknown_camera", "Unknown camera"
        UNKNOWN_OFFICER = "unknown_officer", "Unknown officer"
        UNKNOWN_CATEGORY = "unknown_category", "Unknown category"
        WEARER_DIFFERS = "wearer_differs", "Wearer differs from assignment"
        CLOCK_SUSPECT = "clock_suspect", "Camera clock suspect"
        CLOCK_WRONG = "clock_wrong", "Camera clock was wrong"
        CLOCK_HOUR_OFF = "clock_hour_off", "Camera clock was an hour off"
        CLOCK_JUMPED = "clock_jumped", "Camera clock was set or stopped"
        NO_TIME_ZONE = "no_time_zone", "Camera wrote no time zone"
        NO_FOOTAGE = "no_footage", "No footage"
        GAP = "gap", "Time is missing between segments"
        OVERLAP = "overlap", "Segments overlap"
        NUMBERS_MISSING = "numbers_missing", "Numbers are missing before it"
        CONFLICT = "conflict", "Conflicting copies"
        LATE_FILE = "late_file", "A file arrived after the recording was complete"
        CANNOT_DECODE = "cannot_decode", "Cannot be decoded"
        CANNOT_DECRYPT = "cannot_decrypt", "Cannot be decrypted"
        INCOMPLETE = "incomplete", "Its transfer was never completed"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    source = models.CharField(max_length=16)
    source_name = models.CharField(max_length=256)
    camera = models.ForeignKey(Camera, models.PROTECT, null=True, db_index=False, related_name="recordings")
    camera_serial = models.CharField(max_length=64, blank=True)
    officer = models.ForeignKey(Officer, models.PROTECT, null=True, db_index=False, related_name="recordings")
    officer_reference = models.CharField(max_length=64, blank=True)
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, db_index=False, related_name="recordings")
    category = models.ForeignKey(
        Category, models.PROTECT, null=True, blank=True, db_index=False, related_name="recordings"
    )
    started_at = models.DateTimeField()
    stopped_at = models.DateTimeField()
    received_at = models.DateTimeField()
    begun_by_at = models.DateTimeField(null=True)
    corrected_start_at = models.DateTimeField(null=True)
    filmed_at = models.GeneratedField(
        expression=Coalesce("corrected_start_at", "started_at"),
        output_field=models.DateTimeField(),
        db_persist=True,
    )
    clock_offset_ms = models.BigIntegerField(null=True)
    clock_uncertainty_ms = models.BigIntegerField(null=True)
    clock_least_ms = models.BigIntegerField(null=True)
    clock_most_ms = models.BigIntegerField(null=True)
    clock_basis = models.CharField(
        max_length=16, choices=[(basis.value, basis.words) for basis in Basis], blank=True, db_default=""
    )
    trigger = models.CharField(max_length=64, blank=True)
    latitude = models.FloatField(null=True)
    longitude = models.FloatField(null=True)
    size_bytes = models.BigIntegerField()
    flags = ArrayField(models.CharField(max_length=24, choices=Flag), default=list)
    conflicts_with = models.ForeignKey(
        "self", models.PROTECT, null=True, db_index=False, related_name="conflicts"
    )
    metadata = models.JSONField(default=dict)
    disposed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "source_name"], name="recordings_source_unique"),
            models.CheckConstraint(
                condition=models.Q(stopped_at__gte=models.F("started_at")), name="recordings_stop_after_start"
            ),
            models.CheckConstraint(
                condition=models.Q(
                    corrected_start_at__isnull=True,
                    clock_offset_ms__isnull=True,
                    clock_uncertainty_ms__isnull=True,
                )
                | models.Q(
                    corrected_start_at__isnull=False,
                    clock_offset_ms__isnull=False,
                    clock_uncertainty_ms__gte=0,
                ),
                name="recordings_corrected_with_uncertainty",
            ),
        ]
        # Each foreign key is the first column of one of these or is not asked for, so has no index of its own: every
        # disposal writes each index again.
        indexes = [
            models.Index(fields=["-filmed_at", "-id"], name="recordings_newest_filmed"),
            models.Index(fields=["unit", "-filmed_at", "-id"], name="recordings_unit_filmed"),
            models.Index(fields=["officer", "-filmed_at", "-id"], name="recordings_officer_filmed"),
            models.Index(fields=["category", "-filmed_at", "-id"], name="recordings_category_filmed"),
            models.Index(fields=["camera", "received_at"], name="recordings_camera_received"),
            models.Index(Upper("camera_serial"), "started_at", name="recordings_serial_started"),
            models.Index(
                fields=["-filmed_at", "-id"], condition=~models.Q(flags=[]), name="recordings_flagged"
            ),
            models.Index(
                fields=["conflicts_with"],
                condition=models.Q(conflicts_with__isnull=False),
                name="recordings_in_conflict",
            ),
        ]

    def __str__(self) -> str:
        return self.source_name

    @property
    def duration_s(self) -> float:
        """Length by the camera's clock, in seconds."""
        return (self.stopped_at - self.started_at).total_seconds()

    @property
    def is_corrected(self) -> bool:
        """Whether `filmed_at` is a corrected time, and not the camera's."""
        return self.corrected_start_at is not None

    @property
    def clock_uncertainty_s(self) -> int | None:
        """How sure the corrected time is, in whole seconds, rounded up; None where there is none."""
        return None if self.clock_uncertainty_ms is None else math.ceil(self.clock_uncertainty_ms / 1000)

    @property
    def clock_off_by_s(self) -> float | None:
        """How far off the camera's clock was, ahead or behind, in seconds; None where that is not known."""
        return None if self.clock_offset_ms is None else abs(self.clock_offset_ms) / 1000

    @property
    def filmed_until_at(self) -> datetime:
        """When it stopped, by the clock that `filmed_at` is by."""
        filmed_at: datetime = self.filmed_at
        return filmed_at + (self.stopped_at - self.started_at)


class SettledFlag(models.Model):
    """A flag that somebody looked into and settled, with the reason: the trace of a work item."""

    class How(models.TextChoices):
        """What settled it."""

        ACCEPTED = "accepted", "Accepted as explained"
        ATTRIBUTED = "attributed", "Attributed"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    recording = models.ForeignKey(Recording, models.PROTECT, related_name="settled_flags")
    flag = models.CharField(max_length=24, choices=Recording.Flag)
    how = models.CharField(max_length=16, choices=How)
    reason = models.CharField(max_length=300)
    settled_at = models.DateTimeField()
    settled_by = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["settled_at", "id"]

    def __str__(self) -> str:
        return f"{self.flag} of {self.recording_id}, {self.how}"


class Segment(models.Model):
    """One camera file of a recording, in order, with its sealed bytes."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    recording = models.ForeignKey(Recording, models.PROTECT, db_index=False, related_name="segments")
    ordinal = models.PositiveIntegerField()
    name = models.CharField(max_length=256)
    object = models.OneToOneField(SealedObject, models.PROTECT, related_name="segment")
    started_at = models.DateTimeField(null=True)
    stopped_at = models.DateTimeField(null=True)
    sequence = models.BigIntegerField(null=True)
    metadata = models.JSONField(default=dict)

    class Meta:
        ordering = ["ordinal"]
        constraints = [
            models.UniqueConstraint(
                fields=["recording", "ordinal"], name="recordings_segment_ordinal_unique"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def officer_id(self) -> UUID | None:
        """A segment belongs to whom its recording belongs to."""
        return self.recording.officer_id

    @property
    def unit_id(self) -> UUID | None:
        """A segment belongs to the unit its recording belongs to."""
        return self.recording.unit_id


class Attachment(models.Model):
    """Anything else the camera sent with a recording (bookmark, track, key, unknown), sealed as it came."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    recording = models.ForeignKey(Recording, models.PROTECT, related_name="attachments")
    kind = models.CharField(max_length=16)
    name = models.CharField(max_length=256)
    object = models.OneToOneField(SealedObject, models.PROTECT, related_name="attachment")
    metadata = models.JSONField(default=dict)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class EncryptedFile(models.Model):
    """A camera file that came encrypted: the ciphertext stays as it came, beside its key file and the plain text.

    Until it is decrypted, its segment or attachment points at the ciphertext, `reason` says what is missing, and
    `tried_with` which keys were tried, so that nothing is tried twice in vain. Then it points at the plain text.
    """

    class Reason(models.TextChoices):
        """Why it is not decrypted yet."""

        WAITING = "waiting", "Not tried yet"
        KEY_MISSING = "key_missing", "Its key file did not come"
        KEY_BROKEN = "key_broken", "Its key file cannot be read"
        KEY_UNKNOWN = "key_unknown", "It is encrypted to a key that we do not have"
        CONTENT_BROKEN = "content_broken", "What its key opens is no footage"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    recording = models.ForeignKey(Recording, models.PROTECT, related_name="encrypted_files")
    segment = models.OneToOneField(Segment, models.PROTECT, null=True, related_name="encrypted_file")
    attachment = models.OneToOneField(Attachment, models.PROTECT, null=True, related_name="encrypted_file")
    ciphertext = models.OneToOneField(SealedObject, models.PROTECT, related_name="encrypted_file")
    key_file = models.ForeignKey(SealedObject, models.PROTECT, null=True, related_name="opens")
    plain = models.OneToOneField(SealedObject, models.PROTECT, null=True, related_name="decrypted_from")
    footage_key_id = models.CharField(max_length=128, blank=True)
    reason = models.CharField(max_length=16, choices=Reason, default=Reason.WAITING, blank=True)
    tried_with = models.CharField(max_length=64, blank=True)
    decrypted_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(segment__isnull=False, attachment__isnull=True)
                | models.Q(segment__isnull=True, attachment__isnull=False),
                name="recordings_encrypted_is_one_file",
            ),
            models.CheckConstraint(
                condition=models.Q(plain__isnull=True, decrypted_at__isnull=True, key_file__isnull=True)
                & ~models.Q(reason="")
                | models.Q(
                    plain__isnull=False, decrypted_at__isnull=False, key_file__isnull=False, reason=""
                ),
                name="recordings_decrypted_or_why_not",
            ),
        ]
        indexes = [
            models.Index(
                fields=["id"], condition=models.Q(plain__isnull=True), name="recordings_not_decrypted"
            )
        ]

    def __str__(self) -> str:
        return f"{self.ciphertext_id}, encrypted"

    @property
    def file_name(self) -> str:
        """What the camera called it."""
        return str(self.segment or self.attachment)


class Bookmark(models.Model):
    """A moment or stretch of a recording that the wearer marked, with what they said about it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    recording = models.ForeignKey(Recording, models.PROTECT, related_name="bookmarks")
    start_at = models.DateTimeField()
    end_at = models.DateTimeField(null=True)
    text = models.TextField(blank=True)
    category_code = models.CharField(max_length=80, blank=True)
    category_name = models.CharField(max_length=80, blank=True)
    tags = models.JSONField(default=dict)

    class Meta:
        ordering = ["start_at"]

    def __str__(self) -> str:
        return self.text or "bookmark"


class Track(models.Model):
    """Where the camera went: points of (seconds from the recording's start, longitude, latitude)."""

    recording = models.OneToOneField(Recording, models.PROTECT, primary_key=True, related_name="track")
    points = models.JSONField(default=list)

    def __str__(self) -> str:
        return f"track of {self.recording_id}"


class Clip(models.Model):
    """An excerpt we derive from one segment by stream copy; the original is never touched.

    Asked for [start_s, end_s) of the segment; a stream copy begins at the keyframe before, so what was really cut is
    [actual_start_s, actual_end_s).
    """

    class State(models.TextChoices):
        """How far it is."""

        REQUESTED = "requested", "Being cut"
        CUT = "cut", "Cut"
        FAILED = "failed", "Failed"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    segment = models.ForeignKey(Segment, models.PROTECT, related_name="clips")
    title = models.CharField(max_length=120, blank=True)
    start_s = models.FloatField()
    end_s = models.FloatField()
    actual_start_s = models.FloatField(null=True)
    actual_end_s = models.FloatField(null=True)
    container = models.CharField(max_length=8, blank=True)
    state = models.CharField(max_length=16, choices=State, default=State.REQUESTED)
    reason = models.TextField(blank=True)
    object = models.OneToOneField(SealedObject, models.PROTECT, null=True, related_name="clip")
    requested_at = models.DateTimeField()
    requested_by = models.ForeignKey(Account, models.PROTECT, related_name="+")

    class Meta:
        ordering = ["requested_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(start_s__gte=0) & models.Q(end_s__gt=models.F("start_s")),
                name="recordings_clip_ends_after_start",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="cut") | models.Q(object__isnull=False),
                name="recordings_clip_cut_has_object",
            ),
        ]

    def __str__(self) -> str:
        return self.title or f"clip {self.start_s:.1f}-{self.end_s:.1f} s"

    @property
    def officer_id(self) -> UUID | None:
        """A clip belongs to whom its recording belongs to."""
        return self.segment.officer_id

    @property
    def unit_id(self) -> UUID | None:
        """A clip belongs to the unit its recording belongs to."""
        return self.segment.unit_id
