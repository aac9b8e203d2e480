"""The kiosk at a station: a camera is taken with two scans, handed in with one, and swapped when it is faulty.

It shows initials, never a name.
"""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tabard.fleet import desk, selectors
from tabard.fleet.errors import CameraNotWorn, CameraTaken, NotToBeIssued
from tabard.kernel.clock import now
from tabard.kernel.errors import Conflict, Invalid, NotFound
from tabard.people.authorisation import Viewer
from tabard.people.models import Officer
from tabard.people.rules import Action
from tabard.people.selectors import officer_by_reference
from tabard.web.forms.kiosk import FaultForm, ScanForm, TakeForm
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
    except (Invalid, Conflict, NotFound) as error:
        form.add_error("camera", error.message.replace(str(officer), shown(officer)))
    else:
        worn = given.get_mount_display().lower()
        messages.success(
            request, f"{shown(officer)}: camera {given.camera.serial} is yours. Wear it on the {worn}."
        )
        return redirect("kiosk")
    return _taking(request, viewer, officer, form)


@page(Action.KIOSK_USE)
@require_http_methods(["GET", "HEAD", "POST"])
def faulty(request: HttpRequest, viewer: Viewer) -> HttpResponseBase:
    """Notes that a camera is faulty; whoever has it may take another in its place."""
    form = FaultForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        swaps = form.cleaned_data["then"] == FaultForm.SWAP
        words = _swapped(viewer, form) if swaps else _fault_reported(viewer, form)
        if words:
            messages.success(request, words)
            return redirect("kiosk")
    context = {"form": form, **_desk(viewer)}
    return render(request, "kiosk/faulty.html", context, status=400 if form.errors else 200)


def _fault_reported(viewer: Viewer, form: FaultForm) -> str:
    """What to say of the camera that is faulty now; nothing where the form says why it is not."""
    try:
        camera = desk.report_fault(
            viewer=viewer, serial=form.cleaned_data["camera"], reason=form.reason, at=now()
        )
    except (Invalid, Conflict, NotFound) as error:
        form.add_error("camera", error.message)
        return ""
    return f"Camera {camera.serial} is noted as faulty. Leave it where faulty cameras go."


def _swapped(viewer: Viewer, form: FaultForm) -> str:
    """What to say to whoever has another camera now; nothing where the form says why not."""
    serial, other = form.cleaned_data["camera"], form.cleaned_data["other"]
    try:
        given = desk.swap(viewer=viewer, serial=serial, other=other, reason=form.reason, at=now())
    except CameraTaken as error:
        form.add_error("other", _without_name(error, other))
    except CameraNotWorn as error:
        form.add_error("camera", f"{error.message} Only report it, and scan your card to take another.")
    except NotToBeIssued as error:
        form.add_error("other", _without_wearer(error.message, serial))
    except NotFound as error:
        form.add_error(str(error.fields["field"]), error.message)
    except (Invalid, Conflict) as error:
        form.add_error("other", error.message)
    else:
        worn, taken = given.get_mount_display().lower(), given.camera.serial
        return f"{shown(given.officer)}: camera {taken} is yours. Wear it on the {worn}. {serial} is noted as faulty."
    return ""


def _without_wearer(words: str, serial: str) -> str:
    """What speaks against another camera, as a kiosk may say it of whoever has the first."""
    row = selectors.rows_by_serial([serial]).get(serial.strip().upper())
    return words if row is None or row.wearer is None else words.replace(str(row.wearer), shown(row.wearer))


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
