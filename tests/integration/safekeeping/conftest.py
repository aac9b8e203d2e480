"""Two stores in folders of their own, and recordings that stand in both."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from tabard.vault.models import SealedObject
from tabard.vault.stores import configured_stores


@dataclass
class Stores:
    """The folders of store A and store B."""

    home: Path

    def path(self, obj: SealedObject, store: str = "a") -> Path:
        return self.home / f"store-{store}" / obj.store_key

    def copy_all(self) -> None:
        """What is in store A stands in store B too, as the job that copies leaves it."""
        stores = configured_stores()
        for entry in stores["a"].entries():
            target = self.home / "store-b" / entry.key
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(self.home / "store-a" / entry.key, target)


@pytest.fixture
def stores(settings, tmp_path) -> Stores:
    settings.TABARD_HOME = tmp_path
    settings.TABARD_STORE_URL = (tmp_path / "store-a").as_uri()
    settings.TABARD_STORE_B_URL = (tmp_path / "store-b").as_uri()
    return Stores(tmp_path)
