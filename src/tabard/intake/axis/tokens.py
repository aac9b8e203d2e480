"""Who does a token let in? A destination, until an hour has passed; nothing is stored, so any door can check it.

Tokens for other senders are told apart by their salt.
"""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.core.signing import BadSignature, Signer

from tabard.intake.errors import NotSignedIn

LIFETIME = timedelta(hours=1)
_SALT = "tabard.intake.axis.token"


def issue(destination_id: UUID, at: datetime, *, salt: str = _SALT) -> str:
    """A token that `read` accepts for an hour, signed with the installation's secret."""
    expires = int((at + LIFETIME).timestamp())
    return Signer(salt=salt).sign(f"{destination_id.hex}.{expires}")


def read(token: str, at: datetime, *, salt: str = _SALT) -> UUID:
    """The destination that the token was issued to.

    Raises:
        NotSignedIn: the token was not signed by us, or has expired.
    """
    try:
        destination, expires = Signer(salt=salt).unsign(token).split(".")
        expires_at = datetime.fromtimestamp(int(expires), UTC)
        destination_id = UUID(hex=destination)
    except (BadSignature, ValueError) as error:
        raise NotSignedIn("The token is not one of ours.") from error
    if at >= expires_at:
        raise NotSignedIn("The token has expired.")
    return destination_id
