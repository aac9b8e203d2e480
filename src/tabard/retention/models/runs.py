"""What each disposal run found and did, what stands on its list, who was told in time, and what was spared."""

from django.db import models

from tabard.incidents.models import Incident
from tabard.kernel.ids import new_id
from tabard.people.models import Account, Officer
from tabard.recordings.models import Recording


class DisposalRun(models.Model):
    """One disposal run: what it found, what stopped it if anything did, and what it has done.

    A run that stopped does nothing until two people release it; then it goes on, as of the same instant.
    """

    class State(models.TextChoices):
        """How far it is."""

        RUNNING = "running", "Running"
        COMPLETE = "complete", "Complete"
        STOPPED = "stopped", "Stopped"
        INTERRUPTED = "interrupted", "Interrupted"

    class Stop(models.TextChoices):
        """What stopped it."""

        COUNT = "count", "Too many"
        CLOCK = "clock", "Doubtful clock"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    as_of = models.DateTimeField()
    started_at = models.DateTimeField()
    started_by = models.CharField(max_length=200)
    ended_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=16, choices=State, default=State.RUNNING)
    stop = models.CharField(max_length=8, choices=Stop, blank=True)
    stop_reason = models.CharField(max_length=500, blank=True)
    policy_version = models.CharField(max_length=64)
    policy_sha256 = models.BinaryField(max_length=32)
    to_schedule = models.BigIntegerField()
    to_dispose = models.BigIntegerField()
    size_bytes = models.BigIntegerField()
    usually_scheduled = models.BigIntegerField()
    usually_disposed = models.BigIntegerField()
    found_by_rule = models.JSONField(default=dict)
    scheduled = models.BigIntegerField(default=0)
    disposed = models.BigIntegerField(default=0)
    spared = models.BigIntegerField(default=0)
    disposed_by_rule = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state="stopped") & ~models.Q(stop="") | ~models.Q(state="stopped"),
                name="retention_run_says_what_stopped_it",
            )
        ]
        indexes = [models.Index(fields=["-started_at"], name="retention_newest_run")]

    def __str__(self) -> str:
        return f"disposal run at {self.started_at}"

    @property
    def found(self) -> int:
        """How many recordings it found for the list or for disposal."""
        return self.to_schedule + self.to_dispose


class ScheduledDisposal(models.Model):
    """A recording on the list of what will be disposed of, and when; whatever keeps a recording still keeps it.

    The row goes when the recording is disposed of, or found to be kept when its turn comes.
    """

    recording = models.OneToOneField(
        Recording, models.PROTECT, primary_key=True, related_name="scheduled_disposal"
    )
    run = models.ForeignKey(DisposalRun, models.PROTECT, related_name="list", db_index=False)
    rule = models.CharField(max_length=64)
    size_bytes = models.BigIntegerField()
    due_at = models.DateTimeField()
    scheduled_at = models.DateTimeField()
    executes_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(
                    executes_at__gte=models.F("scheduled_at"), due_at__lte=models.F("executes_at")
                ),
                name="retention_listed_before_disposal",
            )
        ]
        indexes = [models.Index(fields=["executes_at", "recording"], name="retention_next_on_the_list")]

    def __str__(self) -> str:
        return f"{self.recording_id} at {self.executes_at}"


class Notice(models.Model):
    """That an officer was told, while there is time, that a recording of theirs overlaps an incident they attended.

    It was given as the recording was put on the list; `category` is what it was in then, empty for none. Whether it is
    open still is not kept, but asked of what became of the recording (`notice_views`). `seen_at` is when it was first
    shown to the officer.
    """

    class Ground(models.TextChoices):
        """What says that the officer was there."""

        RECORDED = "recorded", "They recorded the incident"
        FILMED = "filmed", "Other footage of theirs shows it"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    recording = models.ForeignKey(Recording, models.PROTECT, db_index=False, related_name="notices")
    incident = models.ForeignKey(Incident, models.PROTECT, related_name="+")
    officer = models.ForeignKey(Officer, models.PROTECT, db_index=False, related_name="notices")
    run = models.ForeignKey(DisposalRun, models.PROTECT, related_name="notices")
    ground = models.CharField(max_length=8, choices=Ground)
    is_certain = models.BooleanField()
    category = models.CharField(max_length=48, blank=True)
    given_at = models.DateTimeField()
    seen_at = models.DateTimeField(null=True)
    dismissed_at = models.DateTimeField(null=True)
    dismissed_by = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["recording", "incident", "officer"], name="retention_noticed_once"
            ),
            models.CheckConstraint(
                condition=models.Q(dismissed_at__isnull=True, dismissed_by__isnull=True)
                | models.Q(dismissed_at__isnull=False, dismissed_by__isnull=False),
                name="retention_notice_dismissed_by_somebody",
            ),
        ]
        indexes = [
            models.Index(
                fields=["officer"],
                name="retention_notice_to_answer",
                condition=models.Q(dismissed_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"{self.recording_id} overlaps {self.incident_id}"


class SparedDisposal(models.Model):
    """That a recording came off the list when its turn came, and what kept it then, in a sentence."""

    recording = models.ForeignKey(Recording, models.PROTECT, related_name="spared_disposals")
    run = models.ForeignKey(DisposalRun, models.PROTECT, related_name="spared_disposals", db_index=False)
    at = models.DateTimeField()
    reason = models.TextField()

    class Meta:
        indexes = [
            models.Index(fields=["-at", "-id"], name="retention_newest_spared"),
            models.Index(fields=["run", "-at", "-id"], name="retention_spared_by_run"),
        ]

    def __str__(self) -> str:
        return f"{self.recording_id} spared at {self.at}"
