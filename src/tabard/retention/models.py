"""What keeps a recording, what became of those that nothing kept, and who agreed to what cannot be undone."""

from django.db import models

from tabard.incidents.models import Incident
from tabard.kernel.ids import new_id
from tabard.people.models import Account, Officer
from tabard.recordings.models import Recording
from tabard.retention import quorum

_PERIOD = ("officer", "period_from_at", "period_to_at")


def _none(*fields: str) -> dict[str, bool]:
    return {f"{field}__isnull": True for field in fields}


class Hold(models.Model):
    """Blocks disposal of what it covers until released, whatever the period says; `keeping` says what that is.

    It covers one recording; whatever is linked to an incident, now or later; or whatever may have been filmed by an
    officer in a period, from `period_from_at` up to and not including `period_to_at`. Only a restore holds everything,
    where the log says that something was held and not what; then `placed_by` is null. `owner` answers for it and is
    asked, on `review_date`, whether it is still needed; `review_noted_at` is when that was noted for the date.
    """

    class Kind(models.TextChoices):
        """Why it is held."""

        CPIA = "cpia", "Criminal investigation (CPIA)"
        COMPLAINT = "complaint", "Complaint"
        IOPC = "iopc", "IOPC"
        INQUEST = "inquest", "Inquest"
        CIVIL_CLAIM = "civil_claim", "Civil claim"
        SUBJECT_ACCESS = "subject_access", "Subject access request"
        SCRUTINY = "scrutiny", "Scrutiny sample"
        RESTORED = "restored", "Restored from a backup"

    class Scope(models.TextChoices):
        """What it covers."""

        ITEM = "item", "One recording"
        INCIDENT = "incident", "An incident"
        OFFICER = "officer", "An officer and a period"
        EVERYTHING = "everything", "Everything"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    scope = models.CharField(max_length=12, choices=Scope, default=Scope.ITEM, db_default=Scope.ITEM.value)
    recording = models.ForeignKey(Recording, models.PROTECT, null=True, related_name="holds")
    incident = models.ForeignKey(Incident, models.PROTECT, null=True, db_index=False, related_name="holds")
    officer = models.ForeignKey(Officer, models.PROTECT, null=True, db_index=False, related_name="+")
    period_from_at = models.DateTimeField(null=True)
    period_to_at = models.DateTimeField(null=True)
    kind = models.CharField(max_length=16, choices=Kind)
    reason = models.CharField(max_length=300)
    placed_at = models.DateTimeField()
    placed_by = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+")
    owner = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+")
    review_date = models.DateField(null=True)
    review_noted_at = models.DateTimeField(null=True)
    released_at = models.DateTimeField(null=True, blank=True)
    released_by = models.ForeignKey(Account, models.PROTECT, null=True, blank=True, related_name="+")
    released_reason = models.CharField(max_length=300, blank=True, default="", db_default="")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(scope="item", recording__isnull=False, **_none("incident", *_PERIOD))
                | models.Q(scope="incident", incident__isnull=False, **_none("recording", *_PERIOD))
                | models.Q(
                    scope="officer",
                    officer__isnull=False,
                    period_from_at__isnull=False,
                    period_to_at__isnull=False,
                    period_to_at__gt=models.F("period_from_at"),
                    **_none("recording", "incident"),
                )
                | models.Q(scope="everything", **_none("recording", "incident", *_PERIOD)),
                name="retention_hold_covers_one_thing",
            ),
        ]
        indexes = [
            models.Index(
                fields=["recording"],
                name="retention_active_holds",
                condition=models.Q(released_at__isnull=True),
            ),
            models.Index(
                fields=["review_date"],
                name="retention_holds_to_review",
                condition=models.Q(released_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return (
            f"{self.kind} hold, {self.scope} {self.recording_id or self.incident_id or self.officer_id or ''}"
        )

    @property
    def is_in_force(self) -> bool:
        """Whether it keeps anything."""
        return self.released_at is None


class Disposal(models.Model):
    """A recording whose keys were destroyed under a rule; the row and the proofs outlive the footage.

    `removed_at` is null while the unreadable bytes still wait to be removed from the store. `run` is null for what no
    run disposed of: what went early, or again after a restore.
    """

    recording = models.OneToOneField(Recording, models.PROTECT, primary_key=True, related_name="disposal")
    # Runs are never removed, and a check of each of half a million rows against the one run there is would be felt.
    run = models.ForeignKey(
        "DisposalRun",
        models.PROTECT,
        null=True,
        related_name="disposals",
        db_index=False,
        db_constraint=False,
    )
    rule = models.CharField(max_length=64)
    reason = models.TextField()
    due_at = models.DateTimeField()
    executed_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["executed_at"],
                name="retention_not_yet_removed",
                condition=models.Q(removed_at__isnull=True),
            ),
            models.Index(fields=["-executed_at", "-recording"], name="retention_newest_disposals"),
        ]

    def __str__(self) -> str:
        return f"disposal of {self.recording_id}"


class Review(models.Model):
    """What a person decided at the end of a recording's period: to keep it for longer, or to let it go.

    To let it go takes a second person: until `agreed_at` it stays, and once `refused_at` it stays for good.
    """

    class Choice(models.TextChoices):
        """What may be decided."""

        KEEP = "keep", "Keep for longer"
        LET_GO = "let_go", "Let go"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    recording = models.ForeignKey(Recording, models.PROTECT, related_name="reviews")
    choice = models.CharField(max_length=8, choices=Choice)
    reason = models.CharField(max_length=500)
    decided_at = models.DateTimeField()
    decided_by = models.ForeignKey(Account, models.PROTECT, related_name="+")
    keep_until = models.DateTimeField(null=True)
    agreed_at = models.DateTimeField(null=True)
    agreed_by = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+")
    refused_at = models.DateTimeField(null=True)
    refused_by = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+")
    refused_reason = models.CharField(max_length=300, blank=True, db_default="")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(
                    choice="keep", keep_until__isnull=False, agreed_at__isnull=True, refused_at__isnull=True
                )
                | models.Q(choice="let_go", keep_until__isnull=True),
                name="retention_review_keeps_until",
            ),
            models.CheckConstraint(
                condition=models.Q(agreed_at__isnull=True, agreed_by__isnull=True)
                | (
                    models.Q(agreed_at__isnull=False, agreed_by__isnull=False, refused_at__isnull=True)
                    & ~models.Q(agreed_by=models.F("decided_by"))
                ),
                name="retention_review_takes_two",
            ),
            models.UniqueConstraint(
                fields=["recording"],
                name="retention_one_open_review",
                condition=models.Q(choice="let_go", agreed_at__isnull=True, refused_at__isnull=True),
            ),
        ]
        indexes = [models.Index(fields=["recording", "-decided_at"], name="retention_latest_review")]

    def __str__(self) -> str:
        return f"{self.choice} of {self.recording_id}"


class SharedDecision(models.Model):
    """What several people must agree to before it happens; `quorum` counts the requester, and was set at the start."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    reason = models.CharField(max_length=500)
    state = models.CharField(
        max_length=16,
        choices=[(state.value, state.value.capitalize()) for state in quorum.State],
        default=quorum.State.REQUESTED.value,
    )
    quorum = models.PositiveSmallIntegerField()
    requested_at = models.DateTimeField()
    requested_by = models.ForeignKey(Account, models.PROTECT, related_name="+")
    expires_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+")
    closed_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        abstract = True

    @property
    def is_open(self) -> bool:
        """Whether anything can still happen to it."""
        return quorum.State(self.state).is_open


class EarlyDisposal(SharedDecision):
    """That a recording be disposed of before its period ends, because the law requires it."""

    class Basis(models.TextChoices):
        """What in law requires it."""

        COURT_ORDER = "court_order", "Order of a court"
        ERASURE = "erasure", "Right to erasure (Data Protection Act 2018, section 47)"
        COMMISSIONER = "commissioner", "Notice of the Information Commissioner"
        UNLAWFUL_CAPTURE = "unlawful_capture", "Recorded unlawfully"
        PRIVILEGED = "privileged", "Legally privileged matter"
        OTHER_LAW = "other_law", "Another duty in law"

    recording = models.ForeignKey(Recording, models.PROTECT, related_name="early_disposals")
    basis = models.CharField(max_length=24, choices=Basis)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["recording"],
                name="retention_one_open_early_disposal",
                condition=models.Q(state__in=["requested", "approved"]),
            ),
            models.CheckConstraint(condition=models.Q(quorum__gte=2), name="retention_early_takes_two"),
        ]
        indexes = [models.Index(fields=["state", "-requested_at"], name="retention_early_by_state")]

    def __str__(self) -> str:
        return f"early disposal of {self.recording_id}"


class EarlyDisposalApproval(models.Model):
    """One person's approval of an early disposal."""

    request = models.ForeignKey(EarlyDisposal, models.PROTECT, related_name="approvals")
    approved_by = models.ForeignKey(Account, models.PROTECT, related_name="+")
    approved_at = models.DateTimeField()

    class Meta:
        ordering = ["approved_at"]
        constraints = [
            models.UniqueConstraint(fields=["request", "approved_by"], name="retention_early_approval_once")
        ]

    def __str__(self) -> str:
        return f"{self.approved_by_id} approves {self.request_id}"


class KeyDestruction(SharedDecision):
    """That a key-encryption key be retired although a live copy of the keys still holds it."""

    key_id = models.CharField(max_length=32)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["key_id"],
                name="retention_one_open_key_destruction",
                condition=models.Q(state__in=["requested", "approved"]),
            ),
            models.CheckConstraint(condition=models.Q(quorum__gte=2), name="retention_key_takes_two"),
        ]

    def __str__(self) -> str:
        return f"destruction of {self.key_id}"


class KeyDestructionApproval(models.Model):
    """One person's approval of a key's destruction."""

    request = models.ForeignKey(KeyDestruction, models.PROTECT, related_name="approvals")
    approved_by = models.ForeignKey(Account, models.PROTECT, related_name="+")
    approved_at = models.DateTimeField()

    class Meta:
        ordering = ["approved_at"]
        constraints = [
            models.UniqueConstraint(fields=["request", "approved_by"], name="retention_key_approval_once")
        ]

    def __str__(self) -> str:
        return f"{self.approved_by_id} approves {self.request_id}"


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


class RunRelease(SharedDecision):
    """That a run that stopped may go on, with what it found and no more."""

    run = models.ForeignKey(DisposalRun, models.PROTECT, related_name="releases")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["run"],
                name="retention_one_open_release",
                condition=models.Q(state__in=["requested", "approved"]),
            ),
            models.CheckConstraint(condition=models.Q(quorum__gte=2), name="retention_release_takes_two"),
        ]

    def __str__(self) -> str:
        return f"release of {self.run_id}"


class RunReleaseApproval(models.Model):
    """One person's approval of a run's release."""

    request = models.ForeignKey(RunRelease, models.PROTECT, related_name="approvals")
    approved_by = models.ForeignKey(Account, models.PROTECT, related_name="+")
    approved_at = models.DateTimeField()

    class Meta:
        ordering = ["approved_at"]
        constraints = [
            models.UniqueConstraint(fields=["request", "approved_by"], name="retention_release_approval_once")
        ]

    def __str__(self) -> str:
        return f"{self.approved_by_id} approves {self.request_id}"


class PolicyVersion(SharedDecision):
    """A policy that somebody proposed; adopted once it is executed, and in force from `effective_at` on.

    `effective_at` is, until then, the earliest that the proposer wants. The text is kept as it was proposed, and is
    read again whenever it is used.
    """

    text = models.TextField()
    name = models.CharField(max_length=200)
    version = models.CharField(max_length=64)
    sha256 = models.BinaryField(max_length=32)
    effective_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                models.Value(1),
                name="retention_one_open_policy",
                condition=models.Q(state__in=["requested", "approved"]),
            ),
            models.UniqueConstraint(
                fields=["version"],
                name="retention_policy_adopted_once",
                condition=models.Q(state="executed"),
            ),
            models.CheckConstraint(condition=models.Q(quorum__gte=2), name="retention_policy_takes_two"),
            models.CheckConstraint(
                condition=~models.Q(state="executed")
                | models.Q(effective_at__gte=models.F("closed_at"), closed_at__isnull=False),
                name="retention_policy_effective_after_adoption",
            ),
        ]
        indexes = [
            models.Index(
                fields=["-effective_at", "-closed_at"],
                name="retention_policy_in_force",
                condition=models.Q(state="executed"),
            )
        ]

    def __str__(self) -> str:
        return f"policy {self.name}, version {self.version}"


class PolicyApproval(models.Model):
    """One person's approval of a policy."""

    request = models.ForeignKey(PolicyVersion, models.PROTECT, related_name="approvals")
    approved_by = models.ForeignKey(Account, models.PROTECT, related_name="+")
    approved_at = models.DateTimeField()

    class Meta:
        ordering = ["approved_at"]
        constraints = [
            models.UniqueConstraint(fields=["request", "approved_by"], name="retention_policy_approval_once")
        ]

    def __str__(self) -> str:
        return f"{self.approved_by_id} approves {self.request_id}"
