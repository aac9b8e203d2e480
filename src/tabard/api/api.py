"""The API as one thing: which nouns it has, how it answers, and what it says of itself.

There is no interactive page: ninja's loads its script from another site, and nothing foreign loads here. Any OpenAPI
viewer reads `/api/v1/openapi.json`.
"""

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.urls import URLPattern, URLResolver, path
from django.views.decorators.csrf import csrf_exempt
from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema
from ninja.renderers import BaseRenderer
from ninja.responses import NinjaJSONEncoder

from tabard.api import errors
from tabard.api.operations import Operations
from tabard.api.routes.custody import custody
from tabard.api.routes.destinations import destinations
from tabard.api.routes.disposal_runs import disposal_runs
from tabard.api.routes.disposals import disposals
from tabard.api.routes.early_disposals import early_disposals
from tabard.api.routes.exhibits import exhibits
from tabard.api.routes.fleet import fleet
from tabard.api.routes.folders import folders
from tabard.api.routes.holds import holds
from tabard.api.routes.incidents import incidents
from tabard.api.routes.issue import issue
from tabard.api.routes.losses import losses
from tabard.api.routes.notices import notices
from tabard.api.routes.packs import packs
from tabard.api.routes.people import people
from tabard.api.routes.policies import retention_policies
from tabard.api.routes.recordings import recordings
from tabard.api.routes.retention import retention
from tabard.api.routes.reviews import reviews
from tabard.api.routes.rollout import rollout
from tabard.api.routes.segments import segments
from tabard.api.routes.session import session
from tabard.api.routes.stocktakes import stocktakes
from tabard.api.routes.work_items import work_items
from tabard.api.schemas.problems import Problem
from tabard.custody.leaf import rfc3339

NOUNS: Sequence[Operations] = (
    session,
    recordings,
    segments,
    incidents,
    exhibits,
    packs,
    retention,
    retention_policies,
    reviews,
    disposal_runs,
    disposals,
    early_disposals,
    notices,
    holds,
    work_items,
    fleet,
    issue,
    losses,
    stocktakes,
    folders,
    rollout,
    destinations,
    people,
    custody,
)
_ABOUT = """Everything that a screen of Tabard can do. Sign in at `/sign-in`; the session cookie then signs every
request, and whatever is not a GET also carries the csrftoken cookie's value as the header X-CSRFToken. What is
consulted here is in the custody log as on the screens, and so is every refusal. Errors are RFC 9457 problems."""

View = Callable[..., HttpResponseBase]


class _ExactTimes(NinjaJSONEncoder):
    """Times to the microsecond in UTC, as the custody log writes them."""

    def default(self, o: Any) -> Any:
        """The value as JSON has it."""
        return rfc3339(o) if isinstance(o, datetime) else super().default(o)


class _Json(BaseRenderer):
    """JSON in UTF-8."""

    media_type = "application/json"

    def render(self, request: HttpRequest, data: Any, *, response_status: int) -> Any:  # noqa: ARG002 - ninja's shape
        """The bytes of the answer."""
        return json.dumps(data, cls=_ExactTimes, ensure_ascii=False).encode()


class TabardApi(NinjaAPI):
    """The API; its description also defines what a problem is."""

    def get_openapi_schema(self, **options: Any) -> OpenAPISchema:
        """The OpenAPI 3.1 description."""
        described = super().get_openapi_schema(**options)
        schema = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        described["components"]["schemas"].update(schema.pop("$defs"), Problem=schema)
        return described


def _nobody(request: HttpRequest) -> None:
    """Lets nobody in: an operation that was not registered with its action is closed."""


def _build() -> TabardApi:
    api = TabardApi(
        title="Tabard",
        version="1",
        description=_ABOUT,
        urls_namespace="api",
        docs_url=None,
        auth=_nobody,
        renderer=_Json(),
    )
    errors.install(api)
    for noun in NOUNS:
        api.add_router("", noun.router)
    return api


api = _build()


def api_urls() -> tuple[list[URLPattern | URLResolver], str, str]:
    """The addresses of the API, for `path("api/v1/", ...)`; one that there is not is a problem too, not a page."""
    found, app_name, namespace = api.urls
    patterns = [_answering(pattern) for pattern in found if isinstance(pattern, URLPattern)]
    return [*patterns, path("<path:rest>", _nothing_here)], app_name, namespace


def _answering(pattern: URLPattern) -> URLPattern:
    """The pattern, answering who is not signed in and who uses the wrong method with a problem."""
    pattern.callback = _with_problems(pattern.callback)
    return pattern


def _with_problems(view: View) -> View:
    @login_not_required  # each operation has its own door, which answers 401 and not with a page
    @csrf_exempt  # checked at the same door
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            response = view(request, *args, **kwargs)
        except Http404:  # ninja's own root, which names its interactive page
            return _nothing_here(request)
        if response.status_code == HTTPStatus.NO_CONTENT:
            del response["Content-Type"]
        if response.status_code != HTTPStatus.METHOD_NOT_ALLOWED:
            return response
        refused = errors.http_problem(405, f"This address does not take {request.method}.")
        refused["Allow"] = response["Allow"]
        return refused

    return answer


@login_not_required
@csrf_exempt
def _nothing_here(request: HttpRequest, rest: str = "") -> HttpResponse:  # noqa: ARG001 - a view's shape
    return errors.http_problem(404, "There is nothing at this address.")
