"""What keeps a recording, what became of those that nothing kept, and who agreed to what cannot be undone."""

from django.db import models

from tabard.kernel.ids import new_id
from tabard.people.models import Account
from tabard.recordings.models import Recording
from tabard.retention import quorum


class Hold(models.Model):
    """Blocks disposal of a recording until released, whatever its period says.

    `placed_by` is null where a restore placed it because the log says that something kept the recording, not what.
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

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    recording = models.ForeignKey(Recording, models.PROTECT, related_name="holds")
    kind = models.CharField(max_length=16, choices=Kind)
    reason = models.CharField(max_length=300)
    placed_at = models.DateTimeField()
    placed_by = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+")
    released_at = models.DateTimeField(null=True, blank=True)
    released_by = models.ForeignKey(Account, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        indexes = [
            models.Index(
                fields=["recording"],
                name="retention_active_holds",
                condition=models.Q(released_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} hold on {self.recording_id}"


class Disposal(models.Model):
    """A recording whose keys were destroyed under a rule; the row and the proofs outlive the footage.

    `removed_at` is null while the unreadable bytes still wait to be removed from the store.
    """

    recording = models.OneToOneField(Recording, models.PROTECT, primary_key=True, related_name="disposal")
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
            )
        ]

    def __str__(self) -> str:
        return f"disposal of {self.recording_id}"


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
