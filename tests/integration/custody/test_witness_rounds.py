"""The log asks real witnesses: three of them, of which two must answer, one is dead and one may be slow or contrary."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import transaction
from tests.small_log import SmallLog
from tests.tampering import tampering
from tests.witness_process import WitnessProcess

from tabard.cli.commands import log_witnesses
from tabard.cli.supervisor import free_ports
from tabard.custody import selectors, sequencer, services
from tabard.custody.actors import Actor, Subject
from tabard.custody.adapters import log_signer
from tabard.custody.errors import (
    NotYetWitnessed,
    WitnessAhead,
    WitnessDisagrees,
    WitnessRefused,
    WitnessUnavailable,
)
from tabard.custody.kinds import EventKind
from tabard.custody.models import Checkpoint, Cosignature, Event
from tabard.custody.ports import SawSize
from tabard.custody.witnesses.asking import PATIENCE, next_target, obtain_cosignature
from tabard.custody.witnesses.http import HttpWitness
from tabard.custody.witnesses.standing import standing
from tabard.jobs.witness_rounds import WitnessRounds
from tabard.kernel.clock import now
from tabard.kernel.ids import new_id
from tabard.merkle.note import COSIGNATURE_V1, VerifierKey, open_note
from tabard.merkle.policy import Policy, PolicyWitness

AT = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
DEAD_KEY = VerifierKey("witness.example/dead", bytes(range(32)), COSIGNATURE_V1)
pytestmark = pytest.mark.django_db(transaction=True)


def grow(count: int) -> Checkpoint:
    with transaction.atomic():
        for _ in range(count):
            services.append(
                kind=EventKind.RECORDING_VIEWED,
                subject=Subject("recording", new_id()),
                at=AT,
                by=Actor.system("worker"),
            )
    sequencer.sequence()
    sequencer.sign_checkpoint(at=AT, signer=log_signer())
    return Checkpoint.objects.order_by("-size")[0]


def until(holds: Callable[[], object]) -> None:
    """Wait; a test that waits for ever has failed."""
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.1)


@contextmanager
def rounds() -> Iterator[threading.Thread]:
    """The worker's rounds; after the block they have ended."""
    stopping = threading.Event()
    thread = threading.Thread(target=WitnessRounds().run, args=(stopping,))
    thread.start()
    try:
        yield thread
    finally:
        stopping.set()
        thread.join(60)
        assert not thread.is_alive()


@pytest.fixture
def witness(tmp_path) -> Iterator[WitnessProcess]:
    with WitnessProcess(tmp_path / "one", [log_signer().vkey]) as running:
        yield running


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of somebody who takes what he is sent and never answers."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(16)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


@pytest.fixture
def policy_file(settings, tmp_path) -> Path:
    path = tmp_path / "policy"
    settings.TABARD_WITNESS_POLICY = str(path)
    return path


def named(running: WitnessProcess) -> PolicyWitness:
    return PolicyWitness("W1", running.key, running.url)


def ask(running: WitnessProcess, checkpoint: Checkpoint) -> None:
    """As the worker does for one witness."""
    with closing(HttpWitness(running.url)) as client:
        obtain_cosignature(checkpoint=checkpoint, witness=named(running), client=client, at=now())


def test_a_quorum_of_two_is_reached_though_the_third_witness_is_dead(witness, policy_file, tmp_path):
    dead_url = f"http://127.0.0.1:{free_ports(1)[0]}"
    with WitnessProcess(tmp_path / "two", [log_signer().vkey], name="witness.example/w2") as second:
        policy_file.write_text(
            f"witness W1 {witness.key.encode()} {witness.url}\n"
            f"witness W2 {second.key.encode()} {second.url}\n"
            f"witness W3 {DEAD_KEY.encode()} {dead_url}\n"
            "group G 2 W1 W2 W3\nquorum G\n"
        )
        grow(5)
        with pytest.raises(NotYetWitnessed):
            selectors.receipt(Event.objects.get(position=0).id)
        with rounds():
            until(selectors.witnessed_checkpoint)
            for count in (1, 3, 8):
                newest = grow(count)
                until(lambda: selectors.witnessed_checkpoint() == newest)  # noqa: B023 - awaited at once
            until(lambda: standing().witnesses[2].trouble)
    keys = [VerifierKey.parse(log_signer().vkey), witness.key, second.key]
    policy = Policy.parse(policy_file.read_bytes())
    for event in Event.objects.all():
        receipt = selectors.receipt(event.id)
        assert receipt.verify(bytes(event.leaf), keys).size == 17
        assert policy.is_met(open_note(receipt.checkpoint_note, keys).verified_by)
    found = standing()
    assert [each.size for each in found.witnesses] == [17, 17, None]
    assert [each.behind_by for each in found.witnesses] == [0, 0, 17]
    assert "does not answer" in found.witnesses[2].trouble.words
    assert found.waiting_since is None
    assert witness.latest(log_signer().origin).content.startswith(newest.note.encode())


def test_a_silent_witness_delays_nobody_and_is_not_waited_for_at_the_end(witness, silent, policy_file):
    policy_file.write_text(
        f"witness W1 {witness.key.encode()} {witness.url}\n"
        f"witness W2 {DEAD_KEY.encode()} {silent}\n"
        "group G any W1 W2\nquorum G\n"
    )
    with rounds():
        for count in (5, 1, 1):
            newest = grow(count)
            until(lambda: selectors.witnessed_checkpoint() == newest)  # noqa: B023 - awaited at once


def test_a_witness_that_comes_back_or_is_added_is_asked_again(witness, policy_file, tmp_path):
    port_holder = WitnessProcess(tmp_path / "two", [log_signer().vkey], name="witness.example/w2")
    port_holder.start()
    policy_file.write_text(f"witness W1 {witness.key.encode()} {witness.url}\nquorum W1\n")
    with rounds():
        newest = grow(3)
        until(lambda: selectors.witnessed_checkpoint() == newest)
        port_holder.kill()
        policy_file.write_text(
            f"witness W1 {witness.key.encode()} {witness.url}\n"
            f"witness W2 {port_holder.key.encode()} {port_holder.url}\n"
            "group G all W1 W2\nquorum G\n"
        )
        until(lambda: standing().witnesses[1].trouble)
        assert selectors.witnessed_checkpoint() is None
        port_holder.start()
        until(lambda: selectors.witnessed_checkpoint() == newest)
        until(lambda: standing().witnesses[1].trouble is None)
    port_holder.stop()


def test_a_witness_that_has_seen_more_than_we_remember_tells_from_where_it_wants_the_proof(witness):
    for count in (5, 4):
        ask(witness, grow(count))
    with tampering() as cursor:
        cursor.execute("DELETE FROM custody_cosignature")
    newest = grow(3)
    for _ in range(2):
        ask(witness, newest)
    assert Cosignature.objects.get().checkpoint_id == 12
    with pytest.raises(WitnessAhead):
        ask(witness, Checkpoint.objects.get(size=9))


def forge(sizes: list[int]) -> Checkpoint:
    """Another history under the log's own key: its owner, or a thief, with all power over database and key file."""
    with tampering() as cursor:
        for table in ("cosignature", "checkpoint", "node", "eventparticulars", "event"):
            cursor.execute(f"DELETE FROM custody_{table}")  # noqa: S608 - our own names
    log_signer()._last.unlink()
    for size in sizes:
        newest = grow(size - Event.objects.count())
    return newest


@pytest.mark.parametrize(
    ("sizes", "says"),
    [
        ([3], "taken back"),
        ([5], "two histories"),
        ([12], "not the beginning"),
        ([5, 12], "not the beginning"),
    ],
    ids=["rewound", "forked at the same size", "rewritten and longer", "forked and grown"],
)
def test_a_log_that_is_forked_or_rewound_is_refused_and_said_to_be(witness, policy_file, sizes, says):
    policy_file.write_text(f"witness W1 {witness.key.encode()} {witness.url}\nquorum W1\n")
    honest = grow(5)
    ask(witness, honest)
    seen = witness.latest(log_signer().origin).content
    forged = forge(sizes)
    with pytest.raises(WitnessDisagrees, match=says):
        ask(witness, forged)
    assert witness.latest(log_signer().origin).content == seen
    assert open_note(seen, [VerifierKey.parse(log_signer().vkey), witness.key]).text in honest.note
    assert selectors.witnessed_checkpoint() is None
    with rounds():
        until(lambda: standing().witnesses[0].trouble)
    assert standing().witnesses[0].trouble.is_alarming
    assert any(says in words for words in log_witnesses._wrong(standing(), AT))


class Scripted:
    """A witness that answers what it is told to, whoever asks."""

    def __init__(self, *answers: str | SawSize) -> None:
        self.answers = list(answers)

    def add_checkpoint(self, **asked: object) -> str | SawSize:
        return self.answers.pop(0)

    def close(self) -> None:
        pass


@pytest.mark.parametrize(
    ("answers", "error"),
    [
        (["nothing of the kind"], WitnessUnavailable),
        (["— stranger.example AAAAAAAA\n"], WitnessUnavailable),
        ([SawSize(1), SawSize(2), SawSize(3)], WitnessUnavailable),
        ([SawSize(0)], WitnessDisagrees),
        ([SawSize(6)], WitnessDisagrees),
    ],
)
def test_a_witness_that_answers_nonsense_is_not_believed(witness, answers, error):
    newest = grow(5)
    with pytest.raises(error):
        obtain_cosignature(checkpoint=newest, witness=named(witness), client=Scripted(*answers), at=AT)
    assert not Cosignature.objects.exists()


def test_a_cosignature_over_another_checkpoint_or_from_the_future_is_not_kept(witness):
    older = grow(5)
    with closing(HttpWitness(witness.url)) as client:
        line = client.add_checkpoint(old_size=0, proof=[], note=older.note)
    newer = grow(1)
    with pytest.raises(WitnessUnavailable, match="without a cosignature"):
        obtain_cosignature(checkpoint=newer, witness=named(witness), client=Scripted(line), at=now())
    with pytest.raises(WitnessUnavailable, match="clock"):
        obtain_cosignature(
            checkpoint=older, witness=named(witness), client=Scripted(line), at=now() - timedelta(days=1)
        )
    obtain_cosignature(checkpoint=older, witness=named(witness), client=Scripted(line), at=now())
    assert Cosignature.objects.get().checkpoint_id == 5


def test_a_witness_that_does_not_know_our_log_says_how_to_cure_that(tmp_path):
    newest = grow(2)
    with (
        WitnessProcess(tmp_path / "other", [SmallLog().vkey]) as stranger,
        pytest.raises(WitnessRefused, match="does not watch our log"),
    ):
        ask(stranger, newest)


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/", "witness.example", "http://127.0.0.1:0", "http://[::1"])
def test_an_address_that_leads_nowhere_is_only_trouble(url):
    with pytest.raises(WitnessUnavailable), closing(HttpWitness(url)) as client:
        client.add_checkpoint(old_size=0, proof=[], note="")


def test_the_target_stays_until_its_quorum_or_the_end_of_patience(witness):
    policy = Policy.parse(f"witness W1 {witness.key.encode()} {witness.url}\nquorum W1\n".encode())
    assert next_target(None, policy, at=AT) is None
    older = grow(2)
    first = next_target(None, policy, at=AT)
    newer = grow(2)
    assert next_target(first, policy, at=AT + PATIENCE / 2).checkpoint == older
    assert next_target(first, policy, at=AT + PATIENCE).checkpoint == newer
    ask(witness, older)
    assert next_target(first, policy, at=AT).checkpoint == newer
