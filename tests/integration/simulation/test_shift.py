"""The end of a shift is played against a real installation, and whatever does not arrive is named."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from tabard.cli.simulate.counting import count
from tabard.simulation.axis import Sent
from tabard.simulation.shift_play import Played

TABARD = [sys.executable, "-c", "from tabard.cli.main import run; run()"]
AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def tabard(*words: str) -> subprocess.CompletedProcess:
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("TABARD_", "DATABASE_", "DJANGO_"))
    }
    argv = [*TABARD, "simulate", "shift", *words, "--json"]
    return subprocess.run(argv, env=kept, capture_output=True, text=True, timeout=300, check=False)


def answer_of(done: subprocess.CompletedProcess) -> dict:
    assert done.stdout, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.slow
def test_a_small_share_is_played_counted_and_reckoned():
    done = tabard("--cameras", "2", "--minutes", "0.1", "--scale", "1", "--recordings", "1", "--dry-run")
    planned = answer_of(done)["planned_bytes"]
    assert planned > 100_000_000  # at the whole bit rate, and said before anything is written
    done = tabard("--cameras", "3500", "--scale", "1750", "--recordings", "1", "--large-mib", "16")
    answer = answer_of(done)
    assert (done.returncode, answer["ok"], answer["wrong"]) == (0, True, [])
    assert answer["sent"] == answer["sealed"] == answer["planned_recordings"] + 4
    assert answer["files_sent"] == answer["files_sealed"] > answer["sent"]  # tracks, by the Axis door
    assert answer["doors"] == ["axis", "dock"]
    assert answer["large"]["bytes"] + answer["shift"]["bytes"] <= answer["planned_bytes"]
    assert answer["upload_ms"]["p95"] >= answer["upload_ms"]["p50"] > 0
    assert answer["peak_mib"]["door"] > 0
    # So small a run may not tell what a gigabyte costs; then nothing may be reckoned from it.
    is_free = 0 in (answer["costs"]["door_a_gb_s"], answer["costs"]["worker_a_gb_s"])
    assert (answer["needs"] is None) == is_free
    assert [step["name"] for step in answer["steps"] if not step["ok"]] == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--doors", "letterbox"), "letterbox is no door"),
        (("--door-url", "http://127.0.0.1:1", "--doors", "axis"), "--yes"),
        (("--door-url", "http://127.0.0.1:1", "--yes"), "--doors axis"),
        (("--scale", "1", "--cameras", "30000"), "larger --scale"),
    ],
)
def test_what_cannot_be_played_is_said_with_its_cure(words, said):
    done = tabard(*words)
    assert done.returncode == 2
    assert said in " ".join(done.stderr.split())


def played(container: str, sha256: bytes, objects: int) -> Played:
    return Played("axis", container, sha256, Sent(container, objects, 10), 0.1)


class TestCounting:
    """Each recording is looked up; a simulation that took an acknowledgement for an arrival would measure nothing."""

    @pytest.fixture
    def arrived(self, transactional_db, tmp_path, settings):
        from tabard.custody.actors import Actor
        from tabard.intake import services
        from tabard.intake.destinations import open_destination
        from tabard.vault import services as vault

        settings.TABARD_STORE_URL = (tmp_path / "vault").as_uri()
        by = Actor.system("test")
        destination, _ = open_destination(name="Docks", username="docks", by=by, at=AT)
        services.put_container(destination=destination, name="one", metadata={}, by=by, at=AT)
        container = services.find_container(destination=destination, name="one")
        with vault.start() as pending:
            pending.write(b"footage")
            sha256 = pending.seal().sha256
            services.receive(
                container_id=container.pk, name="a.mp4", metadata={}, pending=pending, by=by, at=AT
            )
        return services.complete(container=container, by=by, at=AT), sha256

    def test_what_arrived_is_whole(self, arrived):
        _, sha256 = arrived
        found = count([played("one", sha256, 1)])
        assert (found.recordings_sealed, found.files_sealed, found.wrong) == (1, 1, ())

    @pytest.mark.parametrize(
        ("container", "spoilt", "objects", "words"),
        [
            ("two", b"", 1, "0 containers have its name"),
            ("one", b"x", 1, "its footage is sealed 0 times"),
            ("one", b"", 2, "1 files are sealed"),
        ],
    )
    def test_what_did_not_is_named(self, arrived, container, spoilt, objects, words):
        _, sha256 = arrived
        found = count([played(container, sha256 + spoilt, objects)])
        assert found.recordings_sealed == 0
        assert words in found.wrong[0]
