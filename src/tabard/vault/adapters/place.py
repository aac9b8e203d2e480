"""Where is a store, and under which names does the environment hold what it takes to reach it?"""

from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Place:
    """Where a store is, which variable says so, and what stands before the names of its credentials."""

    url: str
    variable: str = "TABARD_STORE_URL"
    prefix: str = ""

    @property
    def scheme(self) -> str:
        """`file`, `s3`, `az`, `gs`, ..."""
        return urlsplit(self.url).scheme
