"""A certificate of disposal proves to a stranger that a recording went, and by which rule; nothing altered passes."""

import json
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.disposals import disposed_and_signed
from tests.world import BY, DAY_ONE, World

from tabard.custody.adapters import log_signer
from tabard.custody.models import Event
from tabard.disclosure import certificates
from tabard.disclosure.certificate_checks import check
from tabard.kernel.errors import Integrity, NotFound
from tabard.merkle.note import Signer
from tabard.retention.policy import default_policy

AT = DAY_ONE + timedelta(days=60)


@pytest.fixture
def disposed(db):
    return disposed_and_signed(AT)


def issued(recording):
    return certificates.issue(recording_id=recording.id, by=BY, at=AT)


def test_it_says_under_which_rule_of_which_policy_and_is_logged(disposed):
    data = issued(disposed)
    found = check(data, [log_signer().vkey])
    assert found.key_is_given
    assert found.proven.leaf.subject_id == str(disposed.id)
    details = found.proven.details
    assert (details["rule"], details["objects"]) == ("uncategorised", 1)
    assert details["policy_sha256"] == default_policy().sha256.hex()
    assert disposed.source_name not in data.decode()
    assert Event.objects.latest("id").kind == "log.receipt_taken"


@pytest.mark.parametrize(
    "change",
    [
        lambda said: said | {"recording": "01a220c6-456f-737e-bd14-586640eac938"},
        lambda said: said | {"details": said["details"].replace("uncategorised", "not-evidential")},
        lambda said: said | {"leaf": said["leaf"].replace("disposed", "received")},
        lambda said: said | {"proof": said["proof"].replace("\n", "\nx", 1)},
        lambda said: said | {"format": "another"},
        lambda said: {name: said[name] for name in said if name != "proof"},
    ],
)
def test_whatever_is_altered_proves_nothing(disposed, change):
    said = json.loads(issued(disposed))
    with pytest.raises(Integrity):
        check(json.dumps(change(said)).encode(), [log_signer().vkey])


def test_another_key_proves_nothing(disposed):
    other = Signer("other.example/log", Ed25519PrivateKey.generate()).vkey.encode()
    with pytest.raises(Integrity):
        check(issued(disposed), [other])


def test_what_is_not_disposed_of_has_none(db):
    with pytest.raises(NotFound):
        issued(World().recording([b"kept"]))
