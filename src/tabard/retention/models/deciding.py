"""What several people must agree to: the shape that every such decision has."""

from uuid import UUID

from django.db import models

from tabard.kernel.ids import new_id
from tabard.people.models import Account
from tabard.retention import quorum


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


class Approval(models.Model):
    """One person's approval of a request."""

    request_id: UUID
    approved_by = models.ForeignKey(Account, models.PROTECT, related_name="+")
    approved_at = models.DateTimeField()

    class Meta:
        abstract = True
        ordering = ["approved_at"]

    def __str__(self) -> str:
        return f"{self.approved_by_id} approves {self.request_id}"
