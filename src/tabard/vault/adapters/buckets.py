"""Which bucket does a URL name, and with whose credentials? The second store never sees those of the first.

The first cloud store is set up from the environment as its own tools are (`AWS_ACCESS_KEY_ID`, `AZURE_...`,
`GOOGLE_...`). The second is set up from the same names behind `TABARD_STORE_B_` alone: the client library fills in
from the environment whatever it is not told, so everything that could reach the second store is told, and what cannot
be told is refused.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from obstore.exceptions import BaseError
from obstore.store import ObjectStore as Bucket
from obstore.store import from_url

from tabard.vault.adapters.place import Place
from tabard.vault.errors import StoreUrlInvalid

# A store that is down is given up within seconds: the other one serves, and copies are made later.
_RETRIES: Any = {
    "max_retries": 4,
    "retry_timeout": timedelta(seconds=20),
    "backoff": {
        "init_backoff": timedelta(milliseconds=100),
        "max_backoff": timedelta(seconds=3),
        "base": 2,
    },
}
# They hold secrets or name keys, and the client offers no way to unset them.
_CANNOT_BE_UNSET = (
    "AWS_SERVER_SIDE_ENCRYPTION",
    "AWS_SSE_CUSTOMER_KEY_BASE64",
    "AWS_SSE_KMS_KEY_ID",
    "AWS_SSE_BUCKET_KEY_ENABLED",
)
_FAMILIES = {"s3": "AWS", "az": "AZURE", "azure": "AZURE", "abfs": "AZURE", "abfss": "AZURE", "gs": "GOOGLE"}
SCHEMES = frozenset(_FAMILIES)


def open_bucket(place: Place, environ: Mapping[str, str]) -> Bucket:
    """The bucket, which reads and writes only below the URL's path; nothing is asked of it yet.

    Raises:
        StoreUrlInvalid: the bucket cannot be set up; `field` names the variable at fault.
    """
    options = _options_apart(place, environ) if place.prefix else _options_of_environment(place, environ)
    try:
        return from_url(place.url, retry_config=_RETRIES, **options)
    except (BaseError, ValueError) as error:
        raise StoreUrlInvalid(
            f"The store of {place.variable} cannot be set up as configured: {_first_line(error)}",
            field=place.variable,
        ) from error


def s3_client(place: Place, environ: Mapping[str, str]) -> Any:
    """A boto3 client with the credentials of the store: for Object Lock, which obstore does not know.

    Raises:
        StoreUrlInvalid: `field` names the variable at fault.
    """
    import boto3
    from botocore.config import Config

    named = _named(place, environ, "AWS")
    endpoint = named.get("aws_endpoint_url") or named.get("aws_endpoint")
    options = {"region_name": _region(named), "endpoint_url": endpoint}
    if place.prefix:
        _require(place, named, "aws_access_key_id", "aws_secret_access_key")
        options |= {
            "endpoint_url": endpoint or _amazon(_region(named)),
            "aws_access_key_id": named["aws_access_key_id"],
            "aws_secret_access_key": named["aws_secret_access_key"],
            "aws_session_token": named.get("aws_session_token"),
        }
    style = "path" if endpoint else "auto"
    config = Config(
        retries={"max_attempts": 2}, connect_timeout=5, read_timeout=20, s3={"addressing_style": style}
    )
    return boto3.client("s3", config=config, **options)


def _options_of_environment(place: Place, environ: Mapping[str, str]) -> dict[str, Any]:
    """What the environment does not say and should."""
    if place.scheme == "s3" and "AWS_CHECKSUM_ALGORITHM" not in environ:
        return {"config": _CHECKED}
    return {}


# A bucket with a default retention takes no part without a checksum (Amazon S3, Object Lock considerations).
_CHECKED = {"aws_checksum_algorithm": "SHA256"}


def _options_apart(place: Place, environ: Mapping[str, str]) -> dict[str, Any]:
    family = _FAMILIES[place.scheme]
    named = _named(place, environ, family)
    made: dict[str, Any] = _APART[family](place, named, environ)
    allow_http = named.pop("aws_allow_http", named.pop("azure_allow_http", "")).lower() in {"1", "true"}
    return {**made, "client_options": {"allow_http": allow_http}}


def _s3_apart(place: Place, named: dict[str, str], environ: Mapping[str, str]) -> dict[str, Any]:
    _require(place, named, "aws_access_key_id", "aws_secret_access_key")
    for variable in _CANNOT_BE_UNSET:
        if variable in environ and variable.lower() not in named:
            raise StoreUrlInvalid(
                f"{variable} is set for the first store and would reach the second; set {place.prefix}{variable} too.",
                field=f"{place.prefix}{variable}",
            )
    credential = {
        "access_key_id": named.pop("aws_access_key_id"),
        "secret_access_key": named.pop("aws_secret_access_key"),
        "token": named.pop("aws_session_token", None),
        "expires_at": None,
    }
    region = _region(named)
    told = {
        "aws_region": region,
        "aws_endpoint_url": named.pop("aws_endpoint", None) or _amazon(region),
        "aws_skip_signature": "false",
        "aws_virtual_hosted_style_request": "false",
        "aws_request_payer": "false",
        **_CHECKED,
    }
    config = {name: value for name, value in (told | named).items() if name != "aws_allow_http"}
    return {"config": config, "credential_provider": lambda: credential}


def _azure_apart(place: Place, named: dict[str, str], _environ: Mapping[str, str]) -> dict[str, Any]:
    _require(place, named, "azure_storage_account_name")
    account = named["azure_storage_account_name"]
    key, sas = named.pop("azure_storage_account_key", None), named.pop("azure_storage_sas_key", None)
    if not key and not sas:
        _require(place, named, "azure_storage_account_key")
    credential = {"access_key": key} if key else {"sas_token": sas}
    told = {
        "azure_endpoint": f"https://{account}.blob.core.windows.net",
        "azure_storage_use_emulator": "false",
        "azure_skip_signature": "false",
    }
    config = {name: value for name, value in (told | named).items() if name != "azure_allow_http"}
    return {"config": config, "credential_provider": lambda: {**credential, "expires_at": None}}


def _google_apart(place: Place, named: dict[str, str], _environ: Mapping[str, str]) -> dict[str, Any]:
    if "google_service_account_key" not in named:
        _require(place, named, "google_service_account")
    return {"config": {"google_skip_signature": "false", **named}}


_APART: dict[str, Callable[[Place, dict[str, str], Mapping[str, str]], dict[str, Any]]] = {
    "AWS": _s3_apart,
    "AZURE": _azure_apart,
    "GOOGLE": _google_apart,
}


def _named(place: Place, environ: Mapping[str, str], family: str) -> dict[str, str]:
    """The store's own variables of one family, in lower case and without what stands before them."""
    start = f"{place.prefix}{family}_"
    found = environ.items()
    return {
        name[len(place.prefix) :].lower(): value for name, value in found if name.startswith(start) and value
    }


def _require(place: Place, named: Mapping[str, str], *names: str) -> None:
    for name in names:
        if name not in named:
            variable = f"{place.prefix}{name.upper()}"
            raise StoreUrlInvalid(
                f"{variable} is not set; {place.variable} needs it, as a second store has credentials of its own.",
                field=variable,
            )


def _region(named: Mapping[str, str]) -> str:
    return named.get("aws_region") or named.get("aws_default_region") or "us-east-1"


def _amazon(region: str) -> str:
    return f"https://s3.{region}.amazonaws.com"


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
