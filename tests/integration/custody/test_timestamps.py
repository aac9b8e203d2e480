"""Somebody else's clock on our checkpoints: a real authority (`openssl ts`), believed only where it is right."""

import subprocess
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction
from tests.tampering import tampering
from tests.time_stamping import listening, make_tsa

from tabard.custody import sequencer, services
from tabard.custody.actors import Actor, Subject
from tabard.custody.adapters import log_signer
from tabard.custody.errors import TsaUnavailable
from tabard.custody.kinds import EventKind
from tabard.custody.models import TimestampToken
from tabard.custody.timestamping import stamping as timestamps
from tabard.custody.timestamping.authority import HttpAuthority
from tabard.custody.timestamping.stamping import every, note_text, stamp_if_due, tokens, trusted_chain
from tabard.custody.timestamping.tokens import InvalidTimestamp
from tabard.jobs.stamping import stamp_until
from tabard.kernel.ids import new_id

SOON = timedelta(seconds=1)


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    return make_tsa(tmp_path_factory.mktemp("tsa"))


@pytest.fixture
def tsa(keys, settings):
    """An authority that answers, and an installation that knows it."""
    with listening(keys) as up:
        keys.moods, keys.asked = [], 0
        settings.TABARD_TSA_URL, settings.TABARD_TSA_CHAIN = up.url, str(up.chain)
        yield up


def checkpoint(at: datetime | None = None):
    with transaction.atomic():
        services.append(
            kind=EventKind.RECORDING_VIEWED,
            subject=Subject("recording", new_id()),
            at=at or datetime.now(UTC),
            by=Actor.system("worker"),
        )
    sequencer.sequence()
    return sequencer.sign_checkpoint(at=at or datetime.now(UTC), signer=log_signer())


def stamp(at: datetime | None = None) -> TimestampToken | None:
    return stamp_if_due(by=timestamps.authority(), chain=trusted_chain(), at=at or datetime.now(UTC))


@pytest.mark.django_db
def test_the_newest_checkpoint_is_stamped_and_openssl_agrees(tsa, tmp_path):
    checkpoint()
    newest = checkpoint()
    kept = stamp()
    assert (kept.checkpoint_id, kept.authority) == (newest.size, tsa.url)
    assert abs(kept.stamped_at - datetime.now(UTC)) < timedelta(minutes=1)
    assert [finding.problem for finding in tokens(trusted_chain())] == [""]
    text, token = tmp_path / "text", tmp_path / "token.tsr"
    text.write_bytes(note_text(newest))
    token.write_bytes(bytes(kept.token))
    judged = subprocess.run(
        ["openssl", "ts", "-verify", "-data", text, "-in", token, "-CAfile", tsa.chain],
        check=False,
        capture_output=True,
        text=True,
    )
    assert "Verification: OK" in judged.stdout + judged.stderr
    assert (
        text.read_text() == f"{log_signer().origin}\n{newest.size}\n" + text.read_text().split("\n")[2] + "\n"
    )


@pytest.mark.django_db
def test_one_request_in_a_while_and_none_where_nothing_is_new(tsa):
    checkpoint()
    began = datetime.now(UTC)
    assert stamp(began)
    checkpoint()
    assert stamp(began + every() / 2) is None
    assert tsa.asked == 1
    assert stamp(began + every() + SOON).checkpoint_id == sequencer.tree_size()
    assert stamp(began + 9 * every()) is None  # the newest has its token
    assert tsa.asked == 2


@pytest.mark.django_db
@pytest.mark.parametrize("mood", [503, 404, b"", b"no token", bytes(70_000)])
def test_an_answer_that_is_none_is_not_kept_and_asked_for_again(tsa, mood):
    checkpoint()
    tsa.moods = [mood]
    with pytest.raises((TsaUnavailable, InvalidTimestamp)):
        stamp()
    assert not TimestampToken.objects.exists()
    assert stamp()


@pytest.mark.django_db
def test_a_token_for_an_earlier_request_is_not_taken_for_this_one(tsa):
    checkpoint()
    from tabard.custody.timestamping.tokens import request_for

    old = tsa.reply(request_for(note_text(checkpoint())).as_bytes())
    tsa.moods = [old]
    with pytest.raises(InvalidTimestamp, match="Nonce"):
        stamp()


@pytest.mark.django_db
def test_an_authority_that_nobody_trusts_is_not_believed(tsa, tmp_path, settings):
    settings.TABARD_TSA_CHAIN = str(make_tsa(tmp_path / "another").chain)
    checkpoint()
    with pytest.raises(InvalidTimestamp):
        stamp()
    assert not TimestampToken.objects.exists()


@pytest.mark.django_db
def test_a_changed_token_or_time_is_named(tsa):
    newest = checkpoint()
    kept = stamp()
    changed = bytearray(kept.token)
    changed[-20] ^= 1
    with tampering(), connection.cursor() as cursor:
        cursor.execute("UPDATE custody_timestamptoken SET token = %s", [bytes(changed)])
    (finding,) = tokens(trusted_chain())
    assert (finding.size, "does not hold" in finding.problem) == (newest.size, True)
    with tampering(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE custody_timestamptoken SET token = %s, stamped_at = stamped_at - interval '1 day'",
            [bytes(kept.token)],
        )
    (finding,) = tokens(trusted_chain())
    assert "The time kept" in finding.problem


def test_what_the_address_keeps_secret_is_not_shown():
    assert (
        HttpAuthority("https://who:pass@tsa.example:8443/tsr?token=x").name == "https://tsa.example:8443/tsr"
    )
    with pytest.raises(TsaUnavailable) as refused:
        HttpAuthority("ftp://who:pass@tsa.example")
    assert "pass" not in str(refused.value.fields) + refused.value.message


def test_an_authority_that_drips_or_hangs_is_given_up(tmp_path, monkeypatch):
    """It takes the connection and says nothing; nobody waits longer than a step may take."""
    import socket

    from tabard.custody.timestamping import authority as tsa_http

    monkeypatch.setattr(tsa_http, "STEP_WITHIN_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        host, port = silent.getsockname()
        with pytest.raises(TsaUnavailable, match="ReadTimeout"):
            HttpAuthority(f"http://{host}:{port}").stamp(b"query")


def test_the_worker_stamps_in_a_thread_of_its_own_until_it_is_told_to_stop(
    transactional_db, tsa, monkeypatch
):
    from tabard.jobs import stamping

    monkeypatch.setattr(stamping, "LOOK_EVERY_S", 0.05)
    tsa.moods = [503]
    stopping = threading.Event()
    thread = threading.Thread(target=stamp_until, args=(stopping,))
    thread.start()
    newest = checkpoint()
    give_up = time.monotonic() + 30
    while not TimestampToken.objects.exists() and time.monotonic() < give_up:
        time.sleep(0.05)
    stopping.set()
    thread.join(30)
    assert not thread.is_alive()
    assert TimestampToken.objects.get().checkpoint_id == newest.size
    assert tsa.asked == 2  # refused once, then answered, and never asked again for what it had stamped
