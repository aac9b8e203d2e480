"""Where do this installation's objects and keys live? The only place that chooses between adapters."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from django.conf import settings

from tabard.sealing import ManagedKeyRing
from tabard.vault.adapters.keyring import LocalKeyRing
from tabard.vault.adapters.local import LocalStore
from tabard.vault.errors import StoreUrlInvalid
from tabard.vault.ports import ObjectStore

# Not `memory`, nor obstore's own `file`: neither keeps footage durably.
_CLOUD_SCHEMES = {"s3", "az", "azure", "abfs", "abfss", "gs"}


@lru_cache(maxsize=8)
def store_from_url(url: str) -> ObjectStore:
    """The store that the URL names: `file:///folder`, or `s3://`, `az://`, `gs://` with bucket and prefix.

    Region, endpoint and credentials of a cloud store come from the environment, as its own tools read them
    (`AWS_REGION`, `AWS_ENDPOINT_URL`, ...). One URL gives one store per process.

    Raises:
        StoreUrlInvalid: no such kind of store, or what it needs is missing.
    """
    parts = urlsplit(url)
    if parts.scheme == "file" and parts.path and parts.netloc in {"", "localhost"}:
        return LocalStore(Path(url2pathname(parts.path)))
    if parts.scheme in _CLOUD_SCHEMES and parts.netloc:
        return _cloud_store(url)
    raise StoreUrlInvalid("TABARD_STORE_URL names no store that we know.", field="TABARD_STORE_URL")


def configured_store() -> ObjectStore:
    """The store of `TABARD_STORE_URL`, or the folder `vault` in `TABARD_HOME`."""
    url = getattr(settings, "TABARD_STORE_URL", "") or (Path(settings.TABARD_HOME) / "vault").as_uri()
    return store_from_url(url)


def configured_stores() -> Mapping[str, ObjectStore]:
    """Every store of this installation by its name: `a`, and `b` where `TABARD_STORE_B_URL` is set."""
    second = getattr(settings, "TABARD_STORE_B_URL", "")
    return {"a": configured_store()} | ({"b": store_from_url(second)} if second else {})


def configured_key_ring() -> ManagedKeyRing:
    """The key ring in the folder `keys` of `TABARD_HOME`."""
    return _key_ring(Path(settings.TABARD_HOME) / "keys")


@lru_cache(maxsize=8)
def _key_ring(folder: Path) -> ManagedKeyRing:
    return LocalKeyRing(folder)


def _cloud_store(url: str) -> ObjectStore:
    # Loaded only where it is used: most installations keep their objects in a folder.
    from obstore.exceptions import BaseError
    from obstore.store import from_url

    from tabard.vault.adapters.cloud import CloudStore

    try:
        return CloudStore(from_url(url))
    except (BaseError, ValueError) as error:
        raise StoreUrlInvalid(
            "The store cannot be set up as configured.", field="TABARD_STORE_URL"
        ) from error
