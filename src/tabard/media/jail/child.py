"""The decoder's own program: import what the task needs, raise the walls, do one task, answer, end.

Nothing of the footage is touched before the walls stand, and after that nothing can be imported.
"""

import errno
import json
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from tabard.kernel.errors import Invalid
from tabard.media.jail import raising, wire
from tabard.media.jail.errors import CannotDecode
from tabard.media.jail.limits import Limits
from tabard.media.jail.output import OutputFile
from tabard.media.jail.source import SourceFile
from tabard.media.jail.walls import WallState
from tabard.media.jail.workbench import Workbench

_LEAST_STEP = 0.01
_LONGEST_WORDS = 300
Task = Callable[[Workbench], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class _Order:
    task: str
    params: dict[str, Any]
    source_fd: int
    control_fd: int
    output_fd: int
    source_size: int
    limits: dict[str, Any]
    accept_missing: bool
    parent_pid: int


class _Control:
    """Says frames to the parent."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._progress = 0.0

    def say(self, kind: str, value: object) -> None:
        body = json.dumps({kind: value}).encode()
        wire.write_all(self._fd, wire.FRAME_HEAD.pack(len(body)) + body)

    def progress(self, fraction: float) -> None:
        if fraction >= self._progress + _LEAST_STEP:
            self._progress = fraction
            self.say("progress", min(fraction, 1.0))


def main() -> None:
    """One answer was given on the control channel; the process ends here without any clean-up."""
    order = _Order(**json.loads(sys.argv[2]))
    raising.die_with_parent(order.parent_pid)
    control = _Control(order.control_fd)
    kind, value = _answer(order, control)
    control.say(kind, value)
    # Tearing down the interpreter and FFmpeg would only give hostile state one more chance to run.
    os._exit(0)


def _answer(order: _Order, control: _Control) -> tuple[str, object]:
    output = OutputFile(order.output_fd)
    try:
        return _do(order, control, output)
    except CannotDecode as refused:
        return "cannot_decode", refused.fields["reason"]
    except Invalid as refused:
        return "invalid", [str(refused.fields.get("field")), refused.message]
    except MemoryError:
        return "killed", "ran out of memory"
    except Exception as failed:  # noqa: BLE001 - foreign footage may make any library raise anything
        return "killed", _unexpected(output.failure or failed, order)


def _unexpected(failed: Exception, order: _Order) -> str:
    if isinstance(failed, OSError) and failed.errno == errno.EFBIG:
        return f"made more than {order.limits['output_bytes']} bytes of output"
    if isinstance(failed, OSError) and failed.errno == errno.ENOSPC:
        return "found no space left for its output"
    return f"failed unexpectedly ({type(failed).__name__}: {failed})"[:_LONGEST_WORDS]


def _do(order: _Order, control: _Control, output: OutputFile) -> tuple[str, object]:
    limits = Limits(**order.limits)
    task = _task(order.task)
    walls = raising.raise_walls(limits, order.parent_pid)
    missing = {wall: state.words for wall, state in walls.items() if not state.held}
    if missing and not order.accept_missing:
        return "missing", missing
    if task is None:
        return "facts", {"walls": _plain(walls)}
    source = SourceFile(order.source_fd, order.source_size)
    return "facts", task(Workbench(source, output, order.params, limits, control.progress))


def _task(name: str) -> Task | None:
    """The task's function, with every import it needs made; None for the inspection of the walls."""
    if name == "walls":
        return None
    task: Task = import_module(f"tabard.media.jail.tasks.{name}").perform
    return task


def _plain(walls: dict[str, WallState]) -> dict[str, dict[str, object]]:
    return {wall: {"held": state.held, "words": state.words} for wall, state in walls.items()}
