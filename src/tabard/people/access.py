"""Why does this person open this item? The installation's rule for reasons, asked for by every service that logs one.

The decision itself is pure and stands in `access_reasons`.
"""

from django.conf import settings

from tabard.people import access_reasons
from tabard.people.access_reasons import Asking


def rule() -> Asking:
    """What the installation asks for before footage or its history is opened.

    Raises:
        Invalid: when the setting is none of the three words.
    """
    return access_reasons.asking(settings.TABARD_ACCESS_REASON)


def reason_details(reason: str | None) -> dict[str, str | None]:
    """What the event of a consultation or disclosure says of its reason.

    Raises:
        ReasonNeeded: when a reason is required and there is none; nothing was logged and nothing may be shown.
    """
    return access_reasons.details(rule(), reason)


def check_reason(reason: str | None) -> None:
    """Return only if an item may be opened with this reason, or without one.

    Raises:
        ReasonNeeded: when a reason is required and there is none.
    """
    access_reasons.check(rule(), reason)
