"""The custody log on a real database: an act and its event are one, and nothing changes unnoticed."""

from collections.abc import Iterator
from threading import Thread

import pytest
from django.db import connection, transaction
from tests.tampering import tampering

from tabard.custody import selectors, sequencer, services
from tabard.custody.actors import Actor, Subject
from tabard.custody.adapters import FileSigner, log_signer
from tabard.custody.errors import LogCorrupt, NotYetSequenced, OutsideTransaction
from tabard.custody.kinds import CLASS_OF, EventKind
from tabard.custody.models import Checkpoint, Event, Node
from tabard.custody.verify import verify_log
from tabard.kernel.clock import now
from tabard.kernel.ids import new_id
from tabard.merkle.note import VerifierKey

AT = now()
BY = Actor.system("worker")


@pytest.fixture
def signer() -> FileSigner:
    return log_signer()


def append(count: int = 1) -> list[Event]:
    with transaction.atomic():
        ids = [
            services.append(
                kind=EventKind.RECORDING_VIEWED,
                subject=Subject("recording", new_id()),
                at=AT,
                by=BY,
                sha256=bytes(32),
                details={"number": number, "words": "Señor 🚓"},
            )
            for number in range(count)
        ]
    return list(Event.objects.filter(id__in=ids).order_by("id"))


@pytest.fixture
def log(db: None, signer: FileSigner) -> Iterator[list[Event]]:
    """Eleven events under two checkpoints."""
    events = append(4)
    sequencer.sequence()
    sequencer.sign_checkpoint(at=AT, signer=signer)
    events += append(7)
    sequencer.sequence()
    sequencer.sign_checkpoint(at=AT, signer=signer)
    return events


def test_every_kind_of_event_has_its_class_in_the_act() -> None:
    assert set(CLASS_OF) == set(EventKind)


@pytest.mark.django_db(transaction=True)
def test_an_event_outside_the_transaction_of_its_act_is_refused() -> None:
    with pytest.raises(OutsideTransaction):
        services.append(kind=EventKind.RECORDING_VIEWED, subject=Subject("recording", new_id()), at=AT, by=BY)
    assert not Event.objects.exists()


@pytest.mark.django_db
def test_a_rolled_back_act_leaves_no_event() -> None:
    def act() -> None:
        with transaction.atomic():
            append()
            raise InterruptedError

    with pytest.raises(InterruptedError):
        act()
    assert not Event.objects.exists()


@pytest.mark.django_db
def test_the_leaf_names_no_person(signer: FileSigner) -> None:
    with transaction.atomic():
        event_id = services.append(
            kind=EventKind.ACCOUNT_SIGNED_IN,
            subject=Subject("account", new_id()),
            at=AT,
            by=Actor.system("Somebody Recognisable"),
            details={"address": "1 Secret Street"},
        )
    leaf = bytes(Event.objects.get(id=event_id).leaf)
    assert b"Recognisable" not in leaf
    assert b"Secret" not in leaf


@pytest.mark.django_db
def test_a_receipt_proves_each_event_to_someone_with_only_the_key(
    log: list[Event], signer: FileSigner
) -> None:
    verifier = VerifierKey.parse(signer.vkey)
    for event in log:
        receipt = selectors.receipt(event.id)
        assert receipt.verify(bytes(event.leaf), [verifier]).size == 11


@pytest.mark.django_db
def test_a_receipt_waits_for_a_checkpoint(log: list[Event]) -> None:
    (late,) = append()
    with pytest.raises(NotYetSequenced):
        selectors.receipt(late.id)


@pytest.mark.django_db
def test_a_clean_log_has_no_defect(log: list[Event], signer: FileSigner) -> None:
    report = verify_log(signer.vkey)
    assert report.defects == []
    assert (report.events, report.checkpoints, report.unsequenced) == (11, 2, 0)


@pytest.mark.django_db
def test_a_checkpoint_is_not_signed_twice_for_one_size(log: list[Event], signer: FileSigner) -> None:
    assert sequencer.sign_checkpoint(at=AT, signer=signer) is None
    assert Checkpoint.objects.count() == 2


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("UPDATE custody_event SET kind = 'recording.played' WHERE position = 3", "column"),
        ("UPDATE custody_event SET at = at - interval '1 day' WHERE position = 3", "column"),
        ("UPDATE custody_event SET subject_id = gen_random_uuid() WHERE position = 3", "column"),
        (
            "UPDATE custody_event SET leaf = overlay(leaf PLACING 'recording.played' FROM 200) WHERE position = 3",
            "altered",
        ),
        (
            "DELETE FROM custody_eventparticulars; DELETE FROM custody_event WHERE position = 10",
            "missing",
        ),
        ("DELETE FROM custody_eventparticulars; DELETE FROM custody_event WHERE position = 5", "missing"),
        ("UPDATE custody_event SET position = CASE position WHEN 2 THEN 102 ELSE position END", "reordered"),
        ("UPDATE custody_eventparticulars SET actor_name = 'Someone else'", "actor"),
        ("UPDATE custody_eventparticulars SET details = '{\"number\": 99}'", "details"),
        ("UPDATE custody_node SET hash = sha256('x') WHERE level = 1 AND index = 1", "node"),
        ("DELETE FROM custody_node WHERE level = 0 AND index = 6", "node"),
        ("INSERT INTO custody_node VALUES (0, 11, sha256('x'))", "nodes_unexpected"),
        ("UPDATE custody_checkpoint SET root = sha256('x') WHERE size = 4", "checkpoint_row"),
        (
            "UPDATE custody_checkpoint SET note = replace(note, E'\\n4\\n', E'\\n5\\n') WHERE size = 4",
            "checkpoint_signature",
        ),
    ],
)
def test_whatever_is_changed_behind_our_back_is_named(
    log: list[Event], signer: FileSigner, statement: str, code: str
) -> None:
    with tampering() as cursor:
        cursor.execute(statement)
        assert cursor.rowcount != 0
    assert code in {defect.code for defect in verify_log(signer.vkey).defects}


CUT_OFF_THE_TAIL = """
    DELETE FROM custody_eventparticulars
     WHERE event_id IN (SELECT id FROM custody_event WHERE position >= 4);
    DELETE FROM custody_event WHERE position >= 4;
    DELETE FROM custody_node WHERE (index + 1) << level > 4;
    DELETE FROM custody_checkpoint WHERE size > 4
"""


@pytest.mark.django_db
def test_a_tail_cut_off_with_all_its_traces_is_noticed_and_not_signed_over(log, signer):
    with tampering() as cursor:
        cursor.execute(CUT_OFF_THE_TAIL)
    assert verify_log(signer.vkey).ok
    report = verify_log(signer.vkey, also_signed=[signer.last_signed()])
    assert [defect.code for defect in report.defects] == ["events_missing"]

    append(9)
    sequencer.sequence()
    with pytest.raises(LogCorrupt):
        sequencer.sign_checkpoint(at=AT, signer=signer)
    assert Checkpoint.objects.count() == 1


@pytest.mark.django_db
def test_erased_details_break_no_proof(log: list[Event], signer: FileSigner) -> None:
    with transaction.atomic():
        services.erase_details(subject_ids=[log[2].subject_id], kinds=[EventKind.RECORDING_VIEWED])
    report = verify_log(signer.vkey)
    assert (report.ok, report.erased) == (True, 1)
    assert selectors.receipt(log[2].id).verify(bytes(log[2].leaf), [VerifierKey.parse(signer.vkey)])


@pytest.mark.django_db(transaction=True)
def test_two_sequencers_at_once_give_each_event_one_place(signer: FileSigner) -> None:
    append(300)

    def run() -> None:
        try:
            while Event.objects.filter(position__isnull=True).exists():
                sequencer.sequence(limit=17)
        finally:
            connection.close()

    threads = [Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sequencer.sign_checkpoint(at=AT, signer=signer)
    assert verify_log(signer.vkey).ok
    assert Node.objects.filter(level=0).count() == 300
