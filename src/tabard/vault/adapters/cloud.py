"""How does an object reach S3, Azure or Google Cloud Storage, streaming and never replacing another?

Parts are uploaded as they come and are invisible until the upload is completed. Completing an upload cannot
be made conditional through this client, a small put can: so a writer first claims the key by creating
`.claims/<key>`, then looks whether the key is taken, completes the upload and removes its claim. Two writers
cannot hold one claim. A process killed in the midst leaves at most a claim, which blocks only an id that
nobody will use again, and parts that the bucket's lifecycle rule for incomplete uploads removes.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import ObjectStore as Bucket

from tabard.vault.errors import ObjectExists, ObjectMissing, StoreFailed, WriterClosed
from tabard.vault.ports import Entry, checked_key, copy_file

if TYPE_CHECKING:
    from obstore import WritableFile

CLAIMS = ".claims"
PART_BYTES = 8 * 1024 * 1024  # 10,000 parts, the limit of S3: objects up to 78 GiB
PARTS_AT_ONCE = 4  # with PART_BYTES this bounds the memory of one writer


class CloudStore:
    """An `ObjectStore` over any bucket that obstore can reach."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    def create(self, key: str) -> "CloudWriter":
        """A writer for a new object; whether the key is free is decided at commit."""
        with _failures("create", key):
            return CloudWriter(self._bucket, checked_key(key))

    def replace(self, key: str) -> "CloudWriter":
        """A writer whose object takes the place of another; a bucket with versions keeps the old one behind it."""
        with _failures("replace", key):
            return ReplacingCloudWriter(self._bucket, checked_key(key))

    def adopt(self, key: str, path: Path) -> None:
        """The whole file stands under the key, uploaded in parts."""
        with self.create(key) as writer, _failures("adopt", key):
            copy_file(path, writer)
            writer.commit()

    def read(self, key: str, start: int, stop: int) -> bytes:
        """The bytes [start, stop) of the object, fewer only where it ends."""
        checked_key(key)
        with _failures("read", key):
            try:
                return obstore.get_range(self._bucket, key, start=start, end=stop).to_bytes()
            except (BaseError, ValueError):
                # A range that is empty or starts past the end is an error to some stores and not to others.
                if start < min(stop, self.size(key)):
                    raise
                return b""

    def size(self, key: str) -> int:
        """The size of the object in bytes."""
        checked_key(key)
        with _failures("size", key):
            return obstore.head(self._bucket, key)["size"]

    def delete(self, key: str) -> None:
        """The object is gone; a missing one is not an error."""
        checked_key(key)
        with _failures("delete", key), contextlib.suppress(FileNotFoundError):
            obstore.delete(self._bucket, key)

    def entries(self, prefix: str = "") -> Iterator[Entry]:
        """All objects below `prefix`, in no order; of one with versions the newest."""
        with _failures("list", prefix):
            for page in obstore.list(self._bucket, prefix=checked_key(prefix) if prefix else None):
                for item in page:
                    if not item["path"].startswith(f"{CLAIMS}/"):
                        yield Entry(item["path"], item["size"])

    def clean(self) -> int:
        """Nothing to do: unfinished uploads are invisible and the bucket's lifecycle rule removes them."""
        return 0


class CloudWriter:
    """One object on its way into a `CloudStore`."""

    def __init__(self, bucket: Bucket, key: str) -> None:
        self._bucket = bucket
        self._key = key
        self._upload: WritableFile | None = obstore.open_writer(
            bucket, key, buffer_size=PART_BYTES, max_concurrency=PARTS_AT_ONCE
        )

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """All of `data` is buffered or uploaded as invisible parts."""
        upload = self._require_open()
        with self._or_abort("write"):
            upload.write(
                bytes(data)
            )  # obstore keeps the buffer it is given, and the caller will reuse this one

    def commit(self) -> None:
        """The object is visible under its key, or nothing of it is."""
        upload = self._require_open()
        with self._or_abort("commit"):
            self._make_visible(upload)
        self._upload = None

    def abort(self) -> None:
        """Nothing of the object is visible, unless it was committed."""
        self._upload = None  # dropped without `close`, an upload is never completed

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.abort()

    def _require_open(self) -> "WritableFile":
        if self._upload is None:
            raise WriterClosed("The object was committed or aborted.")
        return self._upload

    def _make_visible(self, upload: "WritableFile") -> None:
        with self._claimed():
            if _is_taken(self._bucket, self._key):
                raise ObjectExists("An object already stands under this key.", key=self._key)
            self._complete(upload)

    def _complete(self, upload: "WritableFile") -> None:
        try:
            upload.close()
        except BaseException:
            # The store may have completed it and lost the answer; the key was free and claimed, so clear it.
            with contextlib.suppress(BaseError, OSError):
                obstore.delete(self._bucket, self._key)
            raise

    @contextlib.contextmanager
    def _claimed(self) -> Iterator[None]:
        claim = f"{CLAIMS}/{self._key}"
        obstore.put(self._bucket, claim, b"claimed", mode="create")
        try:
            yield
        finally:
            with contextlib.suppress(
                BaseError, OSError
            ):  # the object's fate is decided; see the module's words
                obstore.delete(self._bucket, claim)

    @contextlib.contextmanager
    def _or_abort(self, step: str) -> Iterator[None]:
        try:
            with _failures(step, self._key):
                yield
        except BaseException:
            self.abort()
            raise


class ReplacingCloudWriter(CloudWriter):
    """One object on its way into the place of another."""

    def _make_visible(self, upload: "WritableFile") -> None:
        upload.close()  # an answer that is lost leaves the old or the new object, each whole


def _is_taken(bucket: Bucket, key: str) -> bool:
    try:
        obstore.head(bucket, key)
    except FileNotFoundError:
        return False
    return True


@contextlib.contextmanager
def _failures(step: str, key: str) -> Iterator[None]:
    """An error of the client leaves as one of ours, without the request it quotes."""
    try:
        yield
    except AlreadyExistsError as error:
        raise ObjectExists("An object already stands under this key.", key=key) from error
    except FileNotFoundError as error:
        raise ObjectMissing("The store holds no such object.", key=key) from error
    except (BaseError, OSError, ValueError) as error:
        raise StoreFailed(f"The store failed: {type(error).__name__}.", step=step, key=key) from error
