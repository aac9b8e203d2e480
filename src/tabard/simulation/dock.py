"""What happens when cameras are docked? Each sends its recordings in order; cameras send side by side.

A recording that is refused or fails does not keep the others from being sent, as in a real dock; it is
reported.
"""

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from tabard.kernel.errors import TabardError
from tabard.simulation.axis import AxisSystem, Sent
from tabard.simulation.upload import RecordingUpload


@dataclass(frozen=True, slots=True)
class Docking:
    """A camera put into a dock, and the recordings on it, oldest first."""

    camera_serial: str
    recordings: tuple[RecordingUpload, ...]


@dataclass(frozen=True, slots=True)
class Docked:
    """What became of one recording: `sent`, or else why not."""

    camera_serial: str
    container: str
    sent: Sent | None
    failure: TabardError | None = None


def dock(dockings: Iterable[Docking], axis: AxisSystem, *, lanes: int = 4) -> Sequence[Docked]:
    """Sends all recordings of all cameras, `lanes` cameras at a time; one result for each, in the order given."""
    with ThreadPoolExecutor(max_workers=lanes, thread_name_prefix="dock") as pool:
        return [result for results in pool.map(lambda d: _empty(d, axis), dockings) for result in results]


def _empty(docking: Docking, axis: AxisSystem) -> list[Docked]:
    return [_send(docking.camera_serial, upload, axis) for upload in docking.recordings]


def _send(camera_serial: str, upload: RecordingUpload, axis: AxisSystem) -> Docked:
    try:
        return Docked(camera_serial, upload.container, axis.send_recording(upload))
    except TabardError as error:
        return Docked(camera_serial, upload.container, None, error)
