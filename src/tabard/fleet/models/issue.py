"""By which rules a camera is given out: the force's own, and who was trained for what."""

from django.db import models

from tabard.kernel.ids import new_id
from tabard.people.models import Officer


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
