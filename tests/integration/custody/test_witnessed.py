"""What counts as proven once a policy asks for witnesses: only what enough of them have cosigned."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import transaction

from tabard.custody import selectors, sequencer, services
from tabard.custody.actors import Actor, Subject
from tabard.custody.adapters import log_signer
from tabard.custody.errors import NotYetSequenced, NotYetWitnessed, WitnessPolicyUnusable
from tabard.custody.kinds import EventKind
from tabard.custody.models import Checkpoint, Cosignature, Event
from tabard.custody.proven import proven
from tabard.kernel.ids import new_id
from tabard.merkle.note import CosignatureSigner, SignedNote, VerifierKey, open_note

AT = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
pytestmark = pytest.mark.django_db


def witness(number: int) -> CosignatureSigner:
    return CosignatureSigner(
        f"witness.example/w{number}", Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)
    )


WITNESSES = [witness(number) for number in (1, 2, 3)]
TWO_OF_THREE = "".join(
    f"witness W{number} {each.vkey.encode()}\n" for number, each in enumerate(WITNESSES, 1)
)
TWO_OF_THREE += "group all-of-them 2 W1 W2 W3\nquorum all-of-them\n"


def grow(count: int) -> list[Event]:
    with transaction.atomic():
        events = [
            services.append(
                kind=EventKind.RECORDING_VIEWED,
                subject=Subject("recording", new_id()),
                at=AT,
                by=Actor.system("worker"),
            )
            for _ in range(count)
        ]
    sequencer.sequence()
    sequencer.sign_checkpoint(at=AT, signer=log_signer())
    return events


def cosign(checkpoint: Checkpoint, by: CosignatureSigner, at: datetime = AT) -> Cosignature:
    line = by.sign(SignedNote.parse(checkpoint.note.encode()).text, at=at)
    return Cosignature.objects.create(
        checkpoint=checkpoint, witness=by.name, line=line.encode().rstrip("\n"), cosigned_at=at
    )


@pytest.fixture
def policy(settings, tmp_path):
    """Sets the policy file's words."""

    def write(words: str) -> None:
        path = tmp_path / "policy"
        path.write_text(words, encoding="utf-8")
        settings.TABARD_WITNESS_POLICY = str(path)

    return write


@pytest.fixture
def log() -> list[Event]:
    """Two checkpoints: of three events, and of five."""
    grow(3)
    grow(2)
    return list(Event.objects.order_by("position"))


def witnessed_size() -> int | None:
    found = selectors.witnessed_checkpoint()
    return None if found is None else found.size


def test_without_a_policy_the_newest_checkpoint_will_do(log):
    assert witnessed_size() == 5
    assert selectors.published_note(Checkpoint.objects.get(size=5)) == Checkpoint.objects.get(size=5).note


def test_with_quorum_none_the_newest_will_do_and_shows_its_cosignatures(log, policy):
    policy(TWO_OF_THREE.replace("quorum all-of-them", "quorum none"))
    newest = Checkpoint.objects.get(size=5)
    cosign(newest, WITNESSES[1])
    assert witnessed_size() == 5
    opened = open_note(selectors.published_note(newest).encode(), [WITNESSES[1].vkey])
    assert opened.verified_by == (WITNESSES[1].vkey,)


def test_the_newest_checkpoint_with_a_quorum_is_the_witnessed_one(log, policy):
    policy(TWO_OF_THREE)
    assert witnessed_size() is None
    older, newer = Checkpoint.objects.order_by("size")
    cosign(older, WITNESSES[0])
    cosign(newer, WITNESSES[0])
    assert witnessed_size() is None
    cosign(older, WITNESSES[2])
    assert witnessed_size() == 3
    cosign(newer, WITNESSES[1])
    assert witnessed_size() == 5


def test_an_event_past_the_witnessed_checkpoint_waits_and_says_for_what(log, policy):
    policy(TWO_OF_THREE)
    for each in WITNESSES[:2]:
        cosign(Checkpoint.objects.get(size=3), each)
    assert selectors.receipt(log[2].id).index == 2
    for ask in (selectors.receipt, selectors.proof_walk):
        with pytest.raises(NotYetWitnessed):
            ask(log[3].id)
    with pytest.raises(NotYetWitnessed):
        proven(subject_ids=[log[3].subject_id], kinds=[EventKind.RECORDING_VIEWED])
    assert [line.is_covered for line in selectors.lines(log)] == [True, True, True, False, False]

    with transaction.atomic():
        late = services.append(
            kind=EventKind.RECORDING_VIEWED,
            subject=Subject("recording", new_id()),
            at=AT,
            by=Actor.system("worker"),
        )
    with pytest.raises(NotYetSequenced) as caught:
        selectors.receipt(late)
    assert caught.value.code == "not_yet_sequenced"


def test_a_receipt_carries_the_newest_cosignature_of_each_witness(log, policy):
    policy(TWO_OF_THREE)
    newest = Checkpoint.objects.get(size=5)
    cosign(newest, WITNESSES[0])
    cosign(newest, WITNESSES[1], at=AT + timedelta(minutes=1))
    again = cosign(newest, WITNESSES[0], at=AT + timedelta(minutes=5))
    cosign(newest, WITNESSES[0], at=AT + timedelta(minutes=3))
    log_key = VerifierKey.parse(log_signer().vkey)
    for receipt in (
        selectors.receipt(log[0].id),
        proven(subject_ids=[log[0].subject_id], kinds=[EventKind.RECORDING_VIEWED])[0].proof,
    ):
        note = open_note(receipt.checkpoint_note, [log_key, *(each.vkey for each in WITNESSES)])
        assert [line.name for line in note.signatures] == [log_key.name, WITNESSES[0].name, WITNESSES[1].name]
        assert note.signatures[1].encode() == f"{again.line}\n"
        assert receipt.verify(bytes(log[0].leaf), [log_key]).size == 5


def test_rows_that_do_not_verify_count_for_nothing(log, policy):
    policy(TWO_OF_THREE)
    older, newer = Checkpoint.objects.order_by("size")
    for each in WITNESSES[:2]:
        cosign(older, each)
    cosign(newer, WITNESSES[0])
    forged = CosignatureSigner(WITNESSES[1].name, Ed25519PrivateKey.from_private_bytes(bytes([9]) * 32))
    cosign(newer, forged)
    borrowed = Cosignature.objects.get(checkpoint=older, witness=WITNESSES[1].name)
    Cosignature.objects.create(
        checkpoint=newer, witness=WITNESSES[1].name, line=borrowed.line, cosigned_at=AT
    )
    Cosignature.objects.create(checkpoint=newer, witness=WITNESSES[2].name, line="no line", cosigned_at=AT)
    assert witnessed_size() == 3
    assert "witness.example/w2" not in selectors.published_note(newer)


def test_a_witness_that_the_policy_does_not_name_does_not_count(log, policy):
    policy(TWO_OF_THREE)
    for each in (WITNESSES[0], witness(7)):
        cosign(Checkpoint.objects.get(size=5), each)
    assert witnessed_size() is None


def test_groups_of_groups_are_counted_as_written(log, policy):
    words = "".join(f"witness W{number} {witness(number).vkey.encode()}\n" for number in range(1, 6))
    policy(f"{words}group A 2 W1 W2 W3\ngroup B any W4 W5\ngroup both all A B\nquorum both\n")
    newest = Checkpoint.objects.get(size=5)
    for number, expected in ((1, None), (4, None), (5, None), (3, 5)):
        cosign(newest, witness(number))
        assert witnessed_size() == expected


def test_more_checkpoints_than_are_tried_at_once(policy):
    policy(TWO_OF_THREE)
    for _ in range(45):
        grow(1)
    oldest = Checkpoint.objects.order_by("size").first()
    for each in WITNESSES[:2]:
        cosign(oldest, each)
    for checkpoint in Checkpoint.objects.exclude(size=oldest.size):
        cosign(checkpoint, WITNESSES[0])
        Cosignature.objects.create(
            checkpoint=checkpoint, witness=WITNESSES[1].name, line="— forged", cosigned_at=AT
        )
    assert witnessed_size() == 1


@pytest.mark.parametrize("words", ["quorum nobody\n", None])
def test_a_policy_that_cannot_be_used_proves_nothing_and_hides_nothing(
    log, policy, settings, tmp_path, words
):
    if words is None:
        settings.TABARD_WITNESS_POLICY = str(tmp_path / "absent")
    else:
        policy(words)
    with pytest.raises(WitnessPolicyUnusable):
        selectors.receipt(log[0].id)
    assert [line.is_covered for line in selectors.lines(log)] == [False] * 5
    newest = Checkpoint.objects.get(size=5)
    assert selectors.published_note(newest) == newest.note
