"""Who is signed in, and signing out. Signing in is the sign-in page's."""

from django.contrib.auth import logout
from django.middleware.csrf import get_token

from tabard.api.operations import Operations, SignedIn
from tabard.api.schemas.people import SessionOut
from tabard.api.viewers import Asked
from tabard.kernel.clock import now
from tabard.people.models import Account
from tabard.people.rules import Action, reach
from tabard.people.sign_in import record_sign_out

session = Operations("session")


@session.get("/session", access=SignedIn.ANYONE, answers=SessionOut)
def read(request: Asked) -> SessionOut:
    """Who is signed in and what they may do; also sends the csrftoken cookie."""
    get_token(request)
    viewer = request.auth
    allowed = {action: sorted(reach(viewer.roles, action)) for action in Action}
    return SessionOut(
        account_id=viewer.account_id,
        name=viewer.name,
        roles=sorted(viewer.roles),
        officer_id=viewer.officer_id,
        unit_id=viewer.unit_id,
        actions={action: relations for action, relations in allowed.items() if relations},
    )


@session.delete("/session", access=SignedIn.ANYONE)
def end(request: Asked) -> None:
    """Signs out: the session is over, here, for pages and for playback."""
    record_sign_out(account=Account.objects.get(id=request.auth.account_id), at=now())
    logout(request)
