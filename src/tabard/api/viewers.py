"""Who is asking? The session that the sign-in page began, as authorisation sees it.

A cookie is sent by a browser whether the person meant it or not, so whatever changes something must also carry the
CSRF token that only a page of ours, or a program that read its own cookies, knows.
"""

from django.http import HttpRequest
from ninja.errors import HttpError
from ninja.utils import check_csrf

from tabard.kernel.clock import now
from tabard.people.authorisation import Viewer
from tabard.people.models import Account
from tabard.people.selectors import viewer_of


class Asked(HttpRequest):
    """A request that came through the door: `auth` is who asks, `reason` why."""

    auth: Viewer
    reason: str | None  # why an item is opened, where the request says so


def viewer_from_session(request: HttpRequest) -> Viewer | None:
    """The person whose session the cookie names; None where nobody is signed in.

    Raises:
        HttpError: 403, when the request would change something and does not carry the CSRF token.
    """
    if not isinstance(request.user, Account):
        return None
    if check_csrf(request) is not None:
        raise HttpError(403, "The X-CSRFToken header does not match the csrftoken cookie.")
    return viewer_of(request.user, now())
