"""Does the door speak TLS, and with which certificate? As the environment says, else as the data folder has it.

TABARD_DOOR_TLS_CERT and TABARD_DOOR_TLS_KEY name PEM files. Where neither is set and `tabard intake door-certificate`
made a pair, that is used; where there is none the door speaks plain HTTP. Free of Django, so that settings can ask.
"""

import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tabard.cli.home import Home
from tabard.kernel.errors import Invalid

CERTIFICATE, KEY = "TABARD_DOOR_TLS_CERT", "TABARD_DOOR_TLS_KEY"
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class DoorTlsInvalid(Invalid):
    """The door's certificate and key are not a pair that TLS can be spoken with."""

    code = "door_tls"


@dataclass(frozen=True, slots=True)
class DoorTls:
    """The PEM files of the door's certificate, with any that vouch for it, and of its private key."""

    certificate: Path
    key: Path

    def check(self) -> None:
        """Return only if both can be read and belong together.

        Raises:
            DoorTlsInvalid: naming the setting that is to blame.
        """
        for path, setting in ((self.certificate, CERTIFICATE), (self.key, KEY)):
            if not os.access(path, os.R_OK):
                raise DoorTlsInvalid(f"{path} cannot be read.", field=setting)
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(self.certificate, self.key)
        except (OSError, ValueError) as error:
            words = f"{self.certificate} and {self.key} are no certificate and key that belong together."
            raise DoorTlsInvalid(words, field=CERTIFICATE) from error


def own_pair(home: Home) -> DoorTls:
    """Where the certificate that a site makes for itself stands, with its key, made or not."""
    return DoorTls(home.keys / "door-certificate.pem", home.keys / "door-key.pem")


def door_tls(home: Home, environ: Mapping[str, str] = os.environ) -> DoorTls | None:
    """The pair that the door uses; None where it speaks plain HTTP.

    Raises:
        DoorTlsInvalid: one of the two is set without the other.
    """
    certificate, key = environ.get(CERTIFICATE, ""), environ.get(KEY, "")
    if bool(certificate) != bool(key):
        missing = KEY if certificate else CERTIFICATE
        raise DoorTlsInvalid(f"Set {missing} too: TLS needs a certificate and its key.", field=missing)
    if certificate:
        return DoorTls(Path(certificate), Path(key))
    own = own_pair(home)
    return own if own.certificate.exists() and own.key.exists() else None


def check_may_listen(host: str, tls: DoorTls | None, *, plain_http: bool) -> None:
    """Return only if the door may listen there: keys and footage cross no network in the clear by accident.

    Raises:
        DoorTlsInvalid: the host is not loopback, there is no TLS, and nobody said that this is meant.
    """
    if host in LOOPBACK or tls is not None or plain_http:
        return
    raise DoorTlsInvalid(
        f"On {host} the door would take footage and keys in the clear. Make a certificate (`tabard intake "
        "door-certificate --host NAME`), or say --plain-http where a proxy in front of it ends TLS.",
        field="host",
    )
