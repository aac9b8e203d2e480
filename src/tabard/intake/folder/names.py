r"""How is a file's path written down, whatever bytes it is made of? Pure.

A path on a disk is bytes. What is UTF-8 and can be printed is written as it is; any other byte as `\xNN`, and a
backslash as two, so that no two paths are written alike and each can be found again.
"""

import hashlib
import os
from pathlib import PurePosixPath

LONGEST_NAME = 200  # of characters; what is longer ends in a hash of the whole


def shown(path: str) -> str:
    """A path, as the operating system gives it, in characters that a database and a screen can take."""
    return "".join(_shown(character) for character in path)


def short(text: str, longest: int = LONGEST_NAME) -> str:
    """The text, or its beginning with a hash of all of it, where it is too long for a name."""
    if len(text) <= longest:
        return text
    mark = hashlib.sha256(text.encode()).hexdigest()[:16]
    return f"{text[: longest - 17]}~{mark}"


def object_name(path: str, *, among: frozenset[str]) -> str:
    """What a file is called in its recording: its own name; where another there has the same, a hash of its path too.

    Args:
        path: The file's path, as the operating system gives it.
        among: The paths of all files of the recording.
    """
    name = PurePosixPath(path).name
    alike = [other for other in among if PurePosixPath(other).name == name]
    if len(alike) <= 1:
        return short(shown(name))
    pure, mark = PurePosixPath(shown(name)), hashlib.sha256(os.fsencode(path)).hexdigest()[:8]
    return f"{short(pure.stem)}~{mark}{pure.suffix[:32]}"


def _shown(character: str) -> str:
    if character == "\\":
        return "\\\\"
    if character.isprintable():
        return character
    return "".join(f"\\x{byte:02x}" for byte in character.encode("utf-8", "surrogateescape"))
