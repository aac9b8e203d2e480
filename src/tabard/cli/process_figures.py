"""What have our processes cost so far? Processor time with everything they started, and the most memory they ever had.

Read from `/proc`; where that does not say, the answer is 0.
"""

import os
import re
from pathlib import Path
from typing import Final

_TICKS: Final = os.sysconf("SC_CLK_TCK")
_PEAK: Final = re.compile(r"VmHWM:\s+(\d+) kB")
# Fields of /proc/<pid>/stat behind the name, proc_pid_stat(5): the parent, then own and waited-for children's time.
_PARENT, _FIRST_TIME, _LAST_TIME = 1, 11, 14


def cpu_s(pid: int) -> float:
    """Processor seconds of the process, of its children that ended, and of all below it that live."""
    found = _all()
    ours, waiting = [pid], [pid]
    while waiting:
        parent = waiting.pop()
        children = [each for each, fields in found.items() if int(fields[_PARENT]) == parent]
        ours += children
        waiting += children
    ticks = sum(sum(map(int, found[each][_FIRST_TIME : _LAST_TIME + 1])) for each in ours if each in found)
    return ticks / _TICKS


def peak_mib(pid: int) -> float:
    """The most memory that the process itself ever had resident."""
    try:
        found = _PEAK.search(Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace"))
    except OSError:
        return 0.0
    return int(found[1]) / 1024 if found else 0.0


def _all() -> dict[int, list[str]]:
    """The fields of every process behind its name."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            text = (folder / "stat").read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        found[int(folder.name)] = text.rpartition(")")[2].split()
    return found
