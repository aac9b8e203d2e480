"""Why is this opened? The page that asks, where the installation wants a reason before or beside what is shown."""

from collections.abc import Callable, Mapping
from uuid import UUID

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods

from tabard.custody.actors import Subject
from tabard.incidents import selectors as incidents
from tabard.kernel.clock import now
from tabard.kernel.errors import NotFound
from tabard.people.access_reasons import HOLDS_FOR
from tabard.people.authorisation import Viewer
from tabard.recordings import selectors as recordings
from tabard.web.forms.access import ReasonForm
from tabard.web.pages import Open, page
from tabard.web.reasons import give

_SEE: Mapping[str, Callable[[Viewer, UUID], object]] = {
    "recording": recordings.get,
    "exhibit": incidents.exhibit,
    "incident": incidents.incident,
}


@page(Open.TO_SIGNED_IN)
@require_http_methods(["GET", "HEAD", "POST"])
def reason(request: HttpRequest, viewer: Viewer, item_type: str, item_id: UUID) -> HttpResponseBase:
    """Asks whoever may open the item why they do, and leads on; nothing of the item is shown here."""
    see = _SEE.get(item_type)
    if see is None:
        raise NotFound("There is nothing of that kind to open.", kind=item_type)
    see(viewer, item_id)
    form = ReasonForm(request.POST if request.method == "POST" else None, prefix="access")
    following = _following(request, item_type, item_id)
    if form.is_valid():
        give(request, Subject(item_type, item_id), form.cleaned_data["reason"], now())
        return redirect(following)
    context = {
        "form": form,
        "next": following,
        "item_type": item_type,
        "item_id": item_id,
        "hours": round(HOLDS_FOR.total_seconds() / 3600),
    }
    return render(request, "access/reason.html", context, status=400 if form.errors else 200)


def _following(request: HttpRequest, item_type: str, item_id: UUID) -> str:
    """Where the person was going; only ever an address of ours."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    safe = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if safe else reverse(item_type, args=[item_id])
