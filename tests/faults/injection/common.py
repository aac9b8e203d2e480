"""What every act needs: who acts, when, upon which bytes."""

import hashlib
import os
from collections.abc import Callable
from datetime import UTC, datetime

from tabard.custody.actors import Actor
from tabard.vault import services as vault
from tabard.vault.models import SealedObject

BY = Actor.system("fault injection")
SIZE_BYTES = int(
    os.environ.get("TABARD_OBJECT_BYTES", "600000")
)  # three chunks: two that can change places, and the last
Say = Callable[[str], object]


def now() -> datetime:
    return datetime.now(UTC)


def content(number: int) -> bytes:
    return hashlib.shake_256(str(number).encode()).digest(SIZE_BYTES)


def read_back(obj: SealedObject) -> bytes:
    return b"".join(vault.open_object(obj=obj).read())
