"""How does a body-worn system get its connection file? A destination is opened, or given a new key, and the file made.

The file holds the key and exists only in the answer: nothing keeps it, and nobody can be shown it again. Where it
cannot be made, nothing has changed. Addresses, certificates and footage key are those of this installation, unless
others are given.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import transaction

from tabard.custody.actors import Actor
from tabard.intake import destinations
from tabard.intake.certificates import certificates_in
from tabard.intake.connection import connection_file
from tabard.intake.encryption import current_footage_key
from tabard.intake.errors import ConnectionFileInvalid
from tabard.intake.footage_keys import FootageKey
from tabard.intake.models import Destination


@dataclass(frozen=True, slots=True)
class Issued:
    """A connection file, once; `content` is not kept anywhere."""

    destination: Destination
    content: bytes = field(repr=False)

    @property
    def file_name(self) -> str:
        """What to call it: after the user name, as far as that is plain."""
        plain = "".join(
            each if each.isalnum() and each.isascii() else "-" for each in self.destination.username
        )
        return f"tabard-{plain}.json"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a connection file is to say; what is left empty is this installation's own."""

    encrypt: bool = False
    door_urls: Sequence[str] = ()
    certificates: Sequence[bytes] = ()


def issue(*, name: str, username: str, wanted: Wanted, by: Actor, at: datetime) -> Issued:
    """A new destination with its connection file.

    Raises:
        NameRefused, UsernameTaken: the destination cannot be opened so.
        ConnectionFileInvalid: a system would refuse the file; nothing has changed.
    """
    footage_key = _footage_key(wanted, by, at)
    key_id = footage_key.id if footage_key else ""
    with transaction.atomic():
        destination, key = destinations.open_destination(
            name=name, username=username, footage_key_id=key_id, by=by, at=at
        )
        return Issued(destination, _file(destination, key, footage_key, wanted))


def renew(*, destination: Destination, wanted: Wanted, by: Actor, at: datetime) -> Issued:
    """A new connection file for a destination; its old one is good until the new one is first used.

    A destination that has a footage key gets the current one, asked for or not: encryption is never taken back.

    Raises:
        DestinationRevoked.
        ConnectionFileInvalid: a system would refuse the file; nothing has changed.
    """
    asked = Wanted(wanted.encrypt or bool(destination.footage_key_id), wanted.door_urls, wanted.certificates)
    footage_key = _footage_key(asked, by, at)
    key_id = footage_key.id if footage_key else ""
    with transaction.atomic():
        key = destinations.renew_key(destination=destination, footage_key_id=key_id, by=by, at=at)
        return Issued(destination, _file(destination, key, footage_key, asked))


def _footage_key(wanted: Wanted, by: Actor, at: datetime) -> FootageKey | None:
    return current_footage_key(by=by, at=at) if wanted.encrypt else None


def _file(destination: Destination, key: str, footage_key: FootageKey | None, wanted: Wanted) -> bytes:
    urls = list(wanted.door_urls) or [url.strip() for url in settings.TABARD_DOOR_URL.split(",")]
    return connection_file(
        destination=destination,
        key=key,
        door_urls=urls,
        application_version=settings.TABARD_VERSION,
        certificates=wanted.certificates or _own_certificates(urls),
        footage_key=footage_key,
    )


def _own_certificates(urls: Sequence[str]) -> list[bytes]:
    """What the door, or the proxy before it, proves itself by; none where it is spoken to in the clear."""
    if not any(url.startswith("https:") for url in urls):
        return []
    if not settings.TABARD_DOOR_CHAIN:
        raise ConnectionFileInvalid(
            "The door's address is https, and nothing says by which certificate it proves itself: set "
            "TABARD_DOOR_CHAIN, or make one with `tabard intake door-certificate`.",
            field="HTTPSCertificate",
        )
    return certificates_in(Path(settings.TABARD_DOOR_CHAIN).read_bytes())
