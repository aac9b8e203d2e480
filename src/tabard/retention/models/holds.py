"""What keeps a recording, whatever its period says."""

from django.db import models

from tabard.incidents.models import Incident
from tabard.kernel.ids import new_id
from tabard.people.models import Account, Officer
from tabard.recordings.models import Recording

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
