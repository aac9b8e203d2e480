"""What is a client told when something cannot be done? One problem (RFC 9457) for each error; refusals are logged."""

import logging
from collections.abc import Iterable, Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.core.exceptions import BadRequest, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError

from tabard.api.operations import PROBLEM_TYPE
from tabard.api.schemas.problems import FieldFault, Problem
from tabard.kernel.clock import now
from tabard.kernel.errors import Conflict, Denied, Integrity, Invalid, NotFound, TabardError, Unavailable
from tabard.people.refusals import record_refusal

STATUS: Mapping[type[TabardError], int] = {
    Invalid: 422,
    Denied: 403,
    NotFound: 404,
    Conflict: 409,
    Integrity: 500,
    Unavailable: 503,
}
_TITLES = {
    400: "The request cannot be read",
    401: "Sign in first",
    403: "Not allowed",
    404: "Not found",
    405: "Not this method",
    409: "Not possible as things stand",
    422: "Not acceptable",
    500: "Something is wrong",
    503: "Not available now",
}
_CODES = {
    400: "malformed",
    401: "not_signed_in",
    403: "csrf",
    404: "not_found",
    405: "method",
    429: "too_many",
}
_MALFORMED = (BadRequest, SuspiciousOperation, MultiPartParserError)
_PLAIN = (str, int, float, bool, type(None))
logger = logging.getLogger(__name__)


def install(api: NinjaAPI) -> None:
    """Every error that an operation raises is answered as a problem from now on."""
    api.add_exception_handler(TabardError, _tabard_error)
    api.add_exception_handler(ValidationError, _unfit)
    api.add_exception_handler(HttpError, _http_error)
    api.add_exception_handler(Http404, _no_such_page)
    api.add_exception_handler(Exception, _surprise)


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    fields: Mapping[str, Any] | None = None,
    errors: Iterable[FieldFault] = (),
) -> HttpResponse:
    """The answer that says why a request was not done."""
    said = Problem(
        type=f"urn:tabard:problem:{code}",
        title=_TITLES.get(status, HTTPStatus(status).phrase),
        status=status,
        detail=detail,
        code=code,
        fields=dict(fields or {}),
        errors=list(errors),
    )
    response = HttpResponse(said.model_dump_json(), content_type=PROBLEM_TYPE, status=status)
    if status == HTTPStatus.UNAUTHORIZED:
        response["WWW-Authenticate"] = 'Session realm="Tabard"'
    return response


def http_problem(status: int, detail: str) -> HttpResponse:
    """The problem of an error that has no code of its own."""
    return problem(status, _CODES.get(status, "http"), detail)


def _tabard_error(request: HttpRequest, error: Any) -> HttpResponse:
    """The problem of one of our errors; a refusal is in the log before it is told."""
    if isinstance(error, Denied):
        viewer = request.auth  # type: ignore[attr-defined] # nothing of ours runs before the door knows who asks
        record_refusal(denied=error, viewer=viewer, at=now())
    status = next((code for family, code in STATUS.items() if isinstance(error, family)), 500)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        logger.error("%s: %s", error.code, error.message, extra={"fields": error.fields}, exc_info=error)
    at_fault = error.fields.get("field") if isinstance(error, Invalid | Conflict) else None
    faults = [FieldFault(field=str(at_fault), detail=error.message)] if at_fault else []
    return problem(status, error.code, error.message, fields=_plain(error.fields), errors=faults)


def _plain(fields: Mapping[str, object]) -> dict[str, Any]:
    """The values that can be told: text, numbers, ids and times; an item that was refused is not among them."""
    named = {name: value for name, value in fields.items() if name != "item"}
    told: dict[str, Any] = {name: value for name, value in named.items() if isinstance(value, _PLAIN)}
    return told | {name: str(value) for name, value in named.items() if isinstance(value, UUID | datetime)}


def _unfit(request: HttpRequest, error: Any) -> HttpResponse:  # noqa: ARG001 - a handler's shape
    """Every field of the request that does not fit its schema."""
    faults = [FieldFault(field=_place(fault["loc"]), detail=fault["msg"]) for fault in error.errors]
    named = ", ".join(fault.field for fault in faults)
    return problem(422, "invalid", f"These fields cannot be accepted: {named}.", errors=faults)


def _place(where: Iterable[object]) -> str:
    """The field's name without where it was sent and what we call the body: `("body", "sent", "title")` is `title`."""
    _, *names = [str(part) for part in where]
    return ".".join(names[1:] if names[:1] in (["sent"], ["wanted"]) else names) or "body"


def _http_error(request: HttpRequest, error: Any) -> HttpResponse:  # noqa: ARG001 - a handler's shape
    words = "Sign in first." if error.status_code == HTTPStatus.UNAUTHORIZED else error.message
    return http_problem(error.status_code, words)


def _no_such_page(request: HttpRequest, error: Any) -> HttpResponse:  # noqa: ARG001 - a handler's shape
    return http_problem(404, "There is nothing at this address.")


def _surprise(request: HttpRequest, error: Any) -> HttpResponse:
    """What nobody foresaw: told without its words, which may hold anything, and logged with them."""
    if isinstance(error, _MALFORMED):
        return http_problem(400, "The request cannot be read.")
    logger.error("%s %s failed", request.method, request.path, exc_info=error)
    return problem(500, "unforeseen", "Something went wrong. It has been recorded.")
