"""Which walls stand around a decoder, and what is missing?

A wall is what an attacker inside is kept from; means are what the kernel offers to build it. A wall is held when at
least one of its means is up and every attempt to get through it, made for real from inside, was refused.
"""

from collections.abc import Mapping
from dataclasses import dataclass

# Wall -> the means that can build it, each with its name in words.
MEANS: Mapping[str, Mapping[str, str]] = {
    "network": {"namespace": "an empty network namespace", "calls": "a system-call filter"},
    "files": {"landlock": "Landlock", "calls": "a system-call filter"},
    "processes": {
        "own_user": "a user of its own",
        "signal_scope": "Landlock signal scope",
        "calls": "a system-call filter",
    },
    "privileges": {"no_new_privileges": "no new privileges, no capabilities"},
    "limits": {"limits": "limits on memory, processor time, files and output"},
    "parent": {"dies_with_parent": "a kill signal when its parent ends"},
}
# Attempt made from inside -> the wall that it tries.
ATTEMPTS: Mapping[str, str] = {
    "reading a file": "files",
    "writing a file": "files",
    "a TCP connection": "network",
    "a UDP datagram": "network",
    "taking more memory than allowed": "limits",
    "signalling its parent": "processes",
}


@dataclass(frozen=True, slots=True)
class WallState:
    """Whether one wall is held, and in words by what, or what is missing."""

    held: bool
    words: str


def _listed(parts: list[str]) -> str:
    return " and ".join(parts) if len(parts) < 3 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _state(wall: str, refusals: Mapping[str, str], passed: list[str]) -> WallState:
    means = MEANS[wall]
    up = [words for name, words in means.items() if name not in refusals]
    down = [f"without {words} ({refusals[name]})" for name, words in means.items() if name in refusals]
    if passed:
        return WallState(held=False, words="; ".join([f"{_listed(passed)} succeeded", *down]))
    if not up:
        return WallState(held=False, words="; ".join(down))
    return WallState(held=True, words="; ".join([f"held by {_listed(up)}", *down]))


def judge(refusals: Mapping[str, str], passed: list[str]) -> dict[str, WallState]:
    """Every wall's state, from the means that were refused (with the kernel's words) and the attempts that passed."""
    return {
        wall: _state(wall, refusals, [attempt for attempt in passed if ATTEMPTS[attempt] == wall])
        for wall in MEANS
    }


def available_walls() -> dict[str, WallState]:
    """Every wall's state on this machine for this user, tried for real in a throw-away child."""
    # The child imports this module and must start quickly; only here is the runner wanted.
    from tabard.media.jail import runner

    return runner.inspect_walls()
