"""How does a station become a dock? It gets a folder with a key and a configuration, and a unit that starts it.

Nothing that is there is overwritten. Erasing is off until a person has compared the permit key and turned it on.
"""

import json
import shlex
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from tabard.dock import durable
from tabard.dock.configuration import FILE, Configuration
from tabard.dock.door import Door
from tabard.dock.errors import BadConfiguration, DoorAway, DoorRefuses
from tabard.dock.keys import DockKey, spool_key
from tabard.merkle.note import InvalidVerifierKey, VerifierKey


@dataclass(frozen=True, slots=True)
class SetUp:
    """A dock that was set up; `permit_keys` are those that the server showed, for a person to compare."""

    config: Path
    key: DockKey
    permit_keys: tuple[str, ...]
    is_reached: bool


def set_up(folder: Path, url: str, *, ca_file: Path | None = None) -> SetUp:
    """The folder holds a key and a configuration, durably; those that were there are kept.

    Args:
        folder: The agent's own.
        url: The server's door.
        ca_file: The certificates that may vouch for it, where not the system's.

    Raises:
        BadConfiguration: there is a configuration already, or the address cannot be one.
    """
    config = folder / FILE
    if config.exists():
        raise BadConfiguration(f"{config} is there already; edit it, or remove it first.", field="config")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    key = DockKey.make(folder)
    spool_key(folder)
    shown = _shown_by(url, key, ca_file)
    text = files("tabard.dock").joinpath("dock.toml.template").read_text(encoding="utf-8")
    text = text.replace("{url}", json.dumps(url)).replace("{permit_keys}", json.dumps(list(shown or ())))
    if ca_file is not None:
        text = text.replace('# ca_file = "ca.pem"', f"ca_file = {json.dumps(str(ca_file.resolve()))}")
    staged = folder / f".{FILE}.new"
    durable.write(staged, text.encode())
    try:
        Configuration.load(staged)
    except BadConfiguration:
        staged.unlink()
        raise
    durable.publish(staged, config)
    return SetUp(config, key, shown or (), shown is not None)


def unit(config: Path, program: Path, user: str) -> str:
    """The systemd unit that runs the agent with that configuration.

    Args:
        config: Its `dock.toml`.
        program: The `tabard` command.
        user: Whose rights it has.
    """
    folder = Configuration.load(config).folder.resolve()
    text = files("tabard.dock").joinpath("tabard-dock.service").read_text(encoding="utf-8")
    is_at_home = any(str(path).startswith(("/home/", "/root/")) for path in (folder, config, program))
    values = {
        "program": shlex.quote(str(program)),
        "config": shlex.quote(str(config)),
        "folder": shlex.quote(str(folder)),
        "user": user,
        "protect_home": "read-only" if is_at_home else "yes",
    }
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", value)
    return text


def _shown_by(url: str, key: DockKey, ca_file: Path | None) -> tuple[str, ...] | None:
    """The permit keys that the server shows; None where it cannot be reached or shows none."""
    door = Door(url, key, ca_file=ca_file)
    try:
        lines = door.public("/dock/v1/permit.vkey").decode("utf-8", "replace").split("\n")
        return tuple(VerifierKey.parse(line).encode() for line in lines if line)
    except (DoorAway, DoorRefuses, InvalidVerifierKey):
        return None
    finally:
        door.close()
