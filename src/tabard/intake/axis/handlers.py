"""What does the door do for each request, but for the one that streams? One function each, in a database thread.

Every function signs the sender in anew by its token, so that a revoked destination is out at once.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection

from tabard.custody.actors import Actor
from tabard.intake import destinations, services
from tabard.intake.axis import tokens
from tabard.intake.axis.answers import Answer
from tabard.intake.axis.documents import document, is_document
from tabard.intake.axis.protocol import (
    Level,
    Metadata,
    Target,
    metadata_headers,
    parse_metadata,
    parse_target,
)
from tabard.intake.errors import AccountNotYours, NotSignedIn, RequestUnknown, WriteOnly
from tabard.intake.models import Container, Destination, ReceivedObject
from tabard.vault.services import PendingObject


@dataclass(frozen=True, slots=True)
class Request:
    """What a sender asks, without its body. `headers` has each name in lower case; of a repeated one, the first."""

    method: str
    raw_path: bytes
    raw_headers: tuple[tuple[bytes, bytes], ...]
    base_url: str
    at: datetime

    def header(self, name: bytes) -> str:
        """The value of a header, or an empty string."""
        found = (value for key, value in self.raw_headers if key == name)
        return next(found, b"").decode("latin-1")


@dataclass(frozen=True, slots=True)
class Admitted:
    """A request whose sender is signed in, and what of theirs it is about."""

    request: Request
    destination: Destination
    target: Target

    @property
    def by(self) -> Actor:
        """The sender, as the custody log names it."""
        return destinations.client(self.destination)

    @property
    def metadata(self) -> Metadata:
        """What the request says about its target."""
        return parse_metadata(self.request.raw_headers, self.target.level)


@dataclass(frozen=True, slots=True, eq=False)
class Slot:
    """Where the body of a PUT goes: decided before its first byte is read. Each is another, also for the same place."""

    admitted: Admitted
    container_id: UUID
    metadata: Metadata


def health() -> Answer:
    """200 if the door reaches its database."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return Answer(200, body=b"ok\n")


def sign_in(request: Request) -> Answer:
    """A token and where to use it.

    Raises:
        RequestUnknown: any method but GET.
        NotSignedIn.
    """
    if request.method != "GET":
        raise RequestUnknown("Signing in is a GET.", field="method")
    username, key = request.header(b"x-auth-user"), request.header(b"x-auth-key")
    if not username or not key:
        raise NotSignedIn("X-Auth-User and X-Auth-Key are needed.")
    destination = destinations.sign_in(username=username, key=key, at=request.at)
    token = tokens.issue(destination.pk, request.at).encode("ascii")
    url = f"{request.base_url}/v1/{destination.pk}".encode("latin-1")
    lifetime = str(int(tokens.LIFETIME.total_seconds())).encode("ascii")
    headers = (
        (b"x-auth-token", token),
        (b"x-storage-token", token),
        (b"x-storage-url", url),
        (b"x-auth-token-expires", lifetime),
    )
    return Answer(200, headers)


def storage(request: Request) -> Answer:
    """The answer to a request on a container or an object that carries no body worth reading.

    Raises:
        RequestUnknown: the protocol has no such request.
        Invalid, Denied, NotFound, Unavailable.
    """
    admitted = _admit(request)
    handle = _HANDLERS.get((request.method, admitted.target.level))
    if handle is None:
        raise RequestUnknown("The protocol has no such request.", field="method")
    return handle(admitted)


def find_slot(request: Request) -> Slot:
    """Where the body of this PUT may go.

    Raises:
        Invalid, Denied, NotFound.
    """
    admitted = _admit(request)
    if is_document(admitted.target):
        raise WriteOnly("This document is the server's own.")
    container = services.find_container(destination=admitted.destination, name=admitted.target.container)
    return Slot(admitted, container.pk, admitted.metadata)


def keep(slot: Slot, pending: PendingObject, at: datetime) -> Answer:
    """201 once the sealed body is kept, logged and committed, whether it is new, the same again, or a conflict."""
    receipt = services.receive(
        container_id=slot.container_id,
        name=slot.admitted.target.object,
        metadata=slot.metadata,
        pending=pending,
        by=slot.admitted.by,
        at=at,
    )
    return Answer(201, ((b"x-tabard-receipt", receipt.value.encode("ascii")),))


def _admit(request: Request) -> Admitted:
    """Who asks, and for what of theirs."""
    destination = destinations.open_account(tokens.read(request.header(b"x-auth-token"), request.at))
    target = parse_target(request.raw_path)
    if target.account != str(destination.pk):
        raise AccountNotYours("The token is for another account.")
    return Admitted(request, destination, target)


def _put_container(asked: Admitted) -> Answer:
    is_new = services.put_container(
        destination=asked.destination,
        name=asked.target.container,
        metadata=asked.metadata,
        by=asked.by,
        at=asked.request.at,
    )
    return Answer(201 if is_new else 202)


def _post_container(asked: Admitted) -> Answer:
    container = _container(asked)
    services.describe_container(
        container=container, metadata=asked.metadata, by=asked.by, at=asked.request.at
    )
    return Answer(204)


def _head_container(asked: Admitted) -> Answer:
    return Answer(204, tuple(metadata_headers(_container(asked).metadata, Level.CONTAINER)))


def _post_object(asked: Admitted) -> Answer:
    services.describe_object(
        received=_object(asked), metadata=asked.metadata, by=asked.by, at=asked.request.at
    )
    return Answer(202)


def _head_object(asked: Admitted) -> Answer:
    ours = document(asked.target)
    if ours is not None:
        return ours
    received = _object(asked)
    size = (b"content-length", str(received.object.size_bytes).encode("ascii"))
    return Answer(200, (size, *metadata_headers(received.metadata, Level.OBJECT)))


def _get_object(asked: Admitted) -> Answer:
    ours = document(asked.target)
    if ours is None:
        raise WriteOnly("What was put in here cannot be read here.")
    return ours


def _container(asked: Admitted) -> Container:
    return services.find_container(destination=asked.destination, name=asked.target.container)


def _object(asked: Admitted) -> ReceivedObject:
    target = asked.target
    return services.find_object(destination=asked.destination, container=target.container, name=target.object)


_HANDLERS: Mapping[tuple[str, Level], Callable[[Admitted], Answer]] = {
    ("PUT", Level.CONTAINER): _put_container,
    ("POST", Level.CONTAINER): _post_container,
    ("HEAD", Level.CONTAINER): _head_container,
    ("POST", Level.OBJECT): _post_object,
    ("HEAD", Level.OBJECT): _head_object,
    ("GET", Level.OBJECT): _get_object,
}
