"""What does an administrator upload to a body-worn system to let it in? The connection file.

Its fields and limits are those of the published protocol. Without a certificate the system speaks plain HTTP, which is
right on loopback alone. With a footage key its cameras encrypt what they record, from the moment of recording on.
"""

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from tabard.intake.axis.protocol import AUTH_PATH
from tabard.intake.certificates import certificates_in
from tabard.intake.errors import CertificateInvalid, ConnectionFileInvalid
from tabard.intake.footage_keys import FootageKey
from tabard.intake.models import Destination

MAX_FILE_BYTES = 64 * 1000
MAX_ENTRIES = 10
_LONGEST = {
    "SiteName": 64,
    "ApplicationName": 256,
    "ApplicationVersion": 128,
    "BlobAPIKey": 64,
    "BlobAPIUserName": 64,
    "PublicKey": 2048,
    "PublicKeyId": 128,
}
_LONGEST_ENTRY = {"AuthenticationTokenURI": 512, "HTTPSCertificate": 16_000}


def connection_file(
    *,
    destination: Destination,
    key: str,
    door_urls: Sequence[str],
    application_version: str,
    certificates: Sequence[bytes] = (),
    footage_key: FootageKey | None = None,
) -> bytes:
    """The JSON text that connects a body-worn system to the destination; a system accepts it as it is.

    Args:
        destination: Whom it lets in.
        key: The key that `open_destination` returned; it is nowhere else.
        door_urls: 1 to 10 addresses of the door, as the system reaches it (`https://door.example:8001`).
        application_version: Ours.
        certificates: At most 10 PEM certificates that the door proves itself by; none means plain HTTP.
        footage_key: What cameras encrypt to; None for footage in the clear. Once a system has been given one, it
            takes no file without.

    Raises:
        ConnectionFileInvalid: naming the field that breaks the protocol's limits.
    """
    scheme = "https" if certificates else "http"
    fields: dict[str, Any] = {
        "ConnectionFileVersion": "1.0",
        "SiteName": destination.name,
        "ApplicationName": "Tabard",
        "ApplicationVersion": application_version,
        "ContentDestinationAsNTPServer": False,
        "AuthenticationTokenURI": [_auth_uri(url, scheme) for url in door_urls],
        "BlobAPIKey": key,
        "BlobAPIUserName": destination.username,
        "ContainerType": "mkv",
        "FullStoreAndReadSupport": False,
        "WantEncryption": footage_key is not None,
    }
    if footage_key is not None:
        fields |= {"PublicKey": footage_key.base64_pem, "PublicKeyId": footage_key.id}
    if certificates:
        fields["HTTPSCertificate"] = [_certificate(pem) for pem in certificates]
    _check_limits(fields)
    return _within_size(json.dumps(fields, indent=2, ensure_ascii=False).encode())


def _auth_uri(url: str, scheme: str) -> str:
    """Where to sign in at this door; a certificate proves an https address, and nothing proves a plain one."""
    parts = urlsplit(url)
    if not parts.hostname or parts.scheme != scheme:
        raise ConnectionFileInvalid(
            "With a certificate a door has an https address, without one http.",
            field="AuthenticationTokenURI",
        )
    return url.rstrip("/") + AUTH_PATH.decode("ascii")


def _certificate(pem: bytes) -> str:
    try:
        (certificate,) = certificates_in(pem)
    except (CertificateInvalid, ValueError) as error:
        raise ConnectionFileInvalid("This is not one PEM certificate.", field="HTTPSCertificate") from error
    return base64.b64encode(certificate).decode("ascii")


def _check_limits(fields: Mapping[str, Any]) -> None:
    for name, longest in _LONGEST.items():
        if len(fields.get(name, "").encode()) > longest:
            raise ConnectionFileInvalid(f"{name} is longer than {longest} bytes.", field=name)
    for name, longest in _LONGEST_ENTRY.items():
        entries = fields.get(name, ())
        if len(entries) > MAX_ENTRIES or any(len(entry.encode()) > longest for entry in entries):
            words = f"{name} has more than {MAX_ENTRIES} entries, or one longer than {longest} bytes."
            raise ConnectionFileInvalid(words, field=name)
    if not fields["AuthenticationTokenURI"]:
        raise ConnectionFileInvalid("The door needs an address.", field="AuthenticationTokenURI")


def _within_size(text: bytes) -> bytes:
    if len(text) > MAX_FILE_BYTES:
        raise ConnectionFileInvalid("The connection file is larger than 64 kB.", field="file")
    return text
