"""Does an S3 bucket's lock hold? It is believed only after a real attempt to break it failed.

An object is put there in the ordinary way, and then everything is tried that would free it before its time, with the
store's own credentials: deleting the version, bypassing governance, shortening the retention, weakening its mode,
overwriting and deleting. Only this object is ever at risk. What S3 lets an owner do to the bucket for objects to come,
changing its default retention, is tried by setting it to what it is: whoever may do that may also remove it. The object
is hidden afterwards; it cannot be removed before its retention ends, that being the point.

Source: Amazon S3 User Guide, "Locking objects with Object Lock".
"""

import contextlib
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError, ClientError

from tabard.vault.errors import StoreFailed
from tabard.vault.ports import ObjectStore

_PROBE = b"tabard tries to break the lock of this object"
_SLACK = timedelta(hours=1)  # between our clock and the store's
_COMPLIANCE = "COMPLIANCE"


@dataclass(frozen=True, slots=True)
class Trial:
    """What the attempt showed: the days that the bucket locks for, and every weakness in a sentence; none is good."""

    days: int
    weaknesses: tuple[str, ...]


class LockTrial:
    """One attempt on the lock of one bucket; `url` is the store's, with bucket and path."""

    def __init__(self, client: Any, url: str, store: ObjectStore, at: datetime) -> None:
        parts = urlsplit(url)
        self._client, self._store, self._at = client, store, at
        self._bucket = parts.netloc
        self._key = f"checks/{secrets.token_hex(16)}"
        self._named = {
            "Bucket": self._bucket,
            "Key": "/".join(filter(None, [parts.path.strip("/"), self._key])),
        }

    def run(self, wanted_days: int) -> Trial:
        """What the bucket's configuration says, and what became of the attempts to break it.

        Raises:
            StoreFailed: the store could not be asked.
        """
        with _asking():
            config = self._configuration()
            if config is None:
                return Trial(0, ("the bucket has no Object Lock",))
            retention = config.get("Rule", {}).get("DefaultRetention", {})
            days = retention.get("Days", 0) + 365 * retention.get("Years", 0)
            if not days:
                return Trial(0, ("the bucket has Object Lock, but no default retention",))
            weaknesses = [*_judged(retention["Mode"], days, wanted_days), *self._attempts(wanted_days)]
            if _succeeds(lambda: self._configure(config)):
                weaknesses.append("these credentials may change or remove the bucket's default retention")
            return Trial(days, tuple(weaknesses))

    def _configuration(self) -> dict[str, Any] | None:
        try:
            found = self._client.get_object_lock_configuration(Bucket=self._bucket)
        except ClientError as error:
            if error.response["Error"]["Code"] == "ObjectLockConfigurationNotFoundError":
                return None
            raise
        config: dict[str, Any] = found["ObjectLockConfiguration"]
        return config if config.get("ObjectLockEnabled") == "Enabled" else None

    def _configure(self, config: dict[str, Any]) -> None:
        self._client.put_object_lock_configuration(Bucket=self._bucket, ObjectLockConfiguration=config)

    def _attempts(self, wanted_days: int) -> Iterator[str]:
        """Every attempt on one object that ought to be locked; what succeeded that should not have."""
        with self._store.create(self._key) as writer:
            writer.write(_PROBE)
            writer.commit()
        try:
            version = self._client.head_object(**self._named)["VersionId"]
            yield from self._of_retention(version, wanted_days)
            yield from self._of_version(version)
        finally:
            with contextlib.suppress(ClientError):
                self._client.delete_object(**self._named)

    def _of_retention(self, version: str, wanted_days: int) -> Iterator[str]:
        named = {**self._named, "VersionId": version}
        until = self._at + timedelta(days=wanted_days) - _SLACK
        if not self._is_retained(version, until):
            yield f"what was put there is not retained in compliance mode for {wanted_days} days"
        soon = {"RetainUntilDate": self._at + timedelta(minutes=5)}
        shorter = {"Retention": {"Mode": _COMPLIANCE, **soon}}
        if _succeeds(lambda: self._client.put_object_retention(**named, **shorter)):
            yield "the retention could be shortened"
        weaker = {"Retention": {"Mode": "GOVERNANCE", **soon}, "BypassGovernanceRetention": True}
        if _succeeds(lambda: self._client.put_object_retention(**named, **weaker)):
            yield "the retention could be weakened to governance mode"

    def _of_version(self, version: str) -> Iterator[str]:
        """Overwriting and deleting by name only hide a locked version; deleting the version itself comes last."""
        named = {**self._named, "VersionId": version}
        self._client.put_object(**self._named, Body=b"overwritten")
        self._client.delete_object(**self._named)
        if not self._is_kept(version):
            yield "overwriting and deleting removed the locked bytes"
        if _succeeds(lambda: self._client.delete_object(**named)):
            yield "the locked version could be deleted"
        if _succeeds(lambda: self._client.delete_object(**named, BypassGovernanceRetention=True)):
            yield "the locked version could be deleted by bypassing governance"
        if not self._is_kept(version):
            yield "after all that, the locked bytes are gone"

    def _is_retained(self, version: str, until: datetime) -> bool:
        try:
            found = self._client.get_object_retention(**self._named, VersionId=version)["Retention"]
        except ClientError as error:
            if error.response["Error"]["Code"] == "NoSuchObjectLockConfiguration":
                return False
            raise
        return bool(found["Mode"] == _COMPLIANCE and found["RetainUntilDate"] >= until)

    def _is_kept(self, version: str) -> bool:
        try:
            found = self._client.get_object(**self._named, VersionId=version)
        except ClientError:
            return False
        return bool(found["Body"].read() == _PROBE)


def _judged(mode: str, days: int, wanted_days: int) -> Iterator[str]:
    if mode != _COMPLIANCE:
        yield f"its default retention is in {mode.lower()} mode, which an administrator can lift"
    if days < wanted_days:
        yield f"its default retention is {days} days where {wanted_days} are wanted"


def _succeeds(attempt: Callable[[], object]) -> bool:
    """Whether the store let it happen; that it could not even be asked is neither yes nor no."""
    try:
        attempt()
    except ClientError as error:
        if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500) >= 500:
            raise
        return False
    return True


@contextlib.contextmanager
def _asking() -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        code, step = error.response["Error"]["Code"], error.operation_name
        raise StoreFailed(f"The store could not be asked about its lock: {step} gave {code}.") from error
    except BotoCoreError as error:
        raise StoreFailed(f"The store could not be asked about its lock: {type(error).__name__}.") from error
