"""The RFC 3161 tokens that rfc3161-client's makers collected, good and bad, judged as they are meant.

The text of each is `hello`, but for the mock's, which has a payload of its own. What a certificate must be is judged
at the time of the stamp: one that expired since has stamped rightly.
"""

import random

import pytest

from tabard.custody.timestamping.tokens import InvalidTimestamp, InvalidTsaChain, TsaChain, open_token
from tabard.kernel.errors import TabardError


@pytest.fixture
def fixtures(samples):
    return samples / "conformance" / "rfc3161-client"


def stamp(fixtures, token, chain="", text=b"hello"):
    folder = token.partition("/")[0]
    with_chain = TsaChain.parse((fixtures / (chain or folder) / "ts_chain.pem").read_bytes())
    return open_token((fixtures / token).read_bytes(), text, with_chain)


@pytest.mark.parametrize(
    ("token", "at", "by"),
    [
        ("test_tsa/response.tsr", "2024-10-08T15:40:32", "CN=Test TSA Timestamping,O=local"),
        ("sigstage/response-sha256.tsr", "2025-05-09T11:58:55", "CN=sigstore-tsa,O=sigstore.dev"),
        ("sigstage/response-sha384.tsr", "2025-05-09T11:58:55", "CN=sigstore-tsa,O=sigstore.dev"),
        ("sigstage/response-sha512.tsr", "2025-05-09T11:58:56", "CN=sigstore-tsa,O=sigstore.dev"),
        ("sigstage/response-no-embedded-cert.tsr", "2025-06-18T08:13:02", "CN=sigstore-tsa,O=sigstore.dev"),
        ("test_tsa_full_chain/response.tsr", "2026-09-07T09:50:03", "CN=Test TSA,O=test"),
        # The signer's certificate is not the first that the token carries.
        ("identrust/issue-104.tsr", "2025-03-11T08:52:08", "CN=TrustID Timestamp Authority,O=IdenTrust,C=US"),
    ],
)
def test_a_good_token_says_when_and_who(fixtures, token, at, by):
    found = stamp(fixtures, token)
    assert found.at.strftime("%Y-%m-%dT%H:%M:%S") == at
    assert found.authority.startswith(by)


def test_a_certificate_that_expired_since_has_stamped_rightly(fixtures):
    payload = (fixtures / "sigstore.mock" / "payload").read_bytes()
    found = stamp(fixtures, "sigstore.mock/response-expired.tsr", text=payload)
    assert found.at.year == 2023


def test_certificates_slipped_into_a_token_speak_for_nobody(fixtures):
    """They are outside the signature: the token still holds, and its signer is who signed it."""
    found = stamp(fixtures, "test_tsa/response-injected-certs.tsr")
    assert found == stamp(fixtures, "test_tsa/response.tsr")


@pytest.mark.parametrize(
    ("token", "chain"),
    [
        ("sigstage/response-invalid-signature.tsr", ""),
        ("test_tsa/other_response.tsr", ""),  # of another authority of the same name
        ("test_tsa/response.tsr", "sigstage"),
        ("test_tsa_full_chain/response.tsr", "test_tsa"),  # it brings its own root, which nobody trusts
        ("sigstage/response-no-embedded-cert.tsr", "test_tsa"),
        ("test_tsa/request.der", ""),
    ],
)
def test_a_bad_token_is_refused(fixtures, token, chain):
    with pytest.raises(InvalidTimestamp):
        stamp(fixtures, token, chain)


def test_a_token_over_another_text_is_refused(fixtures):
    with pytest.raises(InvalidTimestamp, match="messages"):
        stamp(fixtures, "test_tsa/response.tsr", text=b"hell0")


def test_a_token_for_another_request_is_refused(fixtures):
    chain = TsaChain.parse((fixtures / "test_tsa" / "ts_chain.pem").read_bytes())
    token = (fixtures / "test_tsa" / "response.tsr").read_bytes()
    with pytest.raises(InvalidTimestamp, match="Nonce"):
        open_token(token, b"hello", chain, nonce=1)


def test_no_damaged_token_holds_and_none_breaks_the_reader(fixtures):
    """One flipped bit anywhere; where the token still opens it must say the same (bits that no signature covers)."""
    chain = TsaChain.parse((fixtures / "test_tsa" / "ts_chain.pem").read_bytes())
    good = (fixtures / "test_tsa" / "response.tsr").read_bytes()
    said, chosen, refused = open_token(good, b"hello", chain), random.Random(3161), 0  # noqa: S311
    for place in range(len(good)):
        changed = bytearray(good)
        changed[place] ^= 1 << chosen.randrange(8)
        try:
            assert open_token(bytes(changed), b"hello", chain) == said
        except TabardError:
            refused += 1
    assert refused > 0.9 * len(good)
    for length in range(0, len(good), 7):
        with pytest.raises(InvalidTimestamp):
            open_token(good[:length], b"hello", chain)


@pytest.mark.parametrize(
    "data", [b"", b"nonsense", b"-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n"]
)
def test_a_file_that_is_no_chain_is_refused(data):
    with pytest.raises(InvalidTsaChain):
        TsaChain.parse(data)
