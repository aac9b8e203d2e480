"""What does an operation need to be asked for? Each is registered with the action it takes, or not at all.

The door refuses, before it reads a body, whoever could never do the action to anything; what the person may do to the
one item at hand is decided by the selector or service that the operation calls. The OpenAPI description says the
action of every operation as `x-action`.
"""

import inspect
from collections.abc import Callable
from enum import Enum
from typing import Any, TypeVar

from django.conf import settings
from django.http import HttpRequest
from ninja import Router
from ninja.security import APIKeyCookie

from tabard.api.viewers import viewer_from_session
from tabard.kernel.errors import Denied, Invalid
from tabard.people.access_reasons import HEADER, LONGEST, ReasonNeeded, stated
from tabard.people.authorisation import Viewer
from tabard.people.rules import Action, reach

PROBLEM_TYPE = "application/problem+json"
_PROBLEMS = {
    401: "Nobody is signed in",
    403: "The person may not do this, or the CSRF token is missing",
    404: "There is no such thing",
    409: "The state of things does not allow it",
    422: "A field cannot be accepted",
    500: "Bytes, hashes or proofs do not agree, or something unforeseen happened",
    503: "Something we depend on cannot serve now",
}
_CSRF_HEADER = {
    "in": "header",
    "name": "X-CSRFToken",
    "required": True,
    "schema": {"type": "string"},
    "description": "The value of the csrftoken cookie",
}
_REASON_HEADER = {
    "in": "header",
    "name": HEADER,
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST},
    "description": "Why you open this item, for example `Investigation: CAD 4821`. It stands in the custody log beside "
    "what you did. Where the installation requires a reason, a request without it answers 422 "
    f"`{ReasonNeeded.code}`.",
}
_Function = TypeVar("_Function", bound=Callable[..., Any])


class SignedIn(Enum):
    """Operations that no single action guards."""

    ANYONE = "anyone signed in"


Access = Action | SignedIn


class SessionCookie(APIKeyCookie):
    """Lets in whoever has a session and could do the action to something; what a closed door is told is a problem."""

    param_name = settings.SESSION_COOKIE_NAME

    def __init__(self, access: Access) -> None:
        super().__init__(
            csrf=False
        )  # checked by `viewer_from_session`, after it is known that somebody is signed in
        self.access = access
        self.parameters: frozenset[str] = frozenset()

    def authenticate(self, request: HttpRequest, key: str | None) -> Viewer | None:  # noqa: ARG002 - ninja's shape
        """The viewer; None where nobody is signed in.

        Raises:
            Denied: when none of the viewer's roles allows the action at all.
            Invalid: when the address has a parameter that the operation does not know; a misspelt filter would
                otherwise answer everything. Also when the reason for access cannot be kept.
        """
        viewer = viewer_from_session(request)
        if viewer is None:
            return None
        request.auth = viewer  # type: ignore[attr-defined] # ninja sets it only on success; a refusal needs it too
        if isinstance(self.access, Action) and not reach(viewer.roles, self.access):
            raise Denied(f"None of your roles allows {self.access}", action=self.access.value, item=None)
        for name in request.GET.keys() - self.parameters:
            raise Invalid("There is no such parameter.", field=name)
        request.reason = _reason(request)  # type: ignore[attr-defined] # as `Asked` declares it
        return viewer


class Operations:
    """The operations of one noun. The first line of an operation's docstring is its summary."""

    def __init__(self, noun: str) -> None:
        self.noun = noun
        self.router = Router(tags=[noun])

    def get(
        self,
        path: str,
        *,
        access: Access,
        answers: Any = None,
        content_type: str = "",
        takes_reason: bool = False,
    ) -> Callable[[_Function], _Function]:
        """Registers a read.

        Args:
            path: Where it is.
            access: The action it takes.
            answers: What it answers.
            content_type: Of an answer that is not JSON.
            takes_reason: Whether it opens an item, so that the installation may want to know why.
        """
        return self._registered("GET", path, access, {200: answers}, content_type, takes_reason=takes_reason)

    def post(
        self, path: str, *, access: Access, answers: Any, status: int = 200
    ) -> Callable[[_Function], _Function]:
        """Registers an act; `status` is 201 where something new came to be."""
        return self._registered("POST", path, access, {status: answers})

    def put(self, path: str, *, access: Access, answers: Any) -> Callable[[_Function], _Function]:
        """Registers an act that may be repeated without further effect."""
        return self._registered("PUT", path, access, {200: answers})

    def delete(self, path: str, *, access: Access) -> Callable[[_Function], _Function]:
        """Registers an act that takes something away and answers nothing."""
        return self._registered("DELETE", path, access, {204: None})

    def _registered(
        self,
        method: str,
        path: str,
        access: Access,
        answers: dict[int, Any],
        content_type: str = "",
        *,
        takes_reason: bool = False,
    ) -> Callable[[_Function], _Function]:
        def decorate(function: _Function) -> _Function:
            said, door = inspect.getdoc(function) or "", SessionCookie(access)
            self.router.add_api_operation(
                path,
                [method],
                function,
                auth=door,
                response=answers,
                operation_id=f"{self.noun}_{function.__name__}",
                url_name=f"{self.noun}-{function.__name__}",
                summary=said.partition("\n")[0].rstrip("."),
                description=said,
                openapi_extra=_described(method, path, access, content_type, takes_reason=takes_reason),
            )
            door.parameters = _parameters(function)
            return function

        return decorate


def _parameters(function: Any) -> frozenset[str]:
    """The names that the operation's address may have after the question mark, as ninja read its signature."""
    models = function._ninja_operation.models  # noqa: SLF001 - ninja tells it nowhere else
    queries = [model for model in models if model.__ninja_param_source__ == "query"]
    return frozenset(name for model in queries for name in model.__ninja_flatten_map__)


def _reason(request: HttpRequest) -> str | None:
    """Why the item is opened, as the request's header says; None where it says nothing.

    Raises:
        Invalid: when it is empty, too long, or holds what cannot be printed; `field` is the header.
    """
    raw = request.headers.get(HEADER)
    if raw is None:
        return None
    try:
        return stated(raw.encode("latin-1").decode(errors="replace"))
    except Invalid as error:
        raise Invalid(error.message, field=HEADER) from error


def _described(
    method: str, path: str, access: Access, content_type: str, *, takes_reason: bool
) -> dict[str, Any]:
    """What the OpenAPI description says beyond what the signature does."""
    schema = {"$ref": "#/components/schemas/Problem"}
    left_out = {404} if "{" not in path else set()
    if method == "GET":
        left_out.add(409)
    responses: dict[int, Any] = {
        status: {"description": words, "content": {PROBLEM_TYPE: {"schema": schema}}}
        for status, words in _PROBLEMS.items()
        if status not in left_out
    }
    if content_type:
        responses[200] = {"content": {content_type: {"schema": {"type": "string"}}}}
    described: dict[str, Any] = {"x-action": access.value, "responses": responses}
    if method != "GET":
        described["parameters"] = [_CSRF_HEADER]
    if takes_reason:
        described["parameters"] = [_REASON_HEADER]
    return described
