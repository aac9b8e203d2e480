"""What a witness keeps on disk, and that each write fails safely before and after it persists."""

import os
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.small_log import SmallLog

from tabard.merkle.note import NoteSignature, SignedNote, cosigned_at, open_note
from tabard.witness.errors import HomeBusy, LogKeyUnusable, MemoryLost, MemoryNotKept, WitnessKeyUnusable
from tabard.witness.keys import KEY_FILE, logs_by_origin, vkeys_in
from tabard.witness.memory import MAX_FORKS
from tabard.witness.rules import Reason
from tabard.witness.service import Witness, open_witness

AT = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
LOG = SmallLog()
FORK = SmallLog(history="'")
NAME = "witness.example/w1"


@pytest.fixture
def home(tmp_path) -> Path:
    return tmp_path / "witness"


def started(home: Path, *vkeys: str, name: str = NAME) -> Witness:
    return open_witness(home, logs_by_origin(vkeys or (LOG.vkey,)), name=name)


def ended(witness: Witness) -> None:
    """As when its process ends: the lock is free."""
    os.close(witness._memory._held)


def restarted(witness: Witness, home: Path) -> Witness:
    ended(witness)
    return started(home)


def line_in(answer: bytes) -> NoteSignature:
    return SignedNote.parse(b"x\n\n" + answer).signatures[0]


def state_file(home: Path) -> Path:
    (path,) = (home / "cosigned").glob("*.note")
    return path


def test_the_key_is_made_once_and_only_its_owner_can_read_it(home):
    witness = started(home)
    assert stat.S_IMODE((home / KEY_FILE).stat().st_mode) == 0o600
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert restarted(witness, home).vkey == witness.vkey
    assert witness.vkey.name == NAME


def test_what_is_cosigned_is_kept_as_a_note_that_anybody_can_check(home):
    witness = started(home)
    line = line_in(witness.add_checkpoint(LOG.request(0, 5), at=AT))
    note = open_note(state_file(home).read_bytes(), [LOG.signer.vkey, witness.vkey])
    assert note.signatures == (*SignedNote.parse(LOG.note(5)).signatures, line)
    assert witness.latest("log.example") == state_file(home).read_bytes()
    assert cosigned_at(line) == AT


def test_a_restarted_witness_goes_on_from_what_it_cosigned(home):
    witness = started(home)
    witness.add_checkpoint(LOG.request(0, 5), at=AT)
    witness = restarted(witness, home)
    assert witness.add_checkpoint(LOG.request(0, 5), at=AT).reason is Reason.OTHER_SIZE
    assert witness.add_checkpoint(FORK.request(5, 5), at=AT).reason is Reason.FORKED
    assert line_in(witness.add_checkpoint(LOG.request(5, 12), at=AT)).name == NAME


def test_a_clock_set_back_does_not_take_back_what_was_said(home):
    witness = started(home)
    witness.add_checkpoint(LOG.request(0, 5), at=AT)
    line = line_in(witness.add_checkpoint(LOG.request(5, 12), at=AT - timedelta(days=1)))
    assert cosigned_at(line) == AT


def test_a_contradicting_checkpoint_is_kept_as_evidence_as_far_as_there_is_room(home):
    witness = started(home)
    witness.add_checkpoint(LOG.request(0, 5), at=AT)
    for number in range(MAX_FORKS + 5):
        other = SmallLog(history=f"fork {number}", size=8)
        assert witness.add_checkpoint(other.request(5, 5), at=AT).reason is Reason.FORKED
    kept = list((home / "forks").iterdir())
    assert len(kept) == MAX_FORKS
    assert open_note(kept[0].read_bytes(), [LOG.signer.vkey]).text != LOG.head(5).to_text()


def test_two_processes_cannot_work_in_one_folder(home):
    started(home)
    with pytest.raises(HomeBusy):
        started(home)


def test_a_name_stays_with_its_key(home):
    ended(started(home))
    with pytest.raises(WitnessKeyUnusable, match=NAME):
        started(home, name="other.example")


@pytest.mark.parametrize("name", ["", "two words", "a+b"])
def test_a_witness_without_a_proper_name_gets_no_key(home, name):
    with pytest.raises(WitnessKeyUnusable):
        started(home, name=name)
    assert not (home / KEY_FILE).exists()


@pytest.mark.parametrize("words", ["", "one line\n", "name\nnot hex\n", "name\nabcd\n"])
def test_a_damaged_key_file_is_not_replaced(home, words):
    ended(started(home))
    (home / KEY_FILE).write_text(words)
    with pytest.raises(WitnessKeyUnusable):
        started(home)
    assert (home / KEY_FILE).read_text() == words


def replace_by_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def damage(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(LOG.head(5).to_text()) // 2] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize("spoil", [damage, lambda path: path.write_bytes(b""), replace_by_a_folder])
def test_a_witness_that_cannot_read_what_it_cosigned_does_not_go_on(home, spoil):
    witness = started(home)
    witness.add_checkpoint(LOG.request(0, 5), at=AT)
    spoil(state_file(home))
    with pytest.raises(MemoryLost):
        witness.add_checkpoint(LOG.request(5, 12), at=AT)
    ended(witness)
    with pytest.raises(MemoryLost):
        started(home)


def test_a_state_file_under_another_logs_name_is_noticed(home):
    other = SmallLog("other.example", seed=5)
    witness = started(home, LOG.vkey, other.vkey)
    witness.add_checkpoint(LOG.request(0, 5), at=AT)
    first = state_file(home)
    data = first.read_bytes()
    first.unlink()
    witness.add_checkpoint(other.request(0, 5), at=AT)
    state_file(home).write_bytes(data)
    with pytest.raises(MemoryLost):
        witness.add_checkpoint(other.request(5, 6), at=AT)


def test_a_witness_whose_memory_is_gone_does_not_begin_anew_under_its_key(home):
    witness = started(home)
    for path in (home / "cosigned").iterdir():
        path.unlink()
    (home / "cosigned").rmdir()
    with pytest.raises(MemoryLost):
        witness.add_checkpoint(LOG.request(0, 5), at=AT)
    ended(witness)
    with pytest.raises(MemoryLost):
        started(home)


@pytest.mark.parametrize("call", ["fsync", "open"])
@pytest.mark.parametrize("number", [1, 2])
def test_what_could_not_be_kept_is_not_cosigned(home, monkeypatch, call, number):
    """The first call is for the staged file, before the new memory is in place; the second for the folder, after."""
    witness = started(home)
    witness.add_checkpoint(LOG.request(0, 5), at=AT)
    real, calls = getattr(os, call), []

    def failing(*arguments, **named):
        calls.append(arguments)
        if len(calls) == number:
            raise OSError(5, "Input/output error")
        return real(*arguments, **named)

    with monkeypatch.context() as patched:
        patched.setattr(os, call, failing)
        with pytest.raises(MemoryNotKept):
            witness.add_checkpoint(LOG.request(5, 12), at=AT)
    seen = open_note(witness.latest("log.example"), [witness.vkey]).text
    assert seen == LOG.head(5 if number == 1 else 12).to_text()
    assert [path.suffix for path in (home / "cosigned").iterdir()] == [".note"]
    # The log asks again: from where the witness says, or from where it was.
    again = witness.add_checkpoint(LOG.request(5, 12), at=AT)
    if number == 2:
        assert again.size == 12
        again = witness.add_checkpoint(LOG.request(12, 12), at=AT)
    assert line_in(again).name == NAME
    witness = restarted(witness, home)
    assert open_note(witness.latest("log.example"), [witness.vkey]).text == LOG.head(12).to_text()


def test_half_written_files_of_a_killed_witness_go_at_the_next_start(home):
    witness = started(home)
    witness.add_checkpoint(LOG.request(0, 5), at=AT)
    (home / "cosigned" / "left.note.12.staged").write_bytes(b"half")
    restarted(witness, home)
    assert [path.suffix for path in (home / "cosigned").iterdir()] == [".note"]


def test_logs_are_read_from_a_file_with_remarks(tmp_path):
    path = tmp_path / "logs"
    rotated = SmallLog(seed=2)
    path.write_text(f"# the force\n\n{LOG.vkey}\n  {rotated.vkey}\n{LOG.vkey}\n")
    assert logs_by_origin(vkeys_in(path)) == {"log.example": (LOG.signer.vkey, rotated.signer.vkey)}


@pytest.mark.parametrize(
    "vkey", ["nonsense", "w.example/w1+9c3a4461+BJmtOus5BxYbbtKrUoQawJSkamiiF4Ayw99ZY4GqgfxE"]
)
def test_what_is_not_a_logs_key_is_refused(vkey):
    with pytest.raises(LogKeyUnusable):
        logs_by_origin([vkey])


def test_a_file_of_logs_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(LogKeyUnusable):
        vkeys_in(tmp_path / "absent")
