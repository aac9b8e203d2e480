"""How is the end of a shift played? Cameras come home by the plan, and each is emptied as soon as it is in a dock.

Files are made just before they are sent and removed just after, so that no more lie on the disk at once than there are
lanes. Making them is not part of what is measured.
"""

import hashlib
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Final, Protocol

from tabard.kernel.errors import TabardError
from tabard.simulation.axis import Sent
from tabard.simulation.force import CameraPlan, Force, make_force
from tabard.simulation.long_footage import LongFootage, write_padded
from tabard.simulation.shift import EVIDENTIAL_SHARE, LENGTHS_S, MEAN_LENGTH_S, Homecoming, ShiftSpec
from tabard.simulation.upload import BookmarkUpload, RecordingUpload, SegmentUpload
from tabard.simulation.walk import gpstrail, walk

DOORS: Final = ("axis", "dock")
"""The doors that cameras may be emptied by."""
LANES: Final = 32
"""How many cameras are emptied at a time."""
LARGE_FILES: Final = 4
"""How many large files are sent to tell what a byte costs."""
_USUAL_S: Final = min(LENGTHS_S, key=lambda length_s: abs(length_s - MEAN_LENGTH_S))
_BETWEEN: Final = timedelta(minutes=5)
_TEAMS: Final = 69  # of a force with two teams a borough
_LARGEST_TEAM: Final = 99


class Sender(Protocol):
    """One door, as a dock sees it."""

    def send_recording(self, upload: RecordingUpload) -> Sent:
        """Sends a whole recording; when this returns, all of it was acknowledged."""
        ...


@dataclass(frozen=True, slots=True)
class Played:
    """What became of one recording: `sent`, or else why not; and its footage, to be found again by its hash."""

    door: str
    container: str
    sha256: bytes
    sent: Sent | None
    seconds: float
    failure: TabardError | None = None


def large_file_bytes(spec: ShiftSpec, total_bytes: int) -> int:
    """How large each of the large files is, if they share so many bytes with their tracks."""
    track_bytes = spec.planned_bytes(_USUAL_S) - spec.size_bytes(_USUAL_S)
    return max(total_bytes // LARGE_FILES - track_bytes, spec.size_bytes(_USUAL_S))


def large_phase_bytes(spec: ShiftSpec, total_bytes: int) -> int:
    """How much is written for the large files at most."""
    return max(total_bytes, LARGE_FILES * spec.planned_bytes(_USUAL_S))


def force_for(cameras: int, *, seed: int) -> Force:
    """A force with at least so many cameras."""
    per_team = math.ceil(cameras / _TEAMS)
    if per_team <= _LARGEST_TEAM:
        return make_force(seed=seed, officers_per_team=per_team)
    return make_force(
        seed=seed,
        teams_per_borough=math.ceil(2 * per_team / _LARGEST_TEAM),
        officers_per_team=_LARGEST_TEAM,
    )


@dataclass(frozen=True)
class ShiftPlay:
    """The end of one shift, ready to be played.

    Attributes:
        senders: the doors by name; cameras are dealt out over them in turn.
        cards: an empty folder for the files that are on their way.
        home_at: when the window begins; recordings ended before it.
        lanes: how many cameras are emptied at a time; the others wait in their docks.
    """

    spec: ShiftSpec
    force: Force
    senders: Mapping[str, Sender]
    cards: Path
    home_at: datetime
    lanes: int = LANES

    @cached_property
    def _footage(self) -> dict[float, bytes]:
        long = LongFootage()
        return {length_s: long.of_length(length_s) for length_s in LENGTHS_S}

    def prepare(self) -> None:
        """Footage of every length is made, so that playing takes no time for it."""
        _ = self._footage

    def run(self, arrivals: Sequence[Homecoming], tell: Callable[[Played], None]) -> list[Played]:
        """Every recording was sent, or failed for good, when this returns; `tell` hears of each from its lane."""
        return self._play(arrivals, self.spec.size_bytes, tell)

    def run_large(self, size_bytes: int, tell: Callable[[Played], None]) -> list[Played]:
        """The same for large files, all at once, by cameras of the force that do not come home otherwise."""
        first = len(self.force.cameras) - LARGE_FILES
        # As long as recordings are on average: what differs from the shift is bytes alone.
        arrivals = [Homecoming(first + number, 0.0, (_USUAL_S,)) for number in range(LARGE_FILES)]
        return self._play(arrivals, lambda _length_s: size_bytes, tell)

    def _play(
        self, arrivals: Sequence[Homecoming], size_of: Callable[[float], int], tell: Callable[[Played], None]
    ) -> list[Played]:
        began = time.monotonic()
        with ThreadPoolExecutor(self.lanes, thread_name_prefix="dock") as pool:
            lanes: list[Future[list[Played]]] = []
            for arrival in arrivals:
                time.sleep(max(0.0, began + arrival.at_s - time.monotonic()))
                lanes.append(pool.submit(self._empty, arrival, size_of, tell))
            return [played for lane in lanes for played in lane.result()]

    def _empty(
        self, arrival: Homecoming, size_of: Callable[[float], int], tell: Callable[[Played], None]
    ) -> list[Played]:
        names = sorted(self.senders)
        door = names[arrival.camera % len(names)]
        done = []
        for card in self._recordings(arrival):
            done.append(self._send(door, card, size_of(card.length_s)))
            tell(done[-1])
        return done

    def _send(self, door: str, card: "_OnCard", size_bytes: int) -> Played:
        path = self.cards / f"{card.camera.serial}-{card.number}.mp4"
        write_padded(self._footage[card.length_s], size_bytes, path)
        try:
            upload = self._upload(card, path)
            with path.open("rb") as file:
                sha256 = hashlib.file_digest(file, "sha256").digest()
            began = time.monotonic()
            sent, failure = None, None
            try:
                sent = self.senders[door].send_recording(upload)
            except TabardError as error:
                failure = error
            return Played(door, upload.container, sha256, sent, time.monotonic() - began, failure)
        finally:
            with suppress(OSError):
                path.unlink()

    def _recordings(self, arrival: Homecoming) -> Iterator["_OnCard"]:
        """The recordings on the card, one after the other before the camera came home."""
        total = sum((timedelta(seconds=length_s) + _BETWEEN for length_s in arrival.lengths_s), timedelta())
        started_at = (self.home_at - total).replace(microsecond=0)
        for number, length_s in enumerate(arrival.lengths_s):
            # Spread evenly, not drawn: the plan alone is left to chance.
            is_evidence = (arrival.camera + number) * EVIDENTIAL_SHARE % 1 < EVIDENTIAL_SHARE
            yield _OnCard(self.force.cameras[arrival.camera], number, length_s, started_at, is_evidence)
            started_at += timedelta(seconds=length_s) + _BETWEEN

    def _upload(self, card: "_OnCard", path: Path) -> RecordingUpload:
        stopped_at = card.started_at + timedelta(seconds=card.length_s)
        fixes = walk(
            start=self.force.unit(card.camera.unit_code).place,
            started_at=card.started_at,
            duration_s=card.length_s,
            seed=self.spec.seed + card.number,
        )
        segment = SegmentUpload(content=path, started_at=card.started_at, stopped_at=stopped_at)
        note = BookmarkUpload(at=stopped_at, category_id="crime")
        return RecordingUpload(
            user_id=str(self.force.wearer(card.camera).system_user_id),
            camera_serial=card.camera.serial,
            camera_model=card.camera.model,
            controller_serial="SIM-DOCK",
            started_at=card.started_at,
            triggered_at=card.started_at,
            ended_at=stopped_at,
            stopped_at=stopped_at,
            recording_id=f"{card.number:04X}",
            segments=(segment,),
            bookmarks=(note,) if card.is_evidence else (),
            track=gpstrail(fixes, card.started_at),
        )


@dataclass(frozen=True, slots=True)
class _OnCard:
    """One recording on a camera's card."""

    camera: CameraPlan
    number: int
    length_s: float
    started_at: datetime
    is_evidence: bool
