"""What was disposed of, and the certificate of each: what it proves in words, and the file that proves it."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from tabard.custody.actors import Subject
from tabard.disclosure import certificates
from tabard.kernel.clock import now
from tabard.people.authorisation import Viewer
from tabard.people.rules import Action
from tabard.recordings.viewing import record_view
from tabard.retention import disposals
from tabard.web.forms.disposals import DisposalFilterForm
from tabard.web.numbered import part_of
from tabard.web.pages import page
from tabard.web.reasons import reason_for, shown_with


@page(Action.EARLY_DISPOSAL_VIEW)
@require_safe
def listed(request: HttpRequest, viewer: Viewer) -> HttpResponseBase:
    """What was disposed of, newest first, by day, rule and run."""
    names = disposals.rule_names()
    form = DisposalFilterForm(request.GET, rules=names)
    found = disposals.disposals(viewer, form.wanted())
    total = found.count()
    part = part_of(request, total)
    rows = found[part.first : part.end]
    context = {
        "filter_form": form,
        "disposals": [(disposal, names.get(disposal.rule, disposal.rule)) for disposal in rows],
        "total": total,
        "total_bytes": disposals.size_bytes(found),
        "is_filtered": any(value for key, value in request.GET.items() if key != "page"),
        "query": request.GET.urlencode(),
        "part": part,
    }
    return render(request, "disposals/list.html", context)


@page(Action.EARLY_DISPOSAL_VIEW)
@require_safe
def listed_csv(request: HttpRequest, viewer: Viewer) -> HttpResponseBase:
    """The disposals that the list shows, all of them, for a spreadsheet."""
    form = DisposalFilterForm(request.GET, rules=disposals.rule_names())
    lines = disposals.sheet(disposals.disposals(viewer, form.wanted()))
    headers = {"Content-Disposition": 'attachment; filename="disposals.csv"'}
    return StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8", headers=headers)


@page(Action.EARLY_DISPOSAL_VIEW)
@require_safe
def certificate(request: HttpRequest, viewer: Viewer, recording_id: UUID) -> HttpResponseBase:
    """What the certificate of a recording's disposal proves, in words; the look is logged."""
    disposal = disposals.get(viewer, recording_id)
    item = Subject("recording", recording_id)
    reason = reason_for(request, item)
    record_view(recording=disposal.recording, viewer=viewer, at=now(), reason=reason)
    entry = certificates.entry(recording_id)
    context = {
        "disposal": disposal,
        "rule_name": disposals.rule_names().get(disposal.rule, disposal.rule),
        "entry": entry,
        "proven": entry.details.value if entry and entry.details else None,
        **shown_with(request, item, reason),
    }
    return render(request, "disposals/certificate.html", context)


@page(Action.EARLY_DISPOSAL_VIEW)
@require_safe
def certificate_file(request: HttpRequest, viewer: Viewer, recording_id: UUID) -> HttpResponseBase:  # noqa: ARG001 - each page is given its request
    """The certificate; that it was taken is logged."""
    disposals.get(viewer, recording_id)
    issued = certificates.issue(recording_id=recording_id, by=viewer.actor, at=now())
    disposition = f'attachment; filename="{recording_id}{certificates.FILE_SUFFIX}"'
    return HttpResponse(issued, "application/json", headers={"Content-Disposition": disposition})
