"""Between any two signed checkpoints there is a proof, and it convinces whoever holds only the two of them."""

from datetime import UTC, datetime

import pytest
from django.db import transaction

from tabard.custody import sequencer, services
from tabard.custody.actors import Actor, Subject
from tabard.custody.adapters import log_signer
from tabard.custody.consistency import consistency
from tabard.custody.kinds import EventKind
from tabard.kernel.errors import Invalid, NotFound
from tabard.kernel.ids import new_id
from tabard.merkle.checkpoint import open_checkpoint
from tabard.merkle.note import VerifierKey, decode_base64
from tabard.merkle.proofs import InvalidProof, verify_consistency

AT = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
SIZES = (0, 1, 2, 3, 7, 8, 9, 21)


@pytest.fixture
def log(db):
    """A log with a signed checkpoint of each of the sizes."""
    before = 0
    for size in SIZES:
        with transaction.atomic():
            for _ in range(size - before):
                services.append(
                    kind=EventKind.RECORDING_VIEWED,
                    subject=Subject("recording", new_id()),
                    at=AT,
                    by=Actor.system("worker"),
                )
        sequencer.sequence()
        assert sequencer.sign_checkpoint(at=AT, signer=log_signer()).size == size
        before = size


def test_each_pair_is_proven_from_its_text_alone(log):
    key = VerifierKey.parse(log_signer().vkey)
    for new in SIZES[1:]:
        for old in (size for size in SIZES[1:] if size <= new):
            found = consistency(old, new)
            older = open_checkpoint(found.old.note.encode(), [key])
            head, _, note = found.encode().partition("\n\n")
            said, *hashes = head.split("\n")
            newer = open_checkpoint(note.encode(), [key])
            assert said == f"old {old}"
            path = [decode_base64(line) for line in hashes]
            verify_consistency(old, older.root, new, newer.root, path)
            if old < new:
                with pytest.raises(InvalidProof):
                    verify_consistency(old, bytes(32), new, newer.root, path)


def test_to_the_empty_log_everything_adds(log):
    assert consistency(0, 21).path == ()
    assert consistency(0, 21).encode().startswith("old 0\n\n")


def test_what_was_never_signed_has_no_proof(log):
    with pytest.raises(NotFound):
        consistency(4, 21)
    with pytest.raises(NotFound):
        consistency(21, 22)
    with pytest.raises(Invalid):
        consistency(8, 7)
