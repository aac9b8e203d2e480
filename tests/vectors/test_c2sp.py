"""Known answers from the C2SP specifications and from the Go note package that they were written after."""

from base64 import b64decode

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tabard.merkle.checkpoint import Checkpoint
from tabard.merkle.note import (
    InvalidNote,
    InvalidVerifierKey,
    SignedNote,
    Signer,
    VerifierKey,
    open_note,
    sign_note,
)
from tabard.merkle.tiles import BundleId, TileId, entries_path, parse_path, tile_path, tiles_of
from tabard.merkle.tlog_proof import TlogProof

# golang.org/x/mod/sumdb/note: the example keys and note of its documentation and tests (BSD-3-Clause).
PETER_VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PETER_SECRET = "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
ENOCH_VKEY = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
PETER_LINE = (
    "— PeterNeumann "
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
ENOCH_LINE = (
    "— EnochRoot "
    "rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n"
)
BOTH = f"{TEXT}\n{PETER_LINE}{ENOCH_LINE}".encode()

PETER = VerifierKey.parse(PETER_VKEY)
ENOCH = VerifierKey.parse(ENOCH_VKEY)


def test_a_verifier_key_is_read_and_written():
    assert (PETER.name, PETER.key_id.hex(), PETER.algorithm) == ("PeterNeumann", "c74f20a3", 1)
    assert PETER.encode() == PETER_VKEY


def test_signing_gives_the_published_note():
    signer = Signer("PeterNeumann", Ed25519PrivateKey.from_private_bytes(b64decode(PETER_SECRET)[1:]))
    assert signer.vkey == PETER
    assert sign_note(TEXT, signer).encode() == f"{TEXT}\n{PETER_LINE}".encode()


def test_the_published_note_opens_for_who_knows_either_key():
    assert open_note(BOTH, [PETER]).verified_by == (PETER,)
    assert open_note(BOTH, [ENOCH]).verified_by == (ENOCH,)
    note = open_note(BOTH, [PETER, ENOCH])
    assert note.text == TEXT
    assert note.verified_by == (PETER, ENOCH)
    assert note.encode() == BOTH


def test_nobody_known_signed():
    with pytest.raises(InvalidNote):
        open_note(BOTH, [])


def test_a_known_keys_wrong_signature_spoils_the_note_even_beside_a_right_one():
    forged = ENOCH_LINE.replace("rwz+eBzm", "rwz+eAzm")
    data = f"{TEXT}\n{PETER_LINE}{forged}".encode()
    assert open_note(data, [PETER]).verified_by == (PETER,)
    with pytest.raises(InvalidNote):
        open_note(data, [PETER, ENOCH])


@pytest.mark.parametrize("at", range(len(PETER_VKEY)))
def test_no_piece_or_mangling_of_a_verifier_key_is_one(at):
    mangled = PETER_VKEY[:at] + chr(ord(PETER_VKEY[at]) + 1) + PETER_VKEY[at + 1 :]
    for vkey in (PETER_VKEY[:at], PETER_VKEY[at + 1 :], mangled):
        with pytest.raises(InvalidVerifierKey):
            VerifierKey.parse(vkey)


@pytest.mark.parametrize(
    "vkey",
    [
        "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==",
        "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
    ],
    ids=["key too long", "unknown type"],
)
def test_keys_that_go_refuses_although_their_ids_fit(vkey):
    with pytest.raises(InvalidVerifierKey):
        VerifierKey.parse(vkey)


@pytest.mark.parametrize(
    "data",
    [
        TEXT,
        TEXT + "\n",
        f"{TEXT}\n{PETER_LINE[:-1]}",
        f"\x01{TEXT}\n{PETER_LINE}",
        f"{TEXT}\n{PETER_LINE}".replace("PeterNeumann", "Bad Name"),
        f"{TEXT}\n{PETER_LINE}".replace("PeterNeumann", "Bad\u2003Name"),
        f"{TEXT}\n{PETER_LINE}Unexpected line.\n",
        f"{TEXT}\n{PETER_LINE * 101}",
    ],
)
def test_notes_that_go_calls_malformed(data):
    with pytest.raises(InvalidNote):
        open_note(data.encode(), [PETER])


def test_a_note_that_is_not_utf_8_is_malformed():
    with pytest.raises(InvalidNote):
        open_note(b"\xff" + BOTH, [PETER])


def test_the_specifications_note_keeps_the_empty_line_in_its_text():
    data = (
        "Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned è subito sera.\n\n"
        "— quasimodo.example/salvatore "
        "NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n"
    ).encode()
    note = SignedNote.parse(data)
    assert note.text.endswith("sole:\n\ned è subito sera.\n")
    assert note.signatures[0].key_id.hex() == "367ba04b"
    assert note.encode() == data


def test_the_specifications_checkpoint():
    text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    checkpoint = Checkpoint.parse(text)
    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20852163)
    assert checkpoint.to_text() == text


def test_the_specifications_tile_paths():
    assert tile_path(0, 1234067) == "tile/0/x001/x234/067"
    assert entries_path(1234067, 7) == "tile/entries/x001/x234/067.p/7"
    assert parse_path("tile/0/x001/x234/067") == TileId(0, 1234067)
    assert parse_path("tile/entries/x001/x234/067.p/7") == BundleId(1234067, 7)


def test_the_specifications_tree_of_70000():
    tiles = list(tiles_of(70_000))
    assert tiles[:273] == [TileId(0, index) for index in range(273)]
    assert tiles[273:] == [TileId(0, 273, 112), TileId(1, 0), TileId(1, 1, 17), TileId(2, 0, 1)]
    assert list(tiles_of(256)) == [TileId(0, 0), TileId(1, 0, 1)]


def test_the_layout_of_the_specifications_proof_file():
    hashes = (
        "gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=",
        "B95lDa8R83lS8n0eG+o0buTxRKQTYFi//1U8anccXmA=",
    )
    data = "\n".join(
        ["c2sp.org/tlog-proof@v1", "extra ZXh0cmE=", "index 73894", *hashes, "", "example.com/fancylog\n…"]
    ).encode()
    proof = TlogProof.parse(data)
    assert (proof.index, proof.extra) == (73894, b"extra")
    assert proof.path == tuple(b64decode(value) for value in hashes)
    assert proof.checkpoint_note == "example.com/fancylog\n…".encode()
    assert proof.encode() == data
