"""The worked vectors of `docs/reference/sealed-object.md` are what we write and read."""

import hashlib
import re
from pathlib import Path
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from tests.unit.sealing.sealed_bytes import seal

from tabard.sealing.keys import WrappedKey, unwrap_key

REFERENCE = Path(__file__).parents[3] / "docs" / "reference" / "sealed-object.md"


@pytest.fixture(scope="module")
def vector():
    block = REFERENCE.read_text(encoding="utf-8").split("```text\n")[1].split("```")[0]
    return dict(re.findall(r"^([\w -]+):\s+(\S+)$", block, re.MULTILINE))


def seal_as_in(vector, plain):
    return seal(
        [plain],
        chunk_size=int(vector["chunk size"]),
        object_id=UUID(vector["object id"]),
        key=bytes.fromhex(vector["data key"]),
    )


def test_we_write_the_worked_vector(vector):
    sealed = seal_as_in(vector, bytes.fromhex(vector["plain"]))
    parts = [vector[name] for name in ("header", "chunk 0", "chunk 1", "chunk 2", "trailer")]
    assert sealed.data.hex() == "".join(parts)
    assert sealed.facts.sha256.hex() == vector["sha256"]


def test_we_write_the_empty_vector(vector):
    sealed = seal_as_in(vector, b"")
    assert sealed.data.hex() == vector["header"] + vector["empty chunk 0"] + vector["empty trailer"]


def test_the_tables_alone_are_enough_to_open_it(vector):
    cipher = AESGCM(bytes.fromhex(vector["data key"]))
    header = bytes.fromhex(vector["header"])
    plain = b"".join(
        cipher.decrypt(
            number.to_bytes(12, "big"),
            bytes.fromhex(vector[f"chunk {number}"]),
            header + number.to_bytes(8, "big") + bytes([number == 2]),
        )
        for number in range(3)
    )
    trailer = cipher.decrypt(
        bytes.fromhex("000000010000000000000000"),
        bytes.fromhex(vector["trailer"]),
        header + (3).to_bytes(8, "big") + b"\x02",
    )
    assert plain == bytes.fromhex(vector["plain"]) == b"Whan that Aprille with his shoures"
    assert trailer == len(plain).to_bytes(8, "big") + hashlib.sha256(plain).digest()


def test_we_unwrap_the_worked_key(vector):
    wrapped = WrappedKey(vector["key id"], bytes.fromhex(vector["wrapped key"]))
    key = unwrap_key(bytes.fromhex(vector["key-encrypting"]), wrapped, UUID(vector["object id"]))
    assert key.hex() == vector["data key"]
