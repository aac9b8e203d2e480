"""What became of the recordings that nothing kept."""

from django.db import models

from tabard.recordings.models import Recording
from tabard.retention.models.runs import DisposalRun


class Disposal(models.Model):
    """A recording whose keys were destroyed under a rule; the row and the proofs outlive the footage.

    `removed_at` is null while the unreadable bytes still wait to be removed from the store. `run` is null for what no
    run disposed of: what went early, or again after a restore.
    """

    recording = models.OneToOneField(Recording, models.PROTECT, primary_key=True, related_name="disposal")
    # Runs are never removed, and a check of each of half a million rows against the one run there is would be felt.
    run = models.ForeignKey(
        DisposalRun,
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
