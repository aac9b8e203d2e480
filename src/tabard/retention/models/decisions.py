"""What several people agreed to: what cannot be undone, and by which policy it is done."""

from django.db import models

from tabard.recordings.models import Recording
from tabard.retention.models.deciding import Approval, SharedDecision
from tabard.retention.models.runs import DisposalRun


class EarlyDisposal(SharedDecision):
    """That a recording be disposed of before its period ends, because the law requires it.

    Approved by all who must, it goes at `executes_at`: after the days of grace, unless `at_once` was asked for.
    """

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
    at_once = models.BooleanField(default=False)
    executes_at = models.DateTimeField(null=True)

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


class EarlyDisposalApproval(Approval):
    """One person's approval of an early disposal."""

    request = models.ForeignKey(EarlyDisposal, models.PROTECT, related_name="approvals")

    class Meta(Approval.Meta):
        constraints = [
            models.UniqueConstraint(fields=["request", "approved_by"], name="retention_early_approval_once")
        ]


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


class KeyDestructionApproval(Approval):
    """One person's approval of a key's destruction."""

    request = models.ForeignKey(KeyDestruction, models.PROTECT, related_name="approvals")

    class Meta(Approval.Meta):
        constraints = [
            models.UniqueConstraint(fields=["request", "approved_by"], name="retention_key_approval_once")
        ]


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


class RunReleaseApproval(Approval):
    """One person's approval of a run's release."""

    request = models.ForeignKey(RunRelease, models.PROTECT, related_name="approvals")

    class Meta(Approval.Meta):
        constraints = [
            models.UniqueConstraint(fields=["request", "approved_by"], name="retention_release_approval_once")
        ]


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


class PolicyApproval(Approval):
    """One person's approval of a policy."""

    request = models.ForeignKey(PolicyVersion, models.PROTECT, related_name="approvals")

    class Meta(Approval.Meta):
        constraints = [
            models.UniqueConstraint(fields=["request", "approved_by"], name="retention_policy_approval_once")
        ]
