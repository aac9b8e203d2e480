"""`tabard intake axis-connection-file` and its kin: who may put footage into the Axis door, and how it is proved."""

import os
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from tabard.cli.commands.options import Json
from tabard.cli.commands.signing_in import As, viewer_as
from tabard.cli.database import database
from tabard.cli.door_tls import own_pair
from tabard.cli.home import Home
from tabard.cli.output import console, emit, fail
from tabard.kernel.clock import now

Renew = Annotated[
    str,
    typer.Option(
        help="The user name of a system that is let in already: it gets a new file. Its old one is good until the new "
        "one is first used."
    ),
]
Certificates = Annotated[
    list[Path] | None,
    typer.Option(
        "--certificate",
        help="A PEM file of what the door proves itself by, up to 10 certificates; by default the door's own.",
    ),
]


def connection_file(
    *,
    out: Annotated[Path, typer.Option(help="Where to write the file. It holds a key: keep it closed.")],
    name: Annotated[str, typer.Option(help="What the system is called on screens.")] = "Axis body worn",
    username: Annotated[
        str, typer.Option(help="The user name it logs in with; one for each system.")
    ] = "axis",
    door_url: Annotated[
        list[str] | None,
        typer.Option(help="Where the system reaches the door; up to 10. By default TABARD_DOOR_URL."),
    ] = None,
    certificate: Certificates = None,
    encrypt: Annotated[
        bool,
        typer.Option(
            "--encrypt", help="Have cameras encrypt footage to our key. A system never goes back on this."
        ),
    ] = False,
    renew: Renew = "",
    json: Json = False,
) -> None:
    """Let an Axis body-worn system in: writes the file that its administrator uploads to the system controller."""
    if out.exists():
        fail(f"{out} is there already.", "Name another file; a connection file is written once.")
    with database():
        from tabard.custody.actors import Actor
        from tabard.intake import issuing
        from tabard.intake.certificates import certificates_in

        pems = [pem for path in certificate or () for pem in certificates_in(_read(path))]
        wanted = issuing.Wanted(encrypt, tuple(door_url or ()), tuple(pems))
        by, at = Actor.system("command line"), now()
        if renew:
            issued = issuing.renew(destination=_named(renew), wanted=wanted, by=by, at=at)
        else:
            issued = issuing.issue(name=name, username=username, wanted=wanted, by=by, at=at)
    destination = issued.destination
    try:
        _write(out, issued.content)
    except OSError as error:
        fail(
            f"The system is let in, but {out} could not be written: {error.strerror}.",
            f"Make the file anew: tabard intake axis-connection-file --renew {destination.username} --out FILE",
        )
    console.print(f"Wrote {out}. Upload it to the system controller under Content destination.")
    if destination.footage_key_id:
        console.print(f"Cameras will encrypt to {destination.footage_key_id}. Back up the keys now.")
    answer = {
        "destination": str(destination.id),
        "username": destination.username,
        "file": str(out),
        "footage_key": destination.footage_key_id,
    }
    emit(answer, as_json=json)


def door_certificate(
    *,
    host: Annotated[list[str], typer.Option(help="A name or address of the door, as systems reach it.")],
    days: Annotated[int, typer.Option(help="For how many days it is good.", min=1, max=3650)] = 1825,
    replace: Annotated[
        bool, typer.Option("--replace", help="Replace the one there is; the old is kept beside it.")
    ] = False,
    json: Json = False,
) -> None:
    """Make a certificate for a door that has none; from its next start it speaks TLS.

    Connection files that are made from then on carry it. A system that got its file before needs a new one:
    `tabard intake axis-connection-file --renew USERNAME`.
    """
    from tabard.intake.certificates import good_until, make_certificate

    home = Home.from_environ().create()
    pair, made = own_pair(home), make_certificate(hosts=host, at=now(), days=days)
    if pair.certificate.exists() and not replace:
        fail(f"{pair.certificate} is there already.", "Say --replace to make another one.")
    for path, pem in ((pair.key, made.key), (pair.certificate, made.certificate)):
        if path.exists():
            path.replace(path.with_suffix(".old.pem"))
        _write(path, pem)
    until = good_until(made.certificate)
    console.print(f"Wrote {pair.certificate}, good until {until:%-d %B %Y}. Restart the door.")
    emit({"certificate": str(pair.certificate), "hosts": host, "good_until": until}, as_json=json)


def destinations(json: Json = False) -> None:
    """List the body-worn systems that were let in: when each was last heard of, and what it encrypts to."""
    with database():
        from tabard.intake.models import Destination

        found = list(Destination.objects.order_by("revoked_at", "name"))
    for each in found:
        state = f"revoked {each.revoked_at:%Y-%m-%d %H:%M}" if each.revoked_at else "open"
        heard = f"{each.last_heard_at:%Y-%m-%d %H:%M} UTC" if each.last_heard_at else "never"
        console.print(f"{each.username:<24} {state:<24} heard of {heard:<22} {each.name}", markup=False)
    if not found:
        console.print("No body-worn system was let in yet.")
    names = ("id", "name", "username", "opened_at", "last_heard_at", "revoked_at", "footage_key_id")
    rows = [{name: getattr(each, name) for name in names} for each in found]
    emit({"destinations": rows}, as_json=json)


def revoke(
    username: Annotated[str, typer.Argument(help="The user name of the system to shut out.")],
    json: Json = False,
) -> None:
    """Shut a body-worn system out at once; what it sent stays."""
    with database():
        from tabard.custody.actors import Actor
        from tabard.intake.destinations import revoke_destination

        found = _named(username)
        revoke_destination(destination=found, by=Actor.system("command line"), at=now())
    console.print(f"{found.name} ({found.username}) is shut out.", markup=False)
    emit({"destination": str(found.id), "revoked_at": found.revoked_at}, as_json=json)


def new_footage_key(json: Json = False) -> None:
    """Make a new key for cameras to encrypt to; connection files made from now on carry it. Older keys are kept."""
    with database():
        from tabard.custody.actors import Actor
        from tabard.intake.encryption import footage_keys, make_footage_key

        key = make_footage_key(by=Actor.system("command line"), at=now())
        keys = footage_keys().ids
    console.print(f"{key.id} is made. Back up the keys, then renew the systems' connection files.")
    emit({"footage_key": key.id, "footage_keys": keys}, as_json=json)


def unfinished(json: Json = False) -> None:
    """List the transfers that their systems never ended and that were silent for too long."""
    with database():
        from tabard.intake.selectors import silent

        found = silent(as_of=now())
    for each in found:
        heard = f"{each.last_heard_at:%Y-%m-%d %H:%M} UTC"
        console.print(
            f"{each.container.id}  silent since {heard}  {each.files:>4} files  {each.container.name}",
            markup=False,
        )
    if not found:
        console.print("No transfer waits for its end.")
    rows = [
        {
            "container": each.container.id,
            "name": each.container.name,
            "files": each.files,
            "last_heard_at": each.last_heard_at,
        }
        for each in found
    ]
    emit({"unfinished": rows}, as_json=json)


def end_transfer(
    container: Annotated[UUID, typer.Argument(help="Its id, as `tabard intake unfinished` shows it.")],
    reason: Annotated[str, typer.Option(help="Why it is ended.")],
    who: As,
    json: Json = False,
) -> None:
    """Make a recording of what came of a transfer that its system never ended; it is flagged."""
    with database():
        from tabard.intake import selectors, services

        viewer, at = viewer_as(who), now()
        found = selectors.transfer(viewer, container).container
        recording = services.end_transfer(container=found, reason=reason, viewer=viewer, at=at)
    answer: dict[str, Any] = {
        "container": str(container),
        "recording": str(recording.id),
    }
    console.print(f"{found.name} is a recording now, flagged as incomplete.", markup=False)
    emit(answer, as_json=json)


def _named(username: str) -> Any:
    """The destination with the user name; leaves with 2 where there is none."""
    from tabard.intake.models import Destination

    found = Destination.objects.filter(username=username).first()
    if found is None:
        fail(f"No body-worn system has the user name {username}.", "`tabard intake destinations` lists them.")
    return found


def _write(path: Path, content: bytes) -> None:
    """A new file that only we can read."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        fail(f"{path} cannot be read: {error.strerror}.")
