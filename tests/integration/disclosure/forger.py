"""A forger who knows the format: changes a pack and puts every hash right again that needs no key."""

import io
import zipfile
import zlib
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256

from tabard.disclosure import bag
from tabard.disclosure.container import Member, write_container


def unpack(pack: bytes) -> tuple[str, dict[str, bytes], datetime]:
    """The folder, each file by its path in the bag, and the time of the zip."""
    with zipfile.ZipFile(io.BytesIO(pack)) as opened:
        folder = opened.namelist()[0].partition("/")[0]
        files = {info.filename.partition("/")[2]: opened.read(info) for info in opened.infolist()}
        at = datetime(*opened.infolist()[0].date_time, tzinfo=UTC)
    return folder, files, at


def zipped(folder: str, files: Mapping[str, bytes], at: datetime) -> bytes:
    """The files in a zip as a pack's is written."""
    out = io.BytesIO()
    members = [
        (Member(f"{folder}/{path}", len(data), zlib.crc32(data)), lambda data=data: [data])
        for path, data in files.items()
    ]
    write_container(members, at, out.write)
    return out.getvalue()


def with_right_hashes(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files with both manifests and the oxum as they should be for them."""
    right = dict(files)
    payload = {path: data for path, data in right.items() if path.startswith(bag.PAYLOAD)}
    right[bag.PAYLOAD_MANIFEST] = bag.manifest(
        {path: sha256(data).hexdigest() for path, data in payload.items()}
    )
    info = bag.parse_bag_info(right[bag.BAG_INFO])
    info["Payload-Oxum"] = str(bag.Oxum(sum(map(len, payload.values())), len(payload)))
    right[bag.BAG_INFO] = bag.bag_info(list(info.items()))
    tags = {path: data for path, data in right.items() if path not in payload and path != bag.TAG_MANIFEST}
    right[bag.TAG_MANIFEST] = bag.manifest({path: sha256(data).hexdigest() for path, data in tags.items()})
    return right


def forged(pack: bytes, changes: Mapping[str, bytes | None]) -> bytes:
    """The pack with some files changed, added or (None) taken out, and every hash put right again."""
    folder, files, at = unpack(pack)
    kept = {path: data for path, data in {**files, **changes}.items() if data is not None}
    return zipped(folder, with_right_hashes(kept), at)
