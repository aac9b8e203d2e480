"""What has come from a dock or a folder is read in the decoder jail and registered, and nothing waits unseen."""

from datetime import UTC, datetime, timedelta

import pytest
from tests.telemetry import camera_file

from tabard.custody.actors import Actor
from tabard.intake import arrivals
from tabard.intake.services import receive
from tabard.jobs import arrivals as jobs
from tabard.kernel.clock import now
from tabard.media import readers
from tabard.media.jail.errors import JailIncomplete
from tabard.vault import services as vault
from tabard.vault.errors import StoreFailed
from tabard.vault.models import SealedObject

BY = Actor.system("test")
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def arrive(db, vault_folder):
    def make(at, name="GOPR0001.MP4", data=b"film"):
        container = arrivals.open_for_collection(collection="Card 7", name=name, at=at)
        pending = vault.start()
        pending.write(data)
        pending.seal()
        receive(container_id=container.pk, name=name, metadata={}, pending=pending, by=BY, at=at)
        return container

    return make


@pytest.fixture
def closed(arrive):
    def make(at, **what):
        container = arrive(at, **what)
        arrivals.close(container=container, by=BY, at=at)
        return container

    return make


def test_the_jail_reads_it_and_it_is_a_recording(closed):
    container = closed(now(), data=camera_file())
    recording = jobs.read_and_register(container=container, by=BY)
    assert recording.started_at == datetime(2026, 3, 2, 9, 0, 7, tzinfo=UTC)
    assert recording.camera_serial == "C3461324500001"
    assert len(recording.track.points) == 4
    container.refresh_from_db()
    assert jobs.read_and_register(container=container, by=BY) == recording


def test_it_waits_for_the_jail_but_not_for_ever(closed, monkeypatch):
    monkeypatch.setattr(readers, "read", _raising(JailIncomplete({"network": "none"})))
    fresh, old = closed(now()), closed(LONG_AGO, name="GOPR0002.MP4")
    with pytest.raises(JailIncomplete):
        jobs.read_and_register(container=fresh, by=BY)
    assert "walls are missing" in jobs.read_and_register(container=old, by=BY).metadata["not_read"]
    assert list(arrivals.unregistered(closed_before=now())) == [fresh]


def test_a_file_whose_copies_are_lost_is_a_recording_that_says_so(closed, vault_folder):
    container = closed(now())
    (vault_folder / SealedObject.objects.get().store_key).unlink()
    recording = jobs.read_and_register(container=container, by=BY)
    assert recording.metadata["not_read"].startswith("GOPR0001.MP4: ")


def test_what_waited_too_long_is_looked_after(closed, arrive, monkeypatch):
    monkeypatch.setattr(readers, "read", _raising(StoreFailed("The store does not answer.")))
    closed(LONG_AGO)
    closed(now(), name="fresh")
    unended = arrive(LONG_AGO, name="never ended")
    assert jobs.look_after(by=BY) == 1
    unended.refresh_from_db()
    recording = arrivals.register(container=unended, facts={}, by=BY, at=now())
    assert "incomplete" in recording.flags
    assert {each.name for each in arrivals.unregistered(closed_before=now())} == {"fresh"}


def test_one_that_cannot_be_registered_keeps_no_other_waiting(closed, monkeypatch):
    first, second = closed(LONG_AGO), closed(LONG_AGO + timedelta(days=1), name="b")
    register = arrivals.register

    def fails_once(*, container, **rest):
        if container == first:
            raise RuntimeError("a fault of ours")
        return register(container=container, **rest)

    monkeypatch.setattr(arrivals, "register", fails_once)
    assert jobs.look_after(by=BY) == 1
    assert list(arrivals.unregistered(closed_before=now())) == [first]
    second.refresh_from_db()
    assert second.recording is not None


def _raising(error):
    def read(**_):
        raise error

    return read
