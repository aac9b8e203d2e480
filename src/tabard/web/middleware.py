"""What happens around every page: nothing foreign loads, and every error has its page and, if refused, its event."""

import logging
from collections.abc import Callable
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from tabard.custody.actors import Subject
from tabard.kernel.clock import now
from tabard.kernel.errors import Conflict, Denied, Integrity, Invalid, NotFound, TabardError, Unavailable
from tabard.people.access_reasons import ReasonNeeded
from tabard.people.models import Account
from tabard.people.refusals import record_refusal
from tabard.web.pages import current_viewer
from tabard.web.reasons import asking_url

logger = logging.getLogger(__name__)
Respond = Callable[[HttpRequest], HttpResponse]

POLICY = "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
STATUS: dict[type[TabardError], int] = {
    Invalid: 400,
    Denied: 403,
    NotFound: 404,
    Conflict: 409,
    Integrity: 500,
    Unavailable: 503,
}


class ContentSecurityPolicy:
    """Every answer forbids the browser to load or send anything elsewhere."""

    def __init__(self, respond: Respond) -> None:
        self._respond = respond

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request."""
        response = self._respond(request)
        response.headers.setdefault("Content-Security-Policy", POLICY)
        response.headers.setdefault("Cache-Control", "private, no-store")
        return response


class ErrorPages:
    """Every error of ours has its page; a refusal is recorded before it is shown."""

    def __init__(self, respond: Respond) -> None:
        self._respond = respond

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request."""
        return self._respond(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """The page of one of our errors; anything else is Django's to report."""
        if not isinstance(error, TabardError):
            return None
        if isinstance(error, ReasonNeeded) and "item_id" in error.fields:
            return _ask_for_reason(request, error)
        if isinstance(error, Denied) and isinstance(request.user, Account):
            record_refusal(denied=error, viewer=current_viewer(request), at=now())
        status = next((code for family, code in STATUS.items() if isinstance(error, family)), 500)
        if status >= 500:
            logger.error("%s: %s", error.code, error.message, extra={"fields": error.fields}, exc_info=error)
        return render(
            request,
            f"errors/{status}.html",
            {"detail": error.message, "reference": error.code},
            status=status,
        )


def _ask_for_reason(request: HttpRequest, needed: ReasonNeeded) -> HttpResponse:
    """To the page that asks why; it leads back to what was wanted, or after a form to the item's own page."""
    if request.headers.get("HX-Request"):
        # A part of a page that is open: the page itself must ask.
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    item = Subject(str(needed.fields["item_type"]), UUID(str(needed.fields["item_id"])))
    following = request.get_full_path() if request.method in ("GET", "HEAD") else ""
    return redirect(asking_url(item, following))
