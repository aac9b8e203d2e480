"""The log gets a new key and loses the old one, and at no moment can it not be checked."""

import hashlib
import json
from threading import Thread

import pytest
from django.db import connection, transaction

from tabard.custody import selectors, sequencer, services
from tabard.custody.actors import Actor, Subject
from tabard.custody.adapters import FileSigner
from tabard.custody.errors import KeyChangeNotPossible, LogCorrupt
from tabard.custody.kinds import EventKind
from tabard.custody.models import Checkpoint, Event
from tabard.custody.signing.changes import retire_key, rotate_key, unlogged_change
from tabard.custody.signing.durable import create_durably
from tabard.custody.signing.history import key_history
from tabard.custody.signing.keys import LogKeys
from tabard.custody.verify import verify_log
from tabard.kernel.clock import now
from tabard.kernel.ids import new_id
from tabard.merkle.checkpoint import open_checkpoint
from tabard.merkle.note import InvalidNote, VerifierKey

AT = now()
BY = Actor.system("command line")
SEED = "00" * 31 + "07"


@pytest.fixture
def signer(tmp_path, settings):
    """The signer of a log of this test's own, whose key file is as every installation's was before it could grow."""
    settings.TABARD_HOME = tmp_path
    path = tmp_path / "keys" / "log-key"
    create_durably(path, f"example.org/log\n{SEED}\n")
    return FileSigner(path)


def checkpoint(signer: FileSigner) -> Checkpoint:
    """One more event, under a checkpoint of its own."""
    with transaction.atomic():
        services.append(kind=EventKind.RECORDING_VIEWED, subject=Subject("recording", new_id()), at=AT, by=BY)
    sequencer.sequence()
    return sequencer.sign_checkpoint(at=AT, signer=signer)


def opens(head: Checkpoint, *keys: VerifierKey) -> bool:
    try:
        return open_checkpoint(head.note.encode(), keys).size == head.size
    except InvalidNote:
        return False


@pytest.mark.django_db
def test_after_a_rotation_both_keys_sign_and_after_the_retirement_only_the_new_one(signer):
    (old,) = signer.verifiers
    before = checkpoint(signer)
    change = rotate_key(signer=signer, by=BY, at=AT)
    both = checkpoint(signer)
    assert (change.other, change.was_begun) == (old, False)
    assert [opens(head, old) for head in (before, both)] == [True, True]
    assert [opens(head, change.changed) for head in (before, both)] == [False, True]

    retired = retire_key(signer=signer, by=BY, at=AT)
    after = checkpoint(signer)
    assert (retired.changed, retired.other) == (old, change.changed)
    assert (opens(after, old), opens(after, change.changed)) == (False, True)
    assert SEED not in signer.path.read_text()
    assert verify_log(*(key.encode() for key in signer.verifiers)).ok
    assert not verify_log(signer.vkey).ok  # what only the old key signed needs the old key


@pytest.mark.django_db
def test_a_receipt_taken_after_a_rotation_serves_whoever_knows_either_key(signer):
    checkpoint(signer)
    change = rotate_key(signer=signer, by=BY, at=AT)
    checkpoint(signer)
    for event in Event.objects.all():
        for key in (change.changed, change.other):
            assert selectors.receipt(event.id).verify(bytes(event.leaf), [key])


@pytest.mark.django_db
def test_the_change_is_public_in_the_log_itself(signer):
    checkpoint(signer)
    change = rotate_key(signer=signer, by=BY, at=AT)
    checkpoint(signer)
    retire_key(signer=signer, by=BY, at=AT)
    rotated = Event.objects.get(kind="log.key_rotated")
    retired = Event.objects.get(kind="log.key_retired")
    new, old = change.changed.encode(), change.other.encode()
    assert json.loads(bytes(rotated.leaf))["sha256"] == hashlib.sha256(new.encode()).hexdigest()
    assert json.loads(bytes(retired.leaf))["sha256"] == hashlib.sha256(old.encode()).hexdigest()
    assert rotated.particulars.details == {"new": new, "old": old}
    assert retired.particulars.details == {"retired": old, "current": new}


@pytest.mark.django_db
@pytest.mark.parametrize("write", ["before", "after"])
def test_a_rotation_interrupted_at_its_write_is_finished_by_repeating_it(signer, monkeypatch, write):
    checkpoint(signer)
    _die_at_the_write(monkeypatch, write)
    with pytest.raises(KeyboardInterrupt):
        rotate_key(signer=signer, by=BY, at=AT)
    monkeypatch.undo()
    begun = signer.vkey
    assert (unlogged_change(signer.keys()) is not None) == (write == "after")
    assert len(signer.keys().signers) == (2 if write == "after" else 1)
    change = rotate_key(signer=signer, by=BY, at=AT)
    assert change.was_begun == (write == "after")
    assert len(signer.keys().signers) == 2
    assert write == "before" or signer.vkey == begun
    assert Event.objects.filter(kind="log.key_rotated").count() == 1
    assert unlogged_change(signer.keys()) is None


@pytest.mark.django_db
@pytest.mark.parametrize("write", ["before", "after"])
def test_a_retirement_interrupted_at_its_write_is_finished_by_repeating_it(signer, monkeypatch, write):
    checkpoint(signer)
    rotate_key(signer=signer, by=BY, at=AT)
    checkpoint(signer)
    _die_at_the_write(monkeypatch, write)
    with pytest.raises(KeyboardInterrupt):
        retire_key(signer=signer, by=BY, at=AT)
    monkeypatch.undo()
    assert len(signer.keys().signers) == (1 if write == "after" else 2)
    change = retire_key(signer=signer, by=BY, at=AT)
    assert (change.kind, change.was_begun) == (EventKind.LOG_KEY_RETIRED, write == "after")
    assert Event.objects.filter(kind="log.key_retired").count() == 1
    assert (len(signer.keys().signers), len(signer.keys().retired)) == (1, 1)


@pytest.mark.django_db
def test_a_change_whose_event_cannot_be_written_is_not_made_twice(signer, monkeypatch):
    checkpoint(signer)

    def refuse(**_):
        raise OSError

    with monkeypatch.context() as patched:
        patched.setattr("tabard.custody.signing.changes.services.append", refuse)
        for _ in range(2):
            with pytest.raises(OSError):  # noqa: PT011 - it is ours, and says nothing
                rotate_key(signer=signer, by=BY, at=AT)
    assert rotate_key(signer=signer, by=BY, at=AT).was_begun
    assert len(signer.keys().signers) == 2


@pytest.mark.django_db
def test_a_key_is_not_retired_before_both_have_signed_the_rotation(signer):
    checkpoint(signer)
    with pytest.raises(KeyChangeNotPossible, match="Only one key"):
        retire_key(signer=signer, by=BY, at=AT)
    rotate_key(signer=signer, by=BY, at=AT)
    with pytest.raises(KeyChangeNotPossible, match="both keys"):
        retire_key(signer=signer, by=BY, at=AT)
    assert len(signer.keys().signers) == 2
    checkpoint(signer)
    assert retire_key(signer=signer, by=BY, at=AT)


@pytest.mark.django_db
def test_a_process_that_knew_the_old_file_signs_with_the_new_key_at_once(signer):
    another = FileSigner(signer.path)
    before = another.vkey
    change = rotate_key(signer=signer, by=BY, at=AT)
    assert another.vkey == change.changed.encode() != before
    assert opens(checkpoint(another), change.changed)


def test_two_rotations_at_once_come_one_after_the_other(transactional_db, signer):
    def run() -> None:
        try:
            rotate_key(signer=FileSigner(signer.path), by=BY, at=AT)
        finally:
            connection.close()

    threads = [Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(signer.keys().signers) == 4
    assert Event.objects.filter(kind="log.key_rotated").count() == 3


@pytest.mark.django_db
def test_the_history_says_which_checkpoints_each_key_signed(signer):
    first = signer.vkey
    sizes = [checkpoint(signer).size for _ in range(3)]
    second = rotate_key(signer=signer, by=BY, at=AT).changed.encode()
    sizes += [checkpoint(signer).size for _ in range(2)]
    retire_key(signer=signer, by=BY, at=AT)
    sizes += [checkpoint(signer).size for _ in range(4)]
    third = rotate_key(signer=signer, by=BY, at=AT).changed.encode()
    assert [span.encode() for span in key_history(signer.keys())] == [
        f"{third} current - -\n",
        f"{second} signing {sizes[3]} {sizes[-1]}\n",
        f"{first} retired {sizes[0]} {sizes[4]}\n",
    ]
    last = checkpoint(signer).size
    assert [(span.first, span.last) for span in key_history(signer.keys())] == [
        (last, last),
        (sizes[3], last),
        (sizes[0], sizes[4]),
    ]


@pytest.mark.django_db
def test_a_log_without_a_checkpoint_has_a_key_all_the_same(signer):
    assert [span.encode() for span in key_history(signer.keys())] == [f"{signer.vkey} current - -\n"]


def test_a_key_file_reads_back_as_it_was_written(signer):
    keys = signer.keys().rotated().rotated().without_oldest()
    again = LogKeys.parse(keys.encode())
    assert (again.verifiers, again.encode()) == (keys.verifiers, keys.encode())
    assert [len(again.signers), len(again.retired)] == [2, 1]
    assert keys.encode().count("\n") == 4
    assert keys.origin == "example.org/log"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "example.org/log\n",
        f"{SEED}\n",
        f"example.org/log\n{SEED[:-2]}\n",
        f"example.org/log\n{SEED}\nsurprise\n",
        f"example.org/log\nretired x\n{SEED}\n",
        f"example.org/log\n{SEED}\nretired nonsense\n",
        f"example org\n{SEED}\n",
    ],
)
def test_a_file_that_is_no_key_file_is_never_guessed_at(text):
    with pytest.raises(LogCorrupt):
        LogKeys.parse(text)


def test_a_key_file_that_is_gone_stops_the_signing(signer):
    signer.path.unlink()
    with pytest.raises(LogCorrupt, match="gone"):
        signer.sign("example.org/log\n1\nAA==\n")


def _die_at_the_write(monkeypatch, when: str) -> None:
    from tabard.custody.signing import changes as key_changes

    write = key_changes.write_durably

    def dying(path, text):
        if when == "after":
            write(path, text)
        raise KeyboardInterrupt

    monkeypatch.setattr(key_changes, "write_durably", dying)
