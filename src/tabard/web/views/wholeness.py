"""Is anything missing of what cameras filmed? A period of it, by camera, wearer and shift."""

import csv
import io
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from tabard.kernel.cells import BYTE_ORDER_MARK, inert
from tabard.kernel.clock import now
from tabard.kernel.errors import Invalid
from tabard.people.authorisation import Viewer
from tabard.people.rules import Action
from tabard.recordings import wholeness
from tabard.recordings.viewing import record_search
from tabard.recordings.wholeness import Shift, Wholeness
from tabard.web.forms.intake import WholenessForm
from tabard.web.forms.refusals import show_refusal
from tabard.web.pages import page
from tabard.web.templatetags.tabard_values import LONDON

_COLUMNS = (
    "camera",
    "officer",
    "began_at",
    "ended_at",
    "recordings",
    "footage_s",
    "finding",
    "recording",
    "words",
)


@page(Action.WORK_ITEM_VIEW)
@require_safe
def shown(request: HttpRequest, viewer: Viewer) -> HttpResponseBase:
    """The shifts of the period in which something is not whole; what was asked for is in the log."""
    form, found = _asked(request, viewer)
    kept = {key: value for key, value in request.GET.items() if key != "cursor"}
    context = {
        "filter_form": form,
        "shifts": found.shifts,
        "next_url": "?" + urlencode({**kept, "cursor": found.next_cursor}) if found.next_cursor else "",
        "csv_url": reverse("work-item-wholeness-csv") + "?" + urlencode(dict(request.GET.items())),
    }
    return render(request, "work_items/wholeness.html", context, status=400 if form.errors else 200)


@page(Action.WORK_ITEM_VIEW)
@require_safe
def taken_away(request: HttpRequest, viewer: Viewer) -> HttpResponseBase:
    """The same as CSV, one row a finding."""
    _, found = _asked(request, viewer)
    text = io.StringIO(newline="")
    text.write(BYTE_ORDER_MARK)
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(_COLUMNS)
    for shift in found.shifts:
        writer.writerows([inert(str(cell)) for cell in row] for row in _rows(shift))
    response = HttpResponse(text.getvalue(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="wholeness.csv"'
    return response


def _asked(request: HttpRequest, viewer: Viewer) -> tuple[WholenessForm, Wholeness]:
    """The form as it was filled in, or for the last days; and what it finds, nothing where it has a fault."""
    form = WholenessForm(request.GET or WholenessForm.lately(now().astimezone(LONDON).date()))
    if form.is_valid():
        try:
            found = wholeness.shifts(viewer, form.wanted(), cursor=request.GET.get("cursor", ""))
        except Invalid as error:
            show_refusal(form, error)
        else:
            record_search(viewer=viewer, asked=form.asked(), at=now())
            return form, found
    return form, Wholeness((), "")


def _rows(shift: Shift) -> list[tuple[Any, ...]]:
    of = (
        shift.camera_serial,
        shift.officer or "",
        shift.began_at.isoformat(),
        shift.ended_at.isoformat(),
        shift.recordings,
        round(shift.footage_s),
    )
    if not shift.findings:
        return [(*of, "", "", "")]
    return [(*of, each.kind.value, each.recording_id, each.words) for each in shift.findings]
