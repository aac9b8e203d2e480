"""What a person decided at the end of a recording's period."""

from django.db import models

from tabard.kernel.ids import new_id
from tabard.people.models import Account
from tabard.recordings.models import Recording


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
