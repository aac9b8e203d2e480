"""What happens when an officer leaves? Their posting ends; nothing of theirs does, since footage outlasts service."""

from datetime import datetime

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from tabard.custody import services as custody
from tabard.custody.actors import Actor, Subject
from tabard.custody.kinds import EventKind
from tabard.people.errors import PostingConflict
from tabard.people.models import Officer, Posting


def officer_left(*, officer: Officer, by: Actor, at: datetime) -> Posting:
    """The officer belongs to no unit from `at` on; returns the posting that ended.

    Raises:
        PostingConflict: when the officer left already, or was posted only at or after `at`.
    """
    with transaction.atomic():
        # As in `services.post_officer`: one change of an officer's postings at a time.
        Officer.objects.select_for_update(no_key=True).get(id=officer.id)
        current = officer.postings.filter(during__upper_inf=True).select_related("unit").first()
        if current is None:
            raise PostingConflict(f"{officer} is posted nowhere: they left already.", officer=str(officer.id))
        if at <= current.during.lower:
            since = f"{current.during.lower:%-d %B %Y %H:%M}"
            raise PostingConflict(f"The officer is posted to {current.unit.name} since {since} UTC.", at=at)
        current.during = DateTimeTZRange(current.during.lower, at)
        current.save(update_fields=["during"])
        custody.append(
            kind=EventKind.OFFICER_LEFT,
            subject=Subject("officer", officer.id),
            at=at,
            by=by,
            details={"shoulder_number": officer.shoulder_number, "from": str(current.unit_id)},
        )
    return current
