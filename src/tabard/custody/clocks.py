"""What does the log know of the time? When its newest event was, and what an authority of others signed last."""

from datetime import datetime

from django.db.models import Max

from tabard.custody.models import Event, TimestampToken


def logged_at() -> datetime | None:
    """When the newest event was, by the clock that it was logged by; None before the first."""
    newest = Event.objects.order_by("-id").first()
    return None if newest is None else newest.at


def vouched_at() -> datetime | None:
    """The newest time that a time-stamping authority signed; None where none did."""
    newest: datetime | None = TimestampToken.objects.aggregate(last=Max("stamped_at"))["last"]
    return newest
