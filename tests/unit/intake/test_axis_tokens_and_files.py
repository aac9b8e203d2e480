"""Tokens that expire, connection files a system would accept, and statuses a sender acts on."""

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from django.db import DataError, IntegrityError, OperationalError

from tabard.intake.axis import tokens
from tabard.intake.axis.answers import Answer, answer_for, status_of
from tabard.intake.connection import connection_file
from tabard.intake.errors import (
    AccountNotYours,
    BodyIncomplete,
    ChecksumDiffers,
    ConnectionFileInvalid,
    ContainerUnknown,
    DoorBusy,
    NameRefused,
    NotSignedIn,
    PathTooDeep,
    RequestUnknown,
    SenderStalled,
    WriteOnly,
)
from tabard.intake.models import Destination
from tabard.kernel.ids import new_id
from tabard.recordings.errors import RecordingDisposed
from tabard.vault.errors import FactsDiffer, StoreFailed, StoreFull

AT = datetime(2026, 11, 4, 21, 14, 3, tzinfo=UTC)


class TestTokens:
    def test_a_token_names_its_destination_until_it_expires(self):
        destination_id = new_id()
        token = tokens.issue(destination_id, AT)
        assert tokens.read(token, AT + tokens.LIFETIME - timedelta(seconds=1)) == destination_id
        with pytest.raises(NotSignedIn):
            tokens.read(token, AT + tokens.LIFETIME)

    @pytest.mark.parametrize(
        "change", [lambda t: t[:-1], lambda t: "0" + t, lambda _: "", lambda _: "a:b", str.upper]
    )
    def test_a_changed_token_lets_nobody_in(self, change):
        token = tokens.issue(new_id(), AT)
        with pytest.raises(NotSignedIn):
            tokens.read(change(token), AT)

    def test_a_token_signed_with_another_secret_lets_nobody_in(self, settings):
        token = tokens.issue(new_id(), AT)
        settings.SECRET_KEY = "another"
        with pytest.raises(NotSignedIn):
            tokens.read(token, AT)


def destination(**facts):
    return Destination(**{"name": "Lewisham docks", "username": "lewisham", **facts})


def certificate():
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "door")])
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, AT, AT + timedelta(days=1))
    return made.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)


class TestConnectionFile:
    def test_it_holds_what_the_protocol_asks_for_on_loopback(self):
        text = connection_file(
            destination=destination(),
            key="k",
            door_urls=["http://127.0.0.1:8001/"],
            application_version="0.1.0",
        )
        assert json.loads(text) == {
            "ConnectionFileVersion": "1.0",
            "SiteName": "Lewisham docks",
            "ApplicationName": "Tabard",
            "ApplicationVersion": "0.1.0",
            "ContentDestinationAsNTPServer": False,
            "AuthenticationTokenURI": ["http://127.0.0.1:8001/auth/v1.0"],
            "BlobAPIKey": "k",
            "BlobAPIUserName": "lewisham",
            "ContainerType": "mkv",
            "FullStoreAndReadSupport": False,
            "WantEncryption": False,
        }

    def test_a_certificate_travels_as_base64(self):
        pem = certificate()
        text = connection_file(
            destination=destination(),
            key="k",
            door_urls=["https://door.example:8001"],
            application_version="0.1.0",
            certificates=[pem],
        )
        (encoded,) = json.loads(text)["HTTPSCertificate"]
        sent, ours = (
            x509.load_pem_x509_certificate(base64.b64decode(encoded)),
            x509.load_pem_x509_certificate(pem),
        )
        assert sent == ours

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"destination": destination(name="é" * 33)}, "SiteName"),
            ({"key": "k" * 65}, "BlobAPIKey"),
            ({"door_urls": []}, "AuthenticationTokenURI"),
            ({"door_urls": ["http://127.0.0.1"] * 11}, "AuthenticationTokenURI"),
            ({"door_urls": ["https://127.0.0.1"]}, "AuthenticationTokenURI"),
            ({"certificates": [b"no certificate"], "door_urls": ["https://127.0.0.1"]}, "HTTPSCertificate"),
        ],
    )
    def test_what_a_system_would_refuse_is_never_written(self, changes, field):
        facts = {
            "destination": destination(),
            "key": "k",
            "door_urls": ["http://127.0.0.1"],
            "application_version": "0.1.0",
        }
        with pytest.raises(ConnectionFileInvalid) as refused:
            connection_file(**{**facts, **changes})
        assert refused.value.fields["field"] == field


class TestStatuses:
    @pytest.mark.parametrize(
        ("error", "status"),
        [
            (RequestUnknown(""), 400),
            (NameRefused(""), 400),
            (PathTooDeep(""), 400),
            (BodyIncomplete(""), 400),
            (NotSignedIn(""), 401),
            (AccountNotYours(""), 403),
            (WriteOnly(""), 403),
            (ContainerUnknown(""), 404),
            (ChecksumDiffers(""), 422),
            (DoorBusy(""), 503),
            (SenderStalled(""), 503),
            (StoreFailed(""), 503),
            (RecordingDisposed(""), 503),
            (OperationalError(""), 503),
            (IntegrityError(""), 503),
            (StoreFull(""), 507),
            (FactsDiffer(""), 500),
            (DataError(""), 500),
            (KeyError("x"), 500),
        ],
    )
    def test_every_error_has_the_status_that_the_sender_understands(self, error, status):
        assert status_of(error) == status

    def test_an_answer_tells_a_code_and_a_sentence(self):
        answer = answer_for(ContainerUnknown("There is no such container.", container="x"))
        assert json.loads(answer.body) == {
            "code": "container_unknown",
            "message": "There is no such container.",
        }

    def test_an_answer_tells_nothing_of_our_inside(self):
        for error in (
            OperationalError("password for user tabard"),
            FactsDiffer("object 5"),
            KeyError("secret"),
        ):
            assert b"tabard" not in answer_for(error).body
            assert b"object 5" not in answer_for(error).body
            assert b"secret" not in answer_for(error).body

    def test_who_should_come_back_is_told_when(self):
        assert dict(answer_for(DoorBusy("Busy.")).raw_headers())[b"retry-after"] == b"5"

    def test_no_content_says_nothing_about_a_body(self):
        assert Answer(204).raw_headers() == []
        assert dict(Answer(201).raw_headers())[b"content-length"] == b"0"
