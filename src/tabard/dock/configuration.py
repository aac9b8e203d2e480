"""How is this dock set up? One file, `dock.toml`, that `tabard dock init` writes and a person edits.

What is unknown or misspelt is refused with its name: a configuration that is half understood must not empty cameras.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from tabard.dock.errors import BadConfiguration
from tabard.dock.layouts import Layout, layouts
from tabard.dock.pace import QuietHours
from tabard.dock.rules import Erase
from tabard.dock.tables import Table
from tabard.merkle.note import InvalidVerifierKey, VerifierKey

FILE = "dock.toml"
_MIB = 1024 * 1024
_OTHERS_WRITE = 0o022


@dataclass(frozen=True, slots=True)
class Configuration:
    """Everything a person decides about a dock.

    Attributes:
        folder: The agent's own: its keys, its memory, its spool.
        url: The server.
        ca_file: The certificates that may vouch for the server; None: those that the system trusts.
        permit_keys: Whose permits are obeyed; none: nobody's.
        watch: Patterns of folders that may be a mounted card.
        folders: Folders that are cards, whatever lies in them.
        erase: Whether cameras are emptied.
        settle_s: How long a file must not have grown.
        lanes: How many cameras are read at once.
        bytes_per_s: The bandwidth limit; None: none.
        spool_bytes: The spool's largest size; 0: no spool.
        spool_reserve_bytes: What the spool leaves free on its disk.
    """

    folder: Path
    url: str
    ca_file: Path | None
    permit_keys: tuple[VerifierKey, ...]
    watch: tuple[str, ...]
    folders: tuple[Path, ...]
    layouts: tuple[Layout, ...]
    erase: Erase
    settle_s: int
    lanes: int
    bytes_per_s: int | None
    quiet_hours: QuietHours
    spool_bytes: int
    spool_reserve_bytes: int

    @classmethod
    def load(cls, path: Path) -> Self:
        """The configuration in the file.

        Raises:
            BadConfiguration: it cannot be read, or naming the first line that is wrong.
        """
        try:
            text = path.read_text(encoding="utf-8")
            values = tomllib.loads(text)
        except FileNotFoundError as error:
            raise BadConfiguration(
                f"There is no {path}. `tabard dock init` writes one.", field="config"
            ) from error
        except (OSError, UnicodeDecodeError) as error:
            raise BadConfiguration(f"{path} cannot be read: {error}.", field="config") from error
        except tomllib.TOMLDecodeError as error:
            raise BadConfiguration(f"{path} is not TOML: {error}.", field="config") from error
        if path.stat().st_mode & _OTHERS_WRITE:
            raise BadConfiguration(
                f"Others may write {path}, and so have your cameras emptied. Close it: chmod go-w",
                field="config",
            )
        return cls._of(values, path.resolve().parent)

    @classmethod
    def _of(cls, values: Mapping[str, Any], base: Path) -> Self:
        sections = {"server", "dock", "cards", "sending", "spool", "layout"}
        if unknown := sorted(set(values) - sections):
            raise BadConfiguration("Nobody knows this table.", field=unknown[0])
        server, dock, cards, sending, spool = (
            Table(name, values.get(name, {})) for name in ("server", "dock", "cards", "sending", "spool")
        )
        tables = values.get("layout", [])
        if not isinstance(tables, list):
            raise BadConfiguration("Write [[layout]], with two brackets.", field="layout")
        has_spool = spool.flag("on", default=True)
        spool_bytes = spool.number("most_mib", 20_000, least=1) * _MIB
        bytes_per_s = sending.number("most_kib_per_s", 0) * 1024
        found = cls(
            folder=base / dock.text("folder", "."),
            url=_address(server),
            ca_file=_path(base, server.text("ca_file")),
            permit_keys=_permit_keys(server),
            watch=tuple(cards.texts("watch")),
            folders=tuple(base / each for each in cards.texts("folders")),
            layouts=layouts(tables),
            erase=_erase(cards),
            settle_s=cards.number("settle_s", 5, most=3600),
            lanes=cards.number("lanes", 4, least=1, most=64),
            bytes_per_s=bytes_per_s or None,
            quiet_hours=QuietHours.parse(sending.texts("quiet_hours"), field="sending.quiet_hours"),
            spool_bytes=spool_bytes if has_spool else 0,
            spool_reserve_bytes=spool.number("leave_free_mib", 1_000) * _MIB,
        )
        for table in (server, dock, cards, sending, spool):
            table.done()
        return found.checked()

    def checked(self) -> Self:
        """The same, once its parts fit each other.

        Raises:
            BadConfiguration: naming what does not.
        """
        if not self.watch and not self.folders:
            raise BadConfiguration("Say where cards appear: watch or folders.", field="cards.watch")
        if self.erase is Erase.WITH_PERMIT and not self.permit_keys:
            raise BadConfiguration(
                "To erase, the agent must know whose permits to obey: set server.permit_keys.",
                field="cards.erase",
            )
        for pattern in self.watch:
            if not pattern.startswith("/"):
                raise BadConfiguration(f"{pattern} does not begin with a slash.", field="cards.watch")
        return self


def _address(server: Table) -> str:
    url = server.text("url").rstrip("/")
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise server.wrong("url", "It must be the address of the server's door: https://door.example.")
    if parts.scheme == "http" and not _is_loopback(parts.hostname):
        raise server.wrong("url", "Footage travels by https only; http is for this machine itself.")
    return url


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _path(base: Path, text: str) -> Path | None:
    return base / text if text else None


def _permit_keys(server: Table) -> tuple[VerifierKey, ...]:
    try:
        return tuple(VerifierKey.parse(text) for text in server.texts("permit_keys"))
    except InvalidVerifierKey as error:
        raise server.wrong("permit_keys", error.message) from error


def _erase(cards: Table) -> Erase:
    try:
        return Erase(cards.text("erase", Erase.NEVER))
    except ValueError as error:
        raise cards.wrong("erase", 'It is "never" or "with_permit".') from error
