"""Who is at the command line? Where the law wants a person, they sign in: the machine's own name is not enough."""

import os
from typing import Annotated, Any

import typer

As = Annotated[
    str, typer.Option("--as", help="Your user name; the password is asked for, or in TABARD_PASSWORD.")
]


def viewer_as(username: str) -> Any:
    """The person, signed in as at a screen; failures are logged and counted as there.

    Raises:
        SignInFailed, SignInLocked.
    """
    from tabard.kernel.clock import now
    from tabard.people.selectors import viewer_of
    from tabard.people.sign_in import authenticate

    password = os.environ.get("TABARD_PASSWORD") or typer.prompt("Password", hide_input=True, err=True)
    at = now()
    return viewer_of(authenticate(username, password, at), at)
