"""What somebody with the store, or with the database, can do to a sealed object; each must be found and named.

`objects` are two recordings' objects of three chunks each, in store A and store B. A case changes something and says
which code must be reported of the first of them (or of nothing in particular, where it is a stranger that appears).
"""

import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from django.db import connection

from tabard.sealing.format import DEFAULT_CHUNK_BYTES, HEADER_BYTES, TAG_BYTES, TRAILER_BYTES
from tabard.sealing.seal import Sealer
from tabard.vault.models import SealedObject

STEP = DEFAULT_CHUNK_BYTES + TAG_BYTES
PLAIN_BYTES = 2 * DEFAULT_CHUNK_BYTES + 1000
SEALED_BYTES = HEADER_BYTES + PLAIN_BYTES + 3 * TAG_BYTES + TRAILER_BYTES
TRAILER_AT = SEALED_BYTES - TRAILER_BYTES
PARTS = {
    "header": (0, HEADER_BYTES),
    "first chunk": (HEADER_BYTES, HEADER_BYTES + STEP),
    "second chunk": (HEADER_BYTES + STEP, HEADER_BYTES + 2 * STEP),
    "last chunk": (HEADER_BYTES + 2 * STEP, TRAILER_AT),
    "trailer": (TRAILER_AT, SEALED_BYTES),
}
Edit = Callable[[bytes, bytes], bytes]


@dataclass(frozen=True)
class Scene:
    """The two objects and where their files are."""

    mine: SealedObject
    other: SealedObject
    path: Callable[[SealedObject, str], Path]


@dataclass(frozen=True)
class Case:
    """What is done, and the codes of which one at least must be reported."""

    name: str
    codes: frozenset[str]
    act: Callable[[Scene], None]

    def __str__(self) -> str:
        return self.name


def _file_case(name: str, edit: Edit, codes: str, store: str = "a") -> Case:
    """The first object's file becomes what `edit` makes of it and of the second's."""

    def act(scene: Scene) -> None:
        path = scene.path(scene.mine, store)
        edited = edit(path.read_bytes(), scene.path(scene.other, store).read_bytes())
        path.chmod(0o600)
        path.write_bytes(edited)

    return Case(f"{name} in store {store.upper()}", frozenset(codes.split()), act)


def _flips(store: str) -> Iterator[Case]:
    fields = {
        "magic": 0,
        "version": 9,
        "reserved": 11,
        "chunk size": 14,
        "object id": 20,
        "key reference": 40,
        "padding": 63,
    }
    codes = {
        "magic": "sealed_not_ours",
        "version": "sealed_version",
        "reserved": "sealed_not_ours",
        "chunk size": "sealed_trailer sealed_truncated sealed_not_ours",
        "object id": "sealed_wrong_object",
        "key reference": "sealed_trailer sealed_not_ours",
        "padding": "sealed_not_ours sealed_trailer",
    }
    for field, offset in fields.items():
        yield _file_case(f"a bit of the header's {field}", _flip(offset), codes[field], store)
    for part in ("first chunk", "second chunk", "last chunk"):
        start, stop = PARTS[part]
        places = {
            "first byte": start,
            "middle": (start + stop) // 2,
            "last byte": stop - TAG_BYTES - 1,
            "tag": stop - 1,
        }
        for place, offset in places.items():
            yield _file_case(f"a bit of the {part}'s {place}", _flip(offset), "sealed_chunk", store)
    for place, offset in {"length": 3, "hash": 20, "last byte": 39, "tag": 50}.items():
        yield _file_case(
            f"a bit of the trailer's {place}", _flip(TRAILER_AT + offset), "sealed_trailer", store
        )


def _flip(offset: int) -> Edit:
    def edit(mine: bytes, _: bytes) -> bytes:
        return mine[:offset] + bytes([mine[offset] ^ 0x10]) + mine[offset + 1 :]

    return edit


def _cuts(store: str) -> Iterator[Case]:
    lengths = {
        "nothing": 0,
        "one byte": 1,
        "a byte less than the header": HEADER_BYTES - 1,
        "the header": HEADER_BYTES,
        "half the first chunk": HEADER_BYTES + STEP // 2,
        "one chunk": HEADER_BYTES + STEP,
        "two chunks": HEADER_BYTES + 2 * STEP,
        "one chunk and a trailer's length": HEADER_BYTES + STEP + TRAILER_BYTES,
        "all but the trailer": TRAILER_AT,
        "half the trailer": TRAILER_AT + TRAILER_BYTES // 2,
        "all but one byte": SEALED_BYTES - 1,
    }
    for words, length in lengths.items():
        yield _file_case(
            f"cut to {words}", lambda mine, _, n=length: mine[:n], "sealed_truncated wrong_size", store
        )


def _growths() -> Iterator[Case]:
    growths: dict[str, Edit] = {
        "a zero byte after it": lambda mine, _: mine + b"\0",
        "sixteen bytes after it": lambda mine, _: mine + bytes(16),
        "a second trailer": lambda mine, _: mine + mine[TRAILER_AT:],
        "itself after it": lambda mine, _: mine + mine,
        "another object after it": lambda mine, other: mine + other,
        "a byte before it": lambda mine, _: b"\0" + mine,
    }
    for words, edit in growths.items():
        yield _file_case(words, edit, "copy_overlong wrong_size")


def _blanks() -> Iterator[Case]:
    codes = {"header": "sealed_not_ours", "trailer": "sealed_trailer"}
    for part, (start, stop) in PARTS.items():
        for what, byte in (("zeroes", b"\0"), ("ones", b"\xff")):
            yield _file_case(
                f"{what} over the {part}",
                lambda mine, _, a=start, b=stop, c=byte: mine[:a] + c * (b - a) + mine[b:],
                codes.get(part, "sealed_chunk"),
            )
    yield _file_case("zeroes over all of it", lambda mine, _: bytes(len(mine)), "sealed_not_ours")
    yield _file_case("noise over all of it", lambda mine, _: os.urandom(len(mine)), "sealed_not_ours")


def _orders() -> Iterator[Case]:
    head, first, second, last, tail = (lambda mine, p=part: mine[slice(*PARTS[p])] for part in PARTS)
    orders: dict[str, tuple[Edit, str]] = {
        "its first two chunks swapped": (
            lambda m, _: head(m) + second(m) + first(m) + last(m) + tail(m),
            "sealed_chunk",
        ),
        "its first chunk twice": (
            lambda m, _: head(m) + first(m) + first(m) + last(m) + tail(m),
            "sealed_chunk",
        ),
        "its second chunk twice": (
            lambda m, _: head(m) + second(m) + second(m) + last(m) + tail(m),
            "sealed_chunk",
        ),
        "a chunk dropped": (
            lambda m, _: head(m) + first(m) + last(m) + tail(m),
            "sealed_trailer sealed_truncated wrong_size",
        ),
        "the last chunk dropped": (
            lambda m, _: head(m) + first(m) + second(m) + tail(m),
            "sealed_trailer sealed_truncated wrong_size",
        ),
        "a chunk put in": (
            lambda m, _: head(m) + first(m) + second(m) + second(m) + last(m) + tail(m),
            "sealed_trailer copy_overlong wrong_size",
        ),
        "the trailer in front": (
            lambda m, _: head(m) + tail(m) + first(m) + second(m) + last(m),
            "sealed_trailer sealed_chunk",
        ),
        "it backwards": (lambda m, _: m[::-1], "sealed_not_ours"),
    }
    for words, (edit, codes) in orders.items():
        yield _file_case(words, edit, codes)


def _splices() -> Iterator[Case]:
    codes = {"header": "sealed_wrong_object", "trailer": "sealed_trailer"}
    for part, (start, stop) in PARTS.items():
        yield _file_case(
            f"another object's {part}",
            lambda mine, other, a=start, b=stop: mine[:a] + other[a:b] + mine[b:],
            codes.get(part, "sealed_chunk"),
        )
        yield _file_case(
            f"another object with this one's {part}",
            lambda mine, other, a=start, b=stop: other[:a] + mine[a:b] + other[b:],
            "sealed_trailer sealed_wrong_object sealed_chunk",
        )
    for store in ("a", "b"):
        yield _file_case("all of another object", lambda _, other: other, "sealed_wrong_object", store)
        yield _file_case("all of another object under this one's id", _renamed, "sealed_trailer", store)


def _renamed(mine: bytes, other: bytes) -> bytes:
    return mine[:HEADER_BYTES] + other[HEADER_BYTES:]


def _resealed(scene: Scene, store: str, plain: bytes) -> None:
    """The attacker seals bytes of their own, well-formed in every way, with a key of their own."""
    path, pieces = scene.path(scene.mine, store), []
    sealer = Sealer(scene.mine.id, os.urandom(32), scene.mine.key_id, lambda data: pieces.append(bytes(data)))
    sealer.update(plain)
    sealer.finish()
    path.chmod(0o600)
    path.write_bytes(b"".join(pieces))


def _forgeries() -> Iterator[Case]:
    for store in ("a", "b"):
        yield Case(
            f"a well-formed forgery in store {store.upper()}",
            frozenset({"sealed_trailer"}),
            lambda scene, s=store: _resealed(scene, s, os.urandom(PLAIN_BYTES)),
        )
    yield Case(
        "the same footage sealed anew with another key",
        frozenset({"sealed_trailer"}),
        lambda scene: _resealed(scene, "a", b"one" * (PLAIN_BYTES // 3) + b"o" * (PLAIN_BYTES % 3)),
    )


def _absences() -> Iterator[Case]:
    def delete(scene: Scene, *stores: str) -> None:
        for store in stores:
            scene.path(scene.mine, store).unlink()

    def folder(scene: Scene) -> None:
        delete(scene, "a")
        scene.path(scene.mine, "a").mkdir()

    def dangling(scene: Scene) -> None:
        delete(scene, "a")
        scene.path(scene.mine, "a").symlink_to("/nowhere")

    def moved(scene: Scene) -> None:
        path = scene.path(scene.mine, "a")
        path.rename(path.with_name("elsewhere"))

    def folder_gone(scene: Scene) -> None:
        shutil.rmtree(scene.path(scene.mine, "a").parents[1])

    yield Case(
        "deleted from store A", frozenset({"missing", "object_lost"}), lambda scene: delete(scene, "a")
    )
    yield Case(
        "deleted from store B", frozenset({"missing", "object_lost"}), lambda scene: delete(scene, "b")
    )
    yield Case("deleted from both stores", frozenset({"missing"}), lambda scene: delete(scene, "a", "b"))
    yield Case("a folder in its place", frozenset({"missing", "store_failed"}), folder)
    yield Case("a dangling link in its place", frozenset({"missing", "object_lost"}), dangling)
    yield Case("moved to another name", frozenset({"missing"}), moved)
    yield Case("its folder gone", frozenset({"missing"}), folder_gone)


def _strangers() -> Iterator[Case]:
    def stranger(scene: Scene, store: str, name: str) -> None:
        path = scene.path(scene.mine, store).with_name(name)
        shutil.copyfile(scene.path(scene.other, store), path)
        old = 1_600_000_000
        os.utime(path, (old, old))

    for store in ("a", "b"):
        yield Case(
            f"an object that nobody recorded in store {store.upper()}",
            frozenset({"unexpected"}),
            lambda scene, s=store: stranger(scene, s, str(uuid.uuid4())),
        )
        yield Case(
            f"a file of another kind in store {store.upper()}",
            frozenset({"unexpected"}),
            lambda scene, s=store: stranger(scene, s, "notes.txt"),
        )


def _rows() -> Iterator[Case]:
    """What the database's administrator can do to the row."""
    wrong_key = frozenset({"key_not_unwrapped", "key_wrong", "key_not_held"})
    statements = {
        "its wrapped key replaced": ("wrapped_key = decode(repeat('01', 61), 'hex')", wrong_key),
        "a bit of its wrapped key": (
            "wrapped_key = set_bit(wrapped_key, 200, 1 - get_bit(wrapped_key, 200))",
            wrong_key,
        ),
        "its wrapped key cut": ("wrapped_key = substr(wrapped_key, 1, 40)", wrong_key),
        "another's wrapped key": (
            "wrapped_key = (SELECT wrapped_key FROM vault_sealedobject WHERE id = %(other)s)",
            wrong_key,
        ),
        "a key-encryption key that nobody has": ("key_id = 'local-0000000000000000'", wrong_key),
        "its hash": ("sha256 = decode(repeat('ab', 32), 'hex')", frozenset({"facts_differ", "hash_differs"})),
        "another's hash": (
            "sha256 = (SELECT sha256 FROM vault_sealedobject WHERE id = %(other)s)",
            frozenset({"facts_differ", "hash_differs"}),
        ),
        "its size": ("size_bytes = size_bytes - 1", frozenset({"facts_differ"})),
        "its sealed size made smaller": (
            "sealed_size_bytes = sealed_size_bytes - 1",
            frozenset({"wrong_size", "copy_overlong"}),
        ),
        "its sealed size made larger": (
            "sealed_size_bytes = sealed_size_bytes + 1",
            frozenset({"wrong_size", "sealed_truncated"}),
        ),
        "its place in the store": ("store_key = 'aa/bb/elsewhere'", frozenset({"missing", "object_lost"})),
        "its key destroyed without an event": (
            "wrapped_key = NULL, key_destroyed_at = now()",
            frozenset({"disposed_unlogged"}),
        ),
    }
    for words, (change, codes) in statements.items():
        yield Case(words, codes, lambda scene, c=change: _update(scene, c))


def _update(scene: Scene, change: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE vault_sealedobject SET {change} WHERE id = %(mine)s",  # noqa: S608 - of the table above
            {"mine": scene.mine.id, "other": scene.other.id},
        )


CASES: list[Case] = [
    *_flips("a"),
    *_flips("b"),
    *_cuts("a"),
    *_cuts("b"),
    *_growths(),
    *_blanks(),
    *_orders(),
    *_splices(),
    *_forgeries(),
    *_absences(),
    *_strangers(),
    *_rows(),
]
