"""What comes in: right now by every door, by cards and exports file by file, and what names of files say."""

import json
from collections.abc import Mapping
from datetime import datetime, time
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tabard.intake import feed
from tabard.intake.folder import selectors as folders
from tabard.intake.folder.reconciliation import csv_pieces, run_as_json
from tabard.intake.naming import selectors as naming
from tabard.intake.naming import services as patterns
from tabard.kernel.clock import now
from tabard.kernel.errors import Conflict, Invalid
from tabard.people.authorisation import Viewer
from tabard.people.rules import Action
from tabard.web.forms.intake import ItemsForm, PatternForm, TryForm
from tabard.web.forms.refusals import show_refusal
from tabard.web.pages import page
from tabard.web.templatetags.tabard_values import LONDON


@page(Action.FLEET_MANAGE)
@require_safe
def coming_in(request: HttpRequest, viewer: Viewer) -> HttpResponseBase:
    """What began to come in last; a page that stays open keeps itself up to date."""
    return render(request, "intake/feed.html", {**_around("intake"), **_feed(request, viewer)})


@page(Action.FLEET_MANAGE)
@require_safe
def coming_in_now(request: HttpRequest, viewer: Viewer) -> HttpResponseBase:
    """The part of the page that changes."""
    return render(request, "intake/feed_now.html", _feed(request, viewer))


@page(Action.FLEET_MANAGE)
@require_safe
def runs(request: HttpRequest, viewer: Viewer) -> HttpResponseBase:
    """The cards and exports that were read in, newest first."""
    context = {**_around("folder-runs-list"), "runs": folders.runs(viewer)}
    return render(request, "intake/runs.html", context)


@page(Action.FLEET_MANAGE)
@require_safe
def run(request: HttpRequest, viewer: Viewer, run_id: UUID) -> HttpResponseBase:
    """One reconciliation: how many were listed, found and sealed, and what became of each file."""
    found = folders.run(viewer, run_id)
    form = ItemsForm(request.GET)
    kind = form.cleaned_data["kind"] if form.is_valid() else ""
    cursor = request.GET.get("cursor", "")
    listed = folders.items(viewer, found, kind=kind, cursor=int(cursor) if cursor.isdecimal() else None)
    older = {"kind": kind, "cursor": str(listed.next_cursor)} if listed.next_cursor else None
    context = {
        "run": found,
        "filter_form": form,
        "items": listed.items,
        "older_url": "?" + urlencode(older) if older else "",
        "is_filtered": bool(kind),
    }
    return render(request, "intake/run.html", context)


@page(Action.FLEET_MANAGE)
@require_safe
def run_csv(_request: HttpRequest, viewer: Viewer, run_id: UUID) -> HttpResponseBase:
    """The reconciliation to take away, one row a file."""
    found = folders.run(viewer, run_id)
    response = StreamingHttpResponse(csv_pieces(found), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="reconciliation-{found.pk}.csv"'
    return response


@page(Action.FLEET_MANAGE)
@require_safe
def run_json(_request: HttpRequest, viewer: Viewer, run_id: UUID) -> HttpResponseBase:
    """The reconciliation to take away, for programs."""
    found = folders.run(viewer, run_id)
    response = HttpResponse(json.dumps(run_as_json(found), indent=2), content_type="application/json")
    response["Content-Disposition"] = f'attachment; filename="reconciliation-{found.pk}.json"'
    return response


@page(Action.FLEET_MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def name_patterns(request: HttpRequest, viewer: Viewer) -> HttpResponseBase:
    """The patterns by which file names are read; a new one is put into force here."""
    form = PatternForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            added = patterns.add(
                text=form.cleaned_data["pattern"], note=form.cleaned_data["note"], by=viewer.actor, at=now()
            )
        except (Invalid, Conflict) as error:
            show_refusal(form, error)
        else:
            messages.success(request, f"Names are read by {added.text} from now on.")
            return redirect("name-pattern-list")
    return _patterns(request, viewer, form=form)


@page(Action.FLEET_MANAGE)
@require_POST
def name_patterns_tried(request: HttpRequest, viewer: Viewer) -> HttpResponseBase:
    """What would be read of each name; nothing is kept."""
    form = TryForm(request.POST)
    tried: list[naming.Tried] | None = None
    if form.is_valid():
        said = form.cleaned_data
        try:
            tried = naming.tried(said["names"].splitlines(), [said["also"]] if said["also"] else [])
        except Invalid as error:
            form.add_error("also", error.message)
    return _patterns(request, viewer, try_form=form, tried=tried)


@page(Action.FLEET_MANAGE)
@require_POST
def name_pattern_removed(request: HttpRequest, viewer: Viewer, pattern_id: UUID) -> HttpResponseBase:
    """Reads no more names by the pattern; recordings that stand stay as they are."""
    found = naming.pattern(viewer, pattern_id)
    patterns.remove(pattern=found, by=viewer.actor, at=now())
    messages.success(request, f"Names are no longer read by {found.text}.")
    return redirect("name-pattern-list")


def _patterns(
    request: HttpRequest,
    viewer: Viewer,
    *,
    form: PatternForm | None = None,
    try_form: TryForm | None = None,
    tried: list[naming.Tried] | None = None,
) -> HttpResponseBase:
    refused = next((each for each in (form, try_form) if each is not None and each.errors), None)
    context = {
        **_around("name-pattern-list"),
        "form": refused,
        "pattern_form": form or PatternForm(),
        "try_form": try_form or TryForm(),
        "tried": tried,
        "patterns": naming.patterns(viewer),
    }
    return render(request, "intake/patterns.html", context, status=400 if refused else 200)


def _feed(request: HttpRequest, viewer: Viewer) -> Mapping[str, Any]:
    before = request.GET.get("before", "")
    found = feed.page(viewer, before=UUID(before) if _is_uuid(before) else None)
    midnight = datetime.combine(now().astimezone(LONDON).date(), time.min, tzinfo=LONDON)
    today = feed.counts(viewer, since=midnight)
    return {
        "lines": found.lines,
        "uploads": [] if before else feed.uploads(viewer),
        "today": [
            {"door": source.label, "begun": begun, "registered": done}
            for source, (begun, done) in today.items()
        ],
        "older_url": f"?before={found.older}" if found.older else "",
        "newest_url": reverse("intake") if before else "",
        "is_newest": not before,
    }


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _around(current: str) -> Mapping[str, Any]:
    """The section's own navigation."""
    pages = [
        ("intake", "Coming in"),
        ("folder-runs-list", "Cards and exports"),
        ("name-pattern-list", "Name patterns"),
    ]
    return {
        "sections": [
            {"label": label, "url": reverse(route), "current": route == current} for route, label in pages
        ]
    }
