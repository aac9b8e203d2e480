"""Which real files may stand in for rendered ones? Every video file under a folder, in a settled order, unopened.

Files are judged by their ending alone: a broken or hostile file must reach the door as it is.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tabard.kernel.errors import NotFound

VIDEO_ENDINGS: Final = frozenset(
    {
        ".mp4",
        ".mkv",
        ".avi",
        ".mov",
        ".m4v",
        ".m4s",
        ".webm",
        ".mpg",
        ".mpeg",
        ".ts",
        ".mts",
        ".3gp",
        ".mxf",
        ".wmv",
        ".asf",
    }
)


def real_footage(folder: Path) -> Iterator[Path]:
    """Every video file under the folder, sorted by path; links out of the folder are not followed.

    Raises:
        NotFound: there is no such folder.
    """
    if not folder.is_dir():
        raise NotFound("There is no folder of footage here.", path=str(folder))
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in VIDEO_ENDINGS and path.is_file() and not path.is_symlink():
            yield path
