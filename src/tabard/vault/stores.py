"""Where do this installation's objects and keys live? The only place that chooses between adapters."""

import os
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from django.conf import settings

from tabard.sealing import ManagedKeyRing
from tabard.vault.adapters.keyring import LocalKeyRing
from tabard.vault.adapters.local import LocalStore
from tabard.vault.adapters.place import Place
from tabard.vault.errors import StoreUrlInvalid
from tabard.vault.ports import ObjectStore
from tabard.vault.spool import FOLDER, Spool

_VARIABLES = {
    "a": ("TABARD_STORE_URL", ""),
    "b": ("TABARD_STORE_B_URL", "TABARD_STORE_B_"),
    "new": ("--to", "TABARD_NEW_STORE_"),  # where a move goes, until it is switched to
}
# Not `memory`, nor obstore's own `file`: neither keeps footage durably.
_CLOUD_SCHEMES = {"s3", "az", "azure", "abfs", "abfss", "gs"}


@lru_cache(maxsize=16)
def store_from_url(url: str, name: str = "a") -> ObjectStore:
    """The store that the URL names: `file:///folder`, or `s3://`, `az://`, `gs://` with bucket and prefix.

    Region, endpoint and credentials of a cloud store come from the environment: for `a` as its own tools read them
    (`AWS_REGION`, `AWS_ENDPOINT_URL`, ...), for `b` from the same names behind `TABARD_STORE_B_` and from nowhere
    else, for `new` likewise behind `TABARD_NEW_STORE_`. One URL gives one store per process and name.

    Raises:
        StoreUrlInvalid: no such kind of store, or what it needs is missing; `field` names the variable at fault.
    """
    variable, prefix = _VARIABLES[name]
    parts = urlsplit(url)
    if parts.scheme == "file" and parts.path and parts.netloc in {"", "localhost"}:
        return LocalStore(Path(url2pathname(parts.path)))
    if parts.scheme in _CLOUD_SCHEMES and parts.netloc:
        # Loaded only where it is used: most installations keep their objects in a folder.
        from tabard.vault.adapters.buckets import open_bucket
        from tabard.vault.adapters.cloud import CloudStore

        return CloudStore(open_bucket(Place(url, variable, prefix), os.environ))
    raise StoreUrlInvalid(f"{variable} names no store that we know.", field=variable)


def configured_urls() -> Mapping[str, str]:
    """The URL of every store of this installation, by the store's name."""
    first = getattr(settings, "TABARD_STORE_URL", "") or (Path(settings.TABARD_HOME) / "vault").as_uri()
    second = getattr(settings, "TABARD_STORE_B_URL", "")
    return {"a": first} | ({"b": second} if second else {})


def configured_places() -> Mapping[str, Place]:
    """Every store of this installation by its name, with the variables that say where it is and how it is reached."""
    return {name: Place(url, *_VARIABLES[name]) for name, url in configured_urls().items()}


def configured_store() -> ObjectStore:
    """The first store: of `TABARD_STORE_URL`, or the folder `vault` in `TABARD_HOME`. Footage is sealed into it."""
    return store_from_url(configured_urls()["a"])


def configured_spool() -> Spool:
    """Where objects grow: the folder of `TABARD_SPOOL`, else inside the first store if it is a folder, else at home."""
    chosen, url = getattr(settings, "TABARD_SPOOL", ""), urlsplit(configured_urls()["a"])
    if chosen:
        return _spool(Path(chosen))
    if url.scheme == "file":
        return _spool(Path(url2pathname(url.path)) / FOLDER)
    return _spool(Path(settings.TABARD_HOME) / "spool")


@lru_cache(maxsize=8)
def _spool(root: Path) -> Spool:
    return Spool(root)


def configured_stores() -> Mapping[str, ObjectStore]:
    """Every store of this installation by its name: `a`, and `b` where `TABARD_STORE_B_URL` is set.

    Raises:
        StoreUrlInvalid: a store cannot be set up, or both are one.
    """
    urls = configured_urls()
    second = {name: store_from_url(url, name) for name, url in urls.items() if name != "a"}
    if second and _is_one_place(urls["a"], urls["b"]):
        raise StoreUrlInvalid(
            "TABARD_STORE_B_URL names the first store again; a copy there would be no second one.",
            field="TABARD_STORE_B_URL",
        )
    return {"a": configured_store(), **second}


def _is_one_place(first: str, second: str) -> bool:
    """Two buckets of one name are two places where two services keep them."""
    one, two = urlsplit(first), urlsplit(second)
    if one.scheme == two.scheme == "file":
        return Path(url2pathname(one.path)).resolve() == Path(url2pathname(two.path)).resolve()
    services = (os.environ.get(f"{prefix}AWS_ENDPOINT_URL", "") for prefix in ("", "TABARD_STORE_B_"))
    return first.rstrip("/") == second.rstrip("/") and len(set(services)) == 1


def configured_key_ring() -> ManagedKeyRing:
    """The key ring in the folder `keys` of `TABARD_HOME`."""
    return _key_ring(Path(settings.TABARD_HOME) / "keys")


@lru_cache(maxsize=8)
def _key_ring(folder: Path) -> ManagedKeyRing:
    return LocalKeyRing(folder)
