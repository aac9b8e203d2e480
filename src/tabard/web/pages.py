"""How is a page allowed to be asked for? Every view says which action it needs; there is no page without.

`page(action)` gives the view its viewer and refuses at the door whoever could never do the action to anything; what
the person may do to the one item at hand is decided by the selector or service that the view calls.
"""

from collections.abc import Callable
from enum import Enum
from functools import wraps
from typing import Concatenate, ParamSpec, Protocol

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponseBase

from tabard.kernel.clock import now
from tabard.kernel.errors import Denied
from tabard.people.authorisation import Viewer
from tabard.people.models import Account
from tabard.people.rules import Action, reach
from tabard.people.selectors import viewer_of

Args = ParamSpec("Args")


class Open(Enum):
    """Pages that no single action guards."""

    TO_ANYONE = "to anyone"
    TO_SIGNED_IN = "to anyone signed in"


Access = Action | Open


class Page(Protocol):
    """A view that says what it needs; the route table and its test read `access`."""

    access: Access

    def __call__(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        """Answer the request."""


View = Callable[Concatenate[HttpRequest, Viewer, Args], HttpResponseBase]


def page(access: Action | Open) -> Callable[[View[Args]], Page]:
    """Makes a view of a function that takes the request and its viewer."""

    def decorate(function: View[Args]) -> Page:
        @wraps(function)
        def view(request: HttpRequest, *args: Args.args, **kwargs: Args.kwargs) -> HttpResponseBase:
            viewer = current_viewer(request)
            if isinstance(access, Action) and not reach(viewer.roles, access):
                raise Denied(f"None of your roles allows {access}", action=access.value, item=None)
            return function(request, viewer, *args, **kwargs)

        view.access = access  # type: ignore[attr-defined]
        return view  # type: ignore[return-value]

    return decorate


def public_page(function: Callable[Concatenate[HttpRequest, Args], HttpResponseBase]) -> Page:
    """Makes a view that anyone may ask for, signed in or not."""
    view = login_not_required(function)
    view.access = Open.TO_ANYONE  # type: ignore[attr-defined]
    return view  # type: ignore[return-value]


def current_viewer(request: HttpRequest) -> Viewer:
    """Who is asking, worked out once a request.

    Raises:
        Denied: when nobody is signed in; the sign-in middleware redirects before that.
    """
    known: Viewer | None = getattr(request, "viewer", None)
    if known is not None:
        return known
    if not isinstance(request.user, Account):
        raise Denied("Sign in first.", action="sign-in", item=None)
    viewer = viewer_of(request.user, now())
    request.viewer = viewer  # type: ignore[attr-defined]
    return viewer
