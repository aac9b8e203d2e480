"""What keeps a recording, and what became of those that nothing kept."""

from django.db import models

from tabard.kernel.ids import new_id
from tabard.people.models import Account
from tabard.recordings.models import Recording


class Hold(models.Model):
    """Blocks disposal of a recording until released, whatever its period says."""

    class Kind(models.TextChoices):
        """Why it is held."""

        CPIA = "cpia", "Criminal investigation (CPIA)"
        COMPLAINT = "complaint", "Complaint"
        IOPC = "iopc", "IOPC"
        INQUEST = "inquest", "Inquest"
        CIVIL_CLAIM = "civil_claim", "Civil claim"
        SUBJECT_ACCESS = "subject_access", "Subject access request"
        SCRUTINY = "scrutiny", "Scrutiny sample"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    recording = models.ForeignKey(Recording, models.PROTECT, related_name="holds")
    kind = models.CharField(max_length=16, choices=Kind)
    reason = models.CharField(max_length=300)
    placed_at = models.DateTimeField()
    placed_by = models.ForeignKey(Account, models.PROTECT, related_name="+")
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
