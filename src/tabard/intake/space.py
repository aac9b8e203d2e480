"""Is there room for what is to come? A store in a folder keeps a low-water mark, so that its disk never runs full.

A full disk hurts more than the footage that finds no room: the database often stands on the same one. Of a store
elsewhere nobody knows how much room it has; it says so itself when it is full.
"""

import os
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from django.conf import settings

from tabard.intake.errors import StoreLow
from tabard.vault.stores import configured_urls


def check_room(expected_bytes: int) -> None:
    """Return only if so many bytes more leave the low-water mark (`TABARD_LOW_WATER_BYTES`) free in the first store.

    Raises:
        StoreLow: they do not.
    """
    free = free_bytes()
    if free is not None and free - expected_bytes < settings.TABARD_LOW_WATER_BYTES:
        raise StoreLow(
            "The store is nearly full; make room in it.", free_bytes=free, expected_bytes=expected_bytes
        )


def free_bytes() -> int | None:
    """What is free for us on the file system of the first store; None where it is no folder."""
    url = urlsplit(configured_urls()["a"])
    if url.scheme != "file":
        return None
    folder = Path(url2pathname(url.path))
    there = next(place for place in (folder, *folder.parents) if place.exists())
    found = os.statvfs(there)
    return found.f_bavail * found.f_frsize
