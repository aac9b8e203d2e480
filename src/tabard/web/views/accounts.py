"""The way in and the way out."""

from django.contrib.auth import login, logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST

from tabard.kernel.clock import now
from tabard.people.authorisation import Viewer
from tabard.people.errors import SignInFailed
from tabard.people.models import Account
from tabard.people.sign_in import authenticate, record_sign_out
from tabard.web.forms.accounts import SignInForm
from tabard.web.pages import Open, page, public_page

_BACKEND = "django.contrib.auth.backends.ModelBackend"


@public_page
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Whoever knows the name and its password is signed in under a fresh session, and led where they wanted to go."""
    if isinstance(request.user, Account):
        return redirect(_destination(request))
    form = SignInForm(request.POST if request.method == "POST" else None)
    status = 400 if form.errors else 200
    if form.is_valid():
        try:
            account = authenticate(form.cleaned_data["username"], form.cleaned_data["password"], now())
        except SignInFailed as failed:
            form.add_error("username", failed.message)
            status = 401
        else:
            login(request, account, backend=_BACKEND)
            return redirect(_destination(request))
    context = {"form": form, "next": _destination(request)}
    return render(request, "accounts/sign_in.html", context, status=status)


@page(Open.TO_SIGNED_IN)
@require_POST
def sign_out(request: HttpRequest, viewer: Viewer) -> HttpResponse:  # noqa: ARG001 - every page is given its viewer
    """The session is over, here and for playback, and the log says so."""
    if isinstance(request.user, Account):
        record_sign_out(account=request.user, at=now())
    logout(request)
    return redirect("sign-in")


def _destination(request: HttpRequest) -> str:
    """Where the person was going when asked to sign in; only ever an address of ours."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    safe = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if safe else reverse("home")
