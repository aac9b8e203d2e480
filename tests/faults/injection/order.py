"""Was everything durable before it was promised? Read from a trace, as no kill can show what a power cut would lose.

A file's bytes are synced after its last write and before it gets its name; the folder is synced after that; and both
before the act answers its caller. (LWN 457667, "Ensuring data reaches disk"; fsync(2), "NOTES".)
"""

import re
from collections.abc import Iterator
from pathlib import PurePath

_WRITE = re.compile(r"p?write(?:64|v)?\(\d+<(?P<path>[^>]+)>")
_SYNC = re.compile(r"f(?:data)?sync\(\d+<(?P<path>[^>]+)>\)\s+= 0")
_NAMED = re.compile(r'(?:link|rename)\("(?P<old>[^"]+)", "(?P<new>[^"]+)"\)\s+= 0')
_ANSWER = re.compile(r"write\(\d+<pipe:")
_BEGUN = re.compile(r"(?P<thread>\d+) +(?P<call>.*) <unfinished \.\.\.>")
_ENDED = re.compile(r"(?P<thread>\d+) +<\.\.\. \w+ resumed>(?P<rest>.*)")


def not_durable(trace: list[str], root: str) -> list[str]:
    """Each thing below `root` that was not durable when it was named, or when the caller was answered."""
    unsynced: set[str] = set()
    folders: set[str] = set()
    found: list[str] = []
    for line in _whole(trace):
        if match := _WRITE.search(line):
            unsynced |= {match["path"]} if match["path"].startswith(root) else set()
        if match := _SYNC.search(line):
            unsynced.discard(match["path"])
            folders.discard(match["path"])
        if (match := _NAMED.search(line)) and match["new"].startswith(root):
            if match["old"] in unsynced:
                found.append(f"{match['new']} was named before its bytes were synced")
            folders.add(str(PurePath(match["new"]).parent))
        if _ANSWER.search(line):
            found += [f"answered before {path} was synced" for path in sorted(unsynced | folders)]
    return found


def _whole(trace: list[str]) -> Iterator[str]:
    """Each call on one line, where it ended: strace splits a call when another thread made one meanwhile."""
    begun: dict[str, str] = {}
    for line in trace:
        if match := _BEGUN.fullmatch(line):
            begun[match["thread"]] = match["call"]
        elif (match := _ENDED.fullmatch(line)) and match["thread"] in begun:
            yield f"{match['thread']} {begun.pop(match['thread'])}{match['rest']}"
        else:
            yield line
