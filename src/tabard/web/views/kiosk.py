"""The kiosk at a station: a camera is taken with two scans and handed in with one. It shows initials, never a name."""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from tabard.fleet import desk, selectors
from tabard.fleet.errors import CameraTaken
from tabard.kernel.clock import now
from tabard.kernel.errors import Conflict, Invalid, NotFound
from tabard.people.authorisation import Viewer
from tabard.people.models import Officer
from tabard.people.rules import Action
from tabard.people.selectors import officer_by_reference
from tabard.web.forms.kiosk import ScanForm, TakeForm
from tabard.web.forms.refusals import show_refusal
from tabard.web.pages import page

CLEARED_AFTER_S = 30


@page(Action.KIOSK_USE)
@require_safe
def waiting(request: HttpRequest, viewer: Viewer) -> HttpResponseBase:
    """The page that waits for whoever comes next."""
    return _waiting(request, viewer, ScanForm())


@page(Action.KIOSK_USE)
@require_POST
def scanned(request: HttpRequest, viewer: Viewer) -> HttpResponseBase:
    """Takes a camera back by its serial number; for an officer's number, asks for the camera."""
    form = ScanForm(request.POST)
    if not form.is_valid():
        return _waiting(request, viewer, form)
    code = form.cleaned_data["code"]
    if selectors.camera_at_desk(viewer, code) is not None:
        return _handed_in(request, viewer, form)
    officer = officer_by_reference(code)
    if officer is None:
        form.add_error("code", "No officer and no camera has this number.")
        return _waiting(request, viewer, form)
    return _taking(request, viewer, officer, TakeForm.of(officer))


def _handed_in(request: HttpRequest, viewer: Viewer, form: ScanForm) -> HttpResponseBase:
    try:
        ended = desk.hand_in(viewer=viewer, serial=form.cleaned_data["code"], at=now())
    except Conflict as error:
        form.add_error("code", f"{error.message} To take it, scan your card first.")
        return _waiting(request, viewer, form)
    messages.success(
        request, f"Camera {ended.camera.serial} of {shown(ended.officer)} is back. Put it into a dock."
    )
    return redirect("kiosk")


@page(Action.KIOSK_USE)
@require_POST
def taken(request: HttpRequest, viewer: Viewer) -> HttpResponseBase:
    """Gives the camera to the officer who was scanned before it; the best of the pool where none is named."""
    form = TakeForm(request.POST)
    if not form.is_valid():
        return _waiting(request, viewer, ScanForm(), lapsed=True)
    officer, serial = form.cleaned_data["officer"], form.cleaned_data["camera"]
    try:
        given = desk.take(viewer=viewer, officer=officer, serial=serial, at=now())
    except CameraTaken as error:
        form.add_error("camera", _without_name(error, serial))
    except NotFound as error:
        form.add_error("camera", error.message)
    except (Invalid, Conflict) as error:
        show_refusal(form, error)
    else:
        worn = given.get_mount_display().lower()
        messages.success(
            request, f"{shown(officer)}: camera {given.camera.serial} is yours. Wear it on the {worn}."
        )
        return redirect("kiosk")
    return _taking(request, viewer, officer, form)


def shown(officer: Officer) -> str:
    """The officer as a screen may show them that anybody can see: `PC L. B.`."""
    return f"{officer.rank} {' '.join(f'{letter}.' for letter in officer.initials)}"


def _without_name(error: CameraTaken, serial: str) -> str:
    """Who has the camera, as a kiosk may say it."""
    if "officer" not in error.fields:
        return error.message
    officer = Officer.objects.get(pk=str(error.fields["officer"]))
    return f"{shown(officer)} ({officer.shoulder_number}) has camera {serial}. Take another."


def _waiting(
    request: HttpRequest, viewer: Viewer, form: ScanForm, *, lapsed: bool = False
) -> HttpResponseBase:
    context = {"form": form, "lapsed": lapsed, **_desk(viewer)}
    return render(request, "kiosk/waiting.html", context, status=400 if form.errors or lapsed else 200)


def _taking(request: HttpRequest, viewer: Viewer, officer: Officer, form: TakeForm) -> HttpResponseBase:
    context = {"form": form, "who": shown(officer), "held": desk.held_by(officer), **_desk(viewer)}
    return render(request, "kiosk/taking.html", context, status=400 if form.errors else 200)


def _desk(viewer: Viewer) -> Mapping[str, Any]:
    found = desk.offers(viewer)
    return {
        "best": found.cameras[0] if found.cameras else None,
        "fit": len(found.cameras),
        "unfit": len(found.unfit),
        "cleared_after_s": CLEARED_AFTER_S,
    }
