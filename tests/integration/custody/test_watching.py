"""A log watched from outside, over HTTP, by someone with no database: what contradicts itself is kept as evidence."""

from datetime import timedelta

import httpx
import pytest
from django.test import Client
from tests.integration.tampering.log_under_attack import (
    WITNESSES,
    LogUnderAttack,
    append,
    both,
    forge_leaf,
    put_in,
    rebuild,
    sign_again,
    sql,
    take_out,
)
from tests.integration.web.serving import serving

from tabard.custody import sequencer
from tabard.custody.adapters import log_signer
from tabard.kernel.clock import now
from tabard.merkle.checkpoint import Checkpoint as TreeHead
from tabard.merkle.note import CosignatureSigner
from tabard.merkle.policy import Policy
from tabard.merkle.tiles import bundles_of, tiles_of
from tabard.witness.published import PublishedLog
from tabard.witness.watch import Watcher, WatchOptions
from tabard.witness.watch_memory import WatchMemory, WatchMemoryBroken

HEADERS = {"host": "127.0.0.1"}


class Answers(httpx.BaseTransport):
    """The web application of this installation; silent, or with other bytes for some paths, where a test says so."""

    def __init__(self) -> None:
        self.web = Client()  # keeps the test's connection open, as a server in this thread would not
        self.is_silent = False
        self.instead: dict[str, bytes] = {}
        self.asked: list[str] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url.path)
        if self.is_silent:
            raise httpx.ConnectError("nobody listens")
        if request.url.path in self.instead:
            return httpx.Response(200, content=self.instead[request.url.path])
        answer = self.web.get(request.url.path, headers=dict(request.headers))
        return httpx.Response(answer.status_code, content=answer.content, headers=dict(answer.headers))


@pytest.fixture
def log(db) -> LogUnderAttack:
    return LogUnderAttack()


@pytest.fixture
def answers() -> Answers:
    return Answers()


@pytest.fixture
def watch(answers, tmp_path):
    """Makes a watcher that remembers what the one before remembered."""

    def made(**options) -> Watcher:
        client = httpx.Client(transport=answers, headers=HEADERS)
        published = PublishedLog("http://127.0.0.1/log", client)
        return Watcher(published, WatchMemory(tmp_path / "seen"), WatchOptions(**options))

    return made


def sign_more(count: int = 5) -> None:
    append(count)
    sequencer.sequence()
    sequencer.sign_checkpoint(at=now(), signer=log_signer())


def test_the_first_look_pins_the_key_and_later_ones_take_only_what_is_new(log, watch, answers):
    watcher = watch()
    first = watcher.look(at=now())
    assert (first.ok, first.size, first.new, first.pinned) == (True, 20, 20, log_signer().vkey)

    sign_more(300)
    second = watcher.look(at=now())
    assert (second.ok, second.size, second.new, second.rechecked, second.pinned) == (True, 324, 304, 20, "")
    third = watch().look(at=now())
    assert (third.ok, third.size, third.new) == (True, 324, 0)


def test_a_given_key_is_believed_and_no_other(log, watch):
    stranger = WITNESSES[0].vkey.encode()
    look = watch(vkeys=(stranger,)).look(at=now())
    assert [alarm.code for alarm in look.alarms] == ["signature"]
    assert watch(vkeys=(log_signer().vkey,)).look(at=now()).ok


@pytest.mark.parametrize(
    ("deed", "code"),
    [
        (both(forge_leaf(7, "recording.viewed", "recording.played"), rebuild, sign_again), "fork"),
        (both(take_out(0), rebuild, sign_again), "fork"),
        (both(put_in(3), rebuild, sign_again), "fork"),
        (both(take_out(17, 18, 19, 20, 21), rebuild, sign_again), "rewind"),
        (forge_leaf(7, "recording.viewed", "recording.played"), "changed"),
        (sql("UPDATE custody_node SET hash = sha256('x') WHERE level = 0 AND index = 13"), "tile"),
    ],
    ids=["event altered", "event taken out", "event put in", "turned back", "leaf changed", "tile changed"],
)
def test_what_contradicts_what_was_seen_is_kept_as_evidence(log, watch, deed, code):
    watcher = watch()
    assert watcher.look(at=now()).ok
    deed(log)
    look = watcher.look(at=now())
    assert code in {alarm.code for alarm in look.alarms}
    text = look.evidence.read_text()
    assert text.startswith(f"{code}: ")
    if code in ("fork", "rewind"):
        assert text.count(f"{log_signer().origin}\n") == 2, "both signed notes are the evidence"


def test_new_leaves_without_the_signed_root_are_not_believed(log, watch, answers):
    watcher = watch()
    watcher.look(at=now())
    sign_more()
    signer = log_signer()
    answers.instead["/log/checkpoint"] = signer.sign(
        TreeHead(signer.origin, 29, bytes(32)).to_text()
    ).encode()
    look = watcher.look(at=now())
    assert [alarm.code for alarm in look.alarms] == ["fork"]
    assert look.size == 20, "what is not believed is not remembered"
    answers.instead.clear()
    assert watch().look(at=now()).size == 29


def test_a_leaf_that_is_none_is_noticed(log, watch):
    sql("UPDATE custody_event SET leaf = '\\x7b7d' WHERE position = 7")(log)
    both(rebuild, sign_again)(log)
    look = watch().look(at=now())
    assert [alarm.code for alarm in look.alarms] == ["leaf"]
    assert "position 7" in look.alarms[0].words


def test_what_a_checkpoint_promises_must_be_published(log, watch):
    take_out(19)(log)
    look = watch().look(at=now())
    assert look.outage or look.alarms


def test_an_outage_is_no_alarm_until_it_lasts(log, watch, answers):
    watcher = watch(stale_after=timedelta(hours=2))
    assert watcher.look(at=now()).ok
    answers.is_silent = True
    soon = watcher.look(at=now() + timedelta(hours=1))
    assert soon.ok
    assert "nobody listens" in soon.outage
    late = watcher.look(at=now() + timedelta(hours=3))
    assert {alarm.code for alarm in late.alarms} == {"silent", "stale"}
    answers.is_silent = False
    again = watcher.look(at=now() + timedelta(hours=1))
    assert (again.ok, again.outage) == (True, "")


def test_witnesses_that_never_cosign_are_an_alarm(log, watch, answers):
    lines = [f"witness w{number} {witness.vkey.encode()}" for number, witness in enumerate(WITNESSES)]
    policy = Policy.parse("\n".join([*lines, "group both all w0 w1", "quorum both", ""]).encode())
    unseen = watch(policy=policy, stale_after=timedelta(hours=2))
    assert unseen.look(at=now()).ok
    late = unseen.look(at=now() + timedelta(hours=3))
    assert "unwitnessed" in {alarm.code for alarm in late.alarms}

    note = log.kept[-1].note
    text = note.rpartition("\n\n")[0] + "\n"
    cosigned: list[CosignatureSigner] = list(WITNESSES)
    lines = "".join(witness.sign(text, at=now()).encode() for witness in cosigned)
    answers.instead["/log/checkpoint"] = (note + lines).encode()
    later = now() + timedelta(hours=3)
    assert "unwitnessed" not in {alarm.code for alarm in unseen.look(at=later).alarms}


def test_the_mirror_serves_the_same_log(log, watch, answers, tmp_path):
    sign_more(300)
    folder = tmp_path / "mirror"
    assert watch(mirror=folder).look(at=now()).ok
    size = 324
    paths = ["checkpoint", *(each.path for each in (*bundles_of(size), *tiles_of(size)))]
    client = httpx.Client(transport=answers, headers=HEADERS)
    for path in paths:
        assert (folder / path).read_bytes() == client.get(f"http://127.0.0.1/log/{path}").content


def test_a_watcher_that_lost_its_memory_does_not_guess(log, watch, tmp_path):
    watch().look(at=now())
    (tmp_path / "seen" / "leaf-hashes").write_bytes(b"")
    with pytest.raises(WatchMemoryBroken):
        watch()


@pytest.mark.django_db(transaction=True)
def test_a_real_server_is_watched(tmp_path):
    LogUnderAttack()
    with serving("tabard.config.asgi:application") as address:
        watcher = Watcher(PublishedLog(f"{address}/log"), WatchMemory(tmp_path), WatchOptions())
        look = watcher.look(at=now())
        assert (look.ok, look.outage, look.size) == (True, "", 20)
        sign_more()
        assert watcher.look(at=now()).new == 9
    assert watcher.look(at=now()).outage
