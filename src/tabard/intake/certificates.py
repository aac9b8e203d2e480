"""By what does a door prove itself to a body-worn system? By a certificate that its connection file carries.

A system trusts exactly what stands in the file, so a certificate that a site made for itself is as good as one that
an authority signed; it only has to be replaced before it ends.
"""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tabard.intake.errors import CertificateInvalid

MOST_DAYS = 3650
_CLOCKS_APART = timedelta(days=1)  # a controller's clock may be behind ours when it is set up
_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----\r?\n?", re.DOTALL)


class MadeCertificate(NamedTuple):
    """A certificate and its private key, both PEM."""

    certificate: bytes
    key: bytes


def make_certificate(*, hosts: Sequence[str], at: datetime, days: int) -> MadeCertificate:
    """A certificate that vouches for itself, for a door that is reached by these names and addresses.

    ECDSA on P-256: every controller of the published protocol speaks TLS with it.

    Args:
        hosts: Names and IP addresses, as they stand in the door's address.
        at: Now, aware.
        days: For how many days it is good.

    Raises:
        CertificateInvalid: there is no host, one is no name, or the days are not 1 to `MOST_DAYS`.
    """
    if not hosts:
        raise CertificateInvalid("A certificate needs the name or address of the door.", field="host")
    if not 1 <= days <= MOST_DAYS:
        raise CertificateInvalid(f"A certificate is good for 1 to {MOST_DAYS} days.", field="days")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Tabard door"),
            x509.NameAttribute(NameOID.COMMON_NAME, hosts[0][:64]),
        ]
    )
    certificate = (
        x509.CertificateBuilder(issuer_name=name, subject_name=name, public_key=key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - _CLOCKS_APART)
        .not_valid_after(at + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([_general_name(host) for host in hosts]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return MadeCertificate(certificate.public_bytes(Encoding.PEM), private)


def certificates_in(pem: bytes) -> list[bytes]:
    """The certificates of a PEM file, each by itself, in its order.

    Raises:
        CertificateInvalid: there is none, or one cannot be read.
    """
    found = [found.group() for found in _PEM.finditer(pem)]
    if not found:
        raise CertificateInvalid("There is no PEM certificate in this file.", field="certificate")
    for each in found:
        _parsed(each)
    return found


def good_until(pem: bytes) -> datetime:
    """When the first of the file's certificates, the door's own, ends.

    Raises:
        CertificateInvalid: there is none, or it cannot be read.
    """
    return _parsed(certificates_in(pem)[0]).not_valid_after_utc


def _parsed(pem: bytes) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(pem)
    except ValueError as error:
        raise CertificateInvalid("A certificate in this file cannot be read.", field="certificate") from error


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        pass
    if not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?", host):
        raise CertificateInvalid(f"{host} is neither a host name nor an IP address.", field="host")
    return x509.DNSName(host)
