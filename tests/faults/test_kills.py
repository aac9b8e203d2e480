"""Kill -9 anything at any time: what was acknowledged is there, once, and the rest is sent again."""

import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tabard.kernel.errors import Unavailable
from tabard.simulation.upload import RecordingUpload, SegmentUpload

pytestmark = pytest.mark.slow
BEGAN = datetime(2026, 11, 1, 9, 0, tzinfo=UTC)


def recording(folder: Path, number: int, size_bytes: int = 3_000_000) -> RecordingUpload:
    path = folder / f"card-{number}.mp4"
    path.write_bytes(bytes([number % 251]) * size_bytes)
    began = BEGAN + timedelta(hours=number)
    ended = began + timedelta(seconds=30)
    return RecordingUpload(
        user_id=f"officer-{number}",
        camera_serial=f"CAM{number:04}",
        camera_model="W120",
        controller_serial="DOCK1",
        started_at=began,
        triggered_at=began,
        ended_at=ended,
        stopped_at=ended,
        recording_id="ABCD",
        segments=(SegmentUpload(content=path, started_at=began, stopped_at=ended),),
    )


def check_nothing_was_lost(installation, acknowledged: int) -> None:
    """Every acknowledged recording reads back from the store, and the log agrees with itself."""
    assert installation.received() == acknowledged
    vault = installation.command("vault", "verify")
    assert vault["wrong"] == []
    assert vault["objects"] >= acknowledged
    log = installation.command("log", "verify")
    assert log["defects"] == []


def send_all(axis, uploads: list[RecordingUpload], acknowledged: list[str]) -> None:
    """As a dock does: what could not be sent now is sent again, until it is."""
    for upload in uploads:
        while True:
            try:
                acknowledged.append(axis.send_recording(upload).container)
                break
            except Unavailable:
                time.sleep(0.5)


def test_processes_killed_in_turn_while_cameras_dock_lose_nothing(installation, tmp_path):
    uploads = [recording(tmp_path, number) for number in range(24)]
    acknowledged: list[str] = []
    with installation.axis() as axis:
        sender = threading.Thread(target=send_all, args=(axis, uploads, acknowledged))
        sender.start()
        for victim in ("door", "postmaster", "web", "worker") * 2:
            time.sleep(0.4)
            installation.kill(
                installation.postmaster() if victim == "postmaster" else installation.pid_of(victim)
            )
            installation.wait_for_door()
        sender.join(240)
    assert len(acknowledged) == len(uploads)
    check_nothing_was_lost(installation, len(uploads))


def test_everything_killed_at_once_starts_again_with_all_that_was_acknowledged(installation, tmp_path):
    with installation.axis() as axis:
        for number in range(4):
            axis.send_recording(recording(tmp_path, number))
    assert installation.process is not None
    installation.kill(installation.process.pid)
    installation.kill(installation.postmaster())
    installation.process.wait(10)

    installation.start()
    with installation.axis() as axis:
        axis.send_recording(recording(tmp_path, 5))
    check_nothing_was_lost(installation, 5)
    assert installation.stop() == 0
