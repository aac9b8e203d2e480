"""A station with a dock agent, and cards to put into it: GoPro's layout, as files in a folder."""

import json
import shutil
import threading
from pathlib import Path
from random import Random

from tabard.dock.agent import Agent, Outcome
from tabard.dock.configuration import Configuration
from tabard.dock.keys import DockKey
from tabard.dock.station import Station, open_station
from tests.dock_door import DockDoor

SERIAL = "C3441325000001"


def seeded(seed: int) -> Random:
    """The same choices for the same seed."""
    return Random(seed)  # noqa: S311 - a test must be able to repeat them


class DockStation:
    """The agent's folder, its configuration and the place where cards appear."""

    def __init__(self, folder: Path, door: DockDoor, **settings: object) -> None:
        self.folder, self.door = folder, door
        self.media = folder / "media"
        self.home = folder / "home"
        self.media.mkdir(parents=True)
        self.home.mkdir()
        self.key = DockKey.make(self.home)
        door.keys.add(self.key.public)
        self.settings = {
            "erase": "with_permit",
            "settle_s": 0,
            "lanes": 4,
            "kib_per_s": 0,
            "quiet": [],
            "spool": "true",
            "spool_mib": 100,
            **settings,
        }
        self.said: list[str] = []
        self.write()

    def write(self, **settings: object) -> Path:
        """The configuration, with other settings from now on."""
        self.settings |= settings
        self.path.write_text(
            f"""
[server]
url = "{self.door.url}"
permit_keys = ["{self.door.vkey}"]
[cards]
watch = ["{self.media}/*"]
erase = "{self.settings["erase"]}"
settle_s = {self.settings["settle_s"]}
lanes = {self.settings["lanes"]}
[sending]
most_kib_per_s = {self.settings["kib_per_s"]}
quiet_hours = {json.dumps(self.settings["quiet"])}
[spool]
on = {self.settings["spool"]}
most_mib = {self.settings["spool_mib"]}
leave_free_mib = 1
"""
        )
        return self.path

    @property
    def path(self) -> Path:
        return self.home / "dock.toml"

    def open(self, stop: threading.Event | None = None) -> Station:
        return open_station(Configuration.load(self.path), stop or threading.Event())

    def once(self, *, patience_s: float = 10.0) -> Outcome:
        """What `tabard dock run --once` comes to, in this process."""
        station = self.open()
        try:
            return Agent(station, self.said.append).run_once(patience_s=patience_s)
        finally:
            station.close()

    def forget(self) -> None:
        """The agent's memory is lost."""
        for path in self.home.glob("memory*"):
            path.unlink()


class GoPro:
    """A card of a GoPro camera, docked."""

    def __init__(self, root: Path, *, serial: str = SERIAL) -> None:
        self.root, self.serial = root, serial
        (root / "DCIM" / "100GOPRO").mkdir(parents=True)
        (root / "MISC").mkdir()
        said = {
            "camera type": "HERO11 Black",
            "firmware version": "H22.01.02.32.00",
            "camera serial number": serial,
        }
        (root / "MISC" / "version.txt").write_text(json.dumps(said) + ",\n")

    @property
    def videos(self) -> Path:
        return self.root / "DCIM" / "100GOPRO"

    def film(self, name: str, content: bytes) -> Path:
        """A file of footage is on the card."""
        path = self.videos / name
        path.write_bytes(content)
        return path

    def film_many(self, count: int, random: Random, *, most_bytes: int = 40_000) -> dict[Path, bytes]:
        """Files of one chapter each, of random sizes."""
        contents = [random.randbytes(random.randint(0, most_bytes)) for _ in range(count)]
        return {
            self.film(f"GX01{number:04}.MP4", content): content for number, content in enumerate(contents, 1)
        }

    def remaining(self) -> list[str]:
        return sorted(path.name for path in self.videos.iterdir())

    def pull(self) -> None:
        shutil.rmtree(self.root)


def wrong_erases(door: DockDoor, contents: dict[Path, bytes]) -> list[str]:
    """Every file that is gone although the door did not seal exactly its bytes, and permit them to be erased."""
    permitted = {each["sha256"] for each in door.permits.values()}
    sealed = {bytes(upload.data) for upload in door.sealed()}
    hashes = {upload.sha256: bytes(upload.data) for upload in door.sealed()}
    return [
        str(path)
        for path, content in contents.items()
        if not path.exists()
        and (content not in sealed or not any(hashes.get(each) == content for each in permitted))
    ]
