"""Holds: which there are, what each covers, placing one that covers much, and what becomes of it."""

import csv
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from io import StringIO
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tabard.kernel.cells import BYTE_ORDER_MARK, inert
from tabard.kernel.clock import now
from tabard.kernel.errors import Conflict, Invalid
from tabard.people.authorisation import Viewer, can
from tabard.people.rules import Action
from tabard.retention import hold_views, holds, keeping
from tabard.retention.models import Hold
from tabard.web.forms.holds import HandOverForm, HoldFilterForm, HoldReleaseForm, PlaceForm, ReviewForm
from tabard.web.forms.refusals import show_refusal
from tabard.web.numbered import part_of
from tabard.web.pages import page

COLUMNS = (
    *("Kind", "Covers", "Recordings", "Reason", "Placed", "Placed by", "Owner", "Owner is here"),
    *("Look at it on", "Released", "Released by", "Why released"),
)


@dataclass(frozen=True, slots=True)
class Act:
    """What one form of a hold's page does: its name there, the service, and what was done in words."""

    name: str
    do: Callable[..., Hold]
    words: str


@page(Action.HOLD_VIEW)
@require_safe
def listed(request: HttpRequest, viewer: Viewer) -> HttpResponseBase:
    """The holds that the viewer may see, those in force first, the soonest review first."""
    form = HoldFilterForm(request.GET)
    found = hold_views.holds(viewer, now(), form.wanted())
    part = part_of(request, found.count())
    shown_now = list(found[part.first : part.end])
    counts = keeping.counts(shown_now)
    context = {
        "filter_form": form,
        "holds": [(hold, counts.get(hold.id, 0)) for hold in shown_now],
        "total": found.count(),
        "to_review": hold_views.to_review(viewer, now()).count(),
        "today": holds.day_of(now()),
        "is_filtered": any(value for key, value in request.GET.items() if key != "page"),
        "may_place": can(viewer, Action.HOLD_PLACE),
        "query": request.GET.urlencode(),
        "part": part,
    }
    return render(request, "holds/list.html", context)


@page(Action.HOLD_VIEW)
@require_safe
def listed_csv(request: HttpRequest, viewer: Viewer) -> HttpResponseBase:
    """The holds that the list shows, all of them, for a spreadsheet."""
    found = list(hold_views.holds(viewer, now(), HoldFilterForm(request.GET).wanted()))
    headers = {"Content-Disposition": f'attachment; filename="holds-{holds.day_of(now())}.csv"'}
    return HttpResponse(_csv_of(found), content_type="text/csv; charset=utf-8", headers=headers)


@page(Action.HOLD_PLACE)
@require_http_methods(["GET", "HEAD", "POST"])
def placed(request: HttpRequest, viewer: Viewer) -> HttpResponseBase:
    """The form that places a hold on an incident or an officer; it shows first what would be held."""
    if request.method != "POST":
        return render(request, "holds/place.html", {"form": PlaceForm(initial=request.GET.dict())})
    form = PlaceForm(request.POST)
    rehearsal = None
    if form.is_valid():
        try:
            on, kind, at = form.held(viewer), form.cleaned_data["kind"], now()
            if request.POST.get("act") == "place":
                return _placed(request, viewer, on, form)
            rehearsal = hold_views.rehearse(on=on, kind=kind, viewer=viewer, at=at)
        except (Invalid, Conflict) as error:
            show_refusal(form, error)
    context = {"form": form, "rehearsal": rehearsal}
    return render(request, "holds/place.html", context, status=400 if form.errors else 200)


@page(Action.HOLD_VIEW)
@require_safe
def shown(request: HttpRequest, viewer: Viewer, hold_id: UUID) -> HttpResponseBase:
    """One hold with what it covers, and what may be done about it."""
    return _shown(request, viewer, hold_views.get(viewer, hold_id))


@page(Action.HOLD_PLACE)
@require_POST
def reviewed(request: HttpRequest, viewer: Viewer, hold_id: UUID) -> HttpResponseBase:
    """The hold is kept on until it is looked at again."""
    return _done(request, viewer, hold_id, Act("review", holds.review, "The hold is kept on."))


@page(Action.HOLD_PLACE)
@require_POST
def handed_over(request: HttpRequest, viewer: Viewer, hold_id: UUID) -> HttpResponseBase:
    """Somebody else owns the hold."""
    return _done(request, viewer, hold_id, Act("owner", holds.hand_over, "The hold is handed over."))


@page(Action.HOLD_PLACE)
@require_POST
def released(request: HttpRequest, viewer: Viewer, hold_id: UUID) -> HttpResponseBase:
    """The hold keeps nothing any more."""
    return _done(request, viewer, hold_id, Act("release", holds.release, "The hold is released."))


def _placed(request: HttpRequest, viewer: Viewer, on: holds.Held, form: PlaceForm) -> HttpResponse:
    sent = {name: form.cleaned_data[name] for name in ("kind", "reason", "review_date")}
    hold = holds.place(on=on, **sent, viewer=viewer, at=now())
    messages.success(request, "The hold is placed. It counts from now on, also during a disposal run.")
    return redirect("hold", hold.id)


def _done(request: HttpRequest, viewer: Viewer, hold_id: UUID, act: Act) -> HttpResponseBase:
    """Back to the hold with what was done; or its page again with the form and why it was refused."""
    hold = hold_views.get(viewer, hold_id)
    form = _forms(hold, request.POST)[act.name]
    if form.is_valid():
        try:
            act.do(hold=hold, **form.cleaned_data, viewer=viewer, at=now())
        except (Invalid, Conflict) as error:
            show_refusal(form, error)
        else:
            messages.success(request, act.words)
            return redirect("hold", hold_id)
    return _shown(request, viewer, hold, {act.name: form})


def _shown(
    request: HttpRequest, viewer: Viewer, hold: Hold, typed: dict[str, BaseForm] | None = None
) -> HttpResponseBase:
    covered = keeping.covered(hold).select_related("officer").order_by("-filmed_at", "-id")
    part = part_of(request, covered.count())
    context: dict[str, Any] = {
        "hold": hold,
        "recordings": covered[part.first : part.end],
        "held": covered.filter(disposed_at__isnull=True).count(),
        "gone": covered.filter(disposed_at__isnull=False).count(),
        "is_to_review": hold.is_in_force
        and (hold.review_date is None or hold.review_date <= holds.day_of(now())),
        "may_change": hold.is_in_force and can(viewer, Action.HOLD_PLACE),
        "days": hold_views.days_of(hold) if hold.officer_id else None,
        "forms": {**_forms(hold), **(typed or {})},
        "typed": next(iter((typed or {}).values()), None),
        "part": part,
    }
    return render(request, "holds/hold.html", context, status=400 if typed else 200)


def _forms(hold: Hold, data: Any = None) -> dict[str, BaseForm]:
    return {
        "review": ReviewForm(data, prefix="review"),
        "owner": HandOverForm(data, prefix="owner", owners=hold_views.possible_owners(hold)),
        "release": HoldReleaseForm(data, prefix="release"),
    }


def _csv_of(found: list[Hold]) -> str:
    out, counts = StringIO(), keeping.counts(found)
    out.write(BYTE_ORDER_MARK)
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for hold in found:
        writer.writerow([inert(str(cell)) for cell in _cells(hold, counts.get(hold.id, 0))])
    return out.getvalue()


def _cells(hold: Hold, count: int) -> Iterable[object]:
    return (
        *(hold.get_kind_display(), hold_views.covers(hold), count, hold.reason, hold.placed_at.isoformat()),
        *(hold.placed_by or "", hold.owner or "", "yes" if hold.has_owner else "no"),  # type: ignore[attr-defined] # annotated
        *(hold.review_date or "", hold.released_at.isoformat() if hold.released_at else ""),
        *(hold.released_by or "", hold.released_reason),
    )
