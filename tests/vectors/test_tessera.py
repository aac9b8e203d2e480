"""A log written by tessera, another implementation of the same formats, read and rebuilt with ours."""

from pathlib import Path

import pytest

from tabard.merkle.checkpoint import Checkpoint, open_checkpoint
from tabard.merkle.note import InvalidNote, SignedNote, VerifierKey, open_note
from tabard.merkle.proofs import consistency_proof, inclusion_proof, verify_consistency, verify_inclusion
from tabard.merkle.tiles import (
    BundleId,
    TileId,
    bundles_of,
    covers,
    decode_bundle,
    encode_bundle,
    parse_path,
    tile_bytes,
    tile_hashes,
    tiles_of,
)
from tabard.merkle.tlog_proof import TlogProof
from tabard.merkle.tree import extend, leaf_hash, root

SAMPLE = Path(__file__).resolve().parents[3] / "shared/samples/conformance/tlog-tessera"
LOG = SAMPLE / "testdata/log"
SIZE = 15

pytestmark = pytest.mark.skipif(not LOG.is_dir(), reason="the tessera test log is not here")


@pytest.fixture(scope="module")
def log_key():
    return VerifierKey.parse((SAMPLE / "log.vkey").read_text())


@pytest.fixture(scope="module")
def leaves():
    return [leaf for bundle in bundles_of(SIZE) for leaf in decode_bundle((LOG / bundle.path).read_bytes())]


@pytest.fixture(scope="module")
def read(leaves):
    nodes = dict(extend(0, [leaf_hash(leaf) for leaf in leaves], lambda _: {}))
    return lambda asked: {node: nodes[node] for node in asked}


def checkpoint_at(size, log_key):
    return open_checkpoint((LOG / f"checkpoint.{size}").read_bytes(), [log_key])


def test_every_published_path_is_one_we_read_and_write():
    paths = sorted(str(path.relative_to(LOG)) for path in (LOG / "tile").rglob("*") if path.is_file())
    assert len(paths) == 30
    assert [parse_path(path).path for path in paths] == paths
    assert all(covers(SIZE, parse_path(path)) for path in paths)


def test_the_files_of_the_largest_tree_are_those_we_expect():
    assert list(tiles_of(SIZE)) == [TileId(0, 0, 15)]
    assert list(bundles_of(SIZE)) == [BundleId(0, 15)]
    assert all((LOG / part.path).is_file() for part in (*tiles_of(SIZE), *bundles_of(SIZE)))


@pytest.mark.parametrize("width", range(1, SIZE + 1))
def test_tiles_rebuilt_from_entry_bundles_are_the_published_bytes(width, leaves, read):
    assert tile_bytes(TileId(0, 0, width), read) == (LOG / TileId(0, 0, width).path).read_bytes()
    published = (LOG / BundleId(0, width).path).read_bytes()
    assert encode_bundle(leaves[:width]) == published
    assert decode_bundle(published) == leaves[:width]


def test_tile_hashes_are_the_leaf_hashes(leaves):
    tile = (LOG / TileId(0, 0, SIZE).path).read_bytes()
    assert tile_hashes(tile) == [leaf_hash(leaf) for leaf in leaves]


@pytest.mark.parametrize("size", range(SIZE + 1))
def test_every_signed_checkpoint_holds_the_root_we_compute(size, log_key, read):
    checkpoint = checkpoint_at(size, log_key)
    assert checkpoint == Checkpoint("example.com/log/testdata", size, root(size, read))


@pytest.mark.parametrize("size", range(1, SIZE + 1))
def test_proofs_agree_with_the_published_roots(size, log_key, leaves, read):
    head, last = checkpoint_at(size, log_key), checkpoint_at(SIZE, log_key)
    for index in range(size):
        path = inclusion_proof(index, size, read)
        verify_inclusion(leaf_hash(leaves[index]), index, size, path, head.root)
    verify_consistency(size, head.root, SIZE, last.root, consistency_proof(size, SIZE, read))


def test_the_checkpoint_is_written_back_byte_for_byte():
    published = (LOG / "checkpoint").read_bytes()
    note = SignedNote.parse(published)
    assert note.encode() == published
    assert Checkpoint.parse(note.text).to_text() == note.text


def test_the_verifier_key_is_written_back(log_key):
    assert log_key.encode() == (SAMPLE / "log.vkey").read_text().strip()


def test_a_checkpoint_whose_size_was_altered_is_refused(log_key):
    published = (LOG / "checkpoint").read_bytes()
    with pytest.raises(InvalidNote):
        open_note(published.replace(b"\n15\n", b"\n14\n"), [log_key])


def test_a_receipt_over_the_published_checkpoint_proves_its_leaf(log_key, leaves, read):
    proof = TlogProof(9, tuple(inclusion_proof(9, SIZE, read)), (LOG / "checkpoint").read_bytes())
    assert TlogProof.parse(proof.encode()).verify(leaves[9], [log_key]) == checkpoint_at(SIZE, log_key)
