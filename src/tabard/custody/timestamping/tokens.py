"""Did this text exist by then, says an authority that is not us? RFC 3161 tokens: asked for and checked. No Django.

What is stamped is a checkpoint's note text (origin, size and root, each with its newline), without signatures: the
very bytes that the log and each witness sign, so that cosignatures may join later. A token holds if its signer's
certificate leads to a root that we trust, all of them valid when it stamped, and is one for time-stamping.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Self

from cryptography import x509
from rfc3161_client import (
    HashAlgorithm,
    TimeStampRequest,
    TimestampRequestBuilder,
    TimeStampResponse,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from tabard.kernel.errors import Integrity, Invalid

MOST_TOKEN_BYTES = 64 * 1024


class InvalidTimestamp(Integrity):
    """The answer of a time-stamping authority is malformed, or does not show what it should."""

    code = "invalid_timestamp"


class InvalidTsaChain(Invalid):
    """The file of a time-stamping authority's certificates cannot be used."""

    code = "invalid_tsa_chain"


@dataclass(frozen=True, slots=True)
class Stamp:
    """A token that holds: when the text existed at the latest, who says so, and the token's serial number."""

    at: datetime
    authority: str  # the subject of the signer's certificate, RFC 4514
    serial: int


@dataclass(frozen=True)
class TsaChain:
    """The certificates that tokens are checked with: trusted roots, and what may stand between.

    A certificate of the authority itself is needed here only for tokens that carry none.
    """

    certificates: tuple[x509.Certificate, ...]

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """The certificates in a PEM file of any order, or the one in a DER file.

        Raises:
            InvalidTsaChain: it holds something else, or no root (a certificate that issued itself).
        """
        try:
            if b"-----BEGIN" in data:
                chain = cls(tuple(x509.load_pem_x509_certificates(data)))
            else:
                chain = cls((x509.load_der_x509_certificate(data),))
        except ValueError as error:
            raise InvalidTsaChain("That is not a file of certificates in PEM.", field="tsa-chain") from error
        if not chain.roots:
            raise InvalidTsaChain("No certificate in the file is a root.", field="tsa-chain")
        return chain

    @cached_property
    def roots(self) -> list[x509.Certificate]:
        """Those that issued themselves."""
        return [one for one in self.certificates if one.issuer == one.subject]

    @cached_property
    def between(self) -> list[x509.Certificate]:
        """Those of authorities that others certified."""
        return [one for one in self.certificates if one.issuer != one.subject and _is_ca(one)]

    def signer_of(self, response: TimeStampResponse) -> x509.Certificate | None:
        """The certificate that the token names as its signer's, from the token or from here."""
        (said,) = response.signed_data.signer_infos
        carried = (x509.load_der_x509_certificate(der) for der in response.signed_data.certificates)
        return next(
            (
                one
                for one in (*carried, *self.certificates)
                if (one.issuer, one.serial_number) == (said.issuer, said.serial_number)
            ),
            None,
        )


def request_for(data: bytes) -> TimeStampRequest:
    """A request for a token over these bytes: SHA-256, a fresh nonce, and the signer's certificate wanted."""
    builder = TimestampRequestBuilder().data(data).hash_algorithm(HashAlgorithm.SHA256)
    return builder.nonce(nonce=True).cert_request(cert_request=True).build()


def open_token(token: bytes, data: bytes, chain: TsaChain, *, nonce: int | None = None) -> Stamp:
    """What the token says, only if it is over these bytes and its signer leads to one of the chain's roots.

    Args:
        token: The DER of a whole TimeStampResp.
        data: What was stamped: of a checkpoint, its note's text.
        chain: The roots that are trusted; certificates need only have been valid when the token was made.
        nonce: The request's, where it was just made.

    Raises:
        InvalidTimestamp: it does not hold, or is malformed.
    """
    if len(token) > MOST_TOKEN_BYTES:
        raise InvalidTimestamp("The timestamp is too long to be one.")
    try:
        return _opened(token, data, chain, nonce)
    except VerificationError as error:
        raise InvalidTimestamp(f"The timestamp does not hold: {_short(error)}") from error
    except InvalidTimestamp:
        raise
    except BaseException as error:
        # Compiled parsers raise what they like (KeyError) where a token is damaged, and panic outside of `Exception`.
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        raise InvalidTimestamp("The timestamp is malformed.") from error


def _opened(token: bytes, data: bytes, chain: TsaChain, nonce: int | None) -> Stamp:
    response = decode_timestamp_response(token)
    if response.status != 0:
        words = "; ".join(response.status_string) or f"status {response.status}"
        raise InvalidTimestamp(f"The authority did not stamp: {words}")
    if len(response.signed_data.signer_infos) != 1:
        raise InvalidTimestamp("The timestamp does not have exactly one signer.")
    signer = chain.signer_of(response)
    if signer is None:
        raise InvalidTimestamp("The certificate of the timestamp's signer is not there.")
    # Given the signer's certificate, which the signature covers, others that the token carries cannot speak for it.
    builder = VerifierBuilder(
        tsa_certificate=signer, roots=list(chain.roots), intermediates=list(chain.between), nonce=nonce
    )
    builder.build().verify_message(response, data)
    said = response.tst_info
    return Stamp(said.gen_time, signer.subject.rfc4514_string(), said.serial_number)


def _is_ca(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _short(error: Exception) -> str:
    """The library's reason without the dump of its error stack."""
    return str(error).partition(": ErrorStack")[0].partition(" ErrorStack")[0]
