"""What a task has to work with inside the jail."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tabard.media.jail.limits import Limits
from tabard.media.jail.output import OutputFile
from tabard.media.jail.source import SourceFile


@dataclass(frozen=True, slots=True)
class Workbench:
    """The footage, a place for output, the parameters and the limits of one task."""

    source: SourceFile
    output: OutputFile
    params: dict[str, Any]
    limits: Limits
    progress: Callable[[float], None]
