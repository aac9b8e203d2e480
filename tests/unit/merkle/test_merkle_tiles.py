import pytest
from hypothesis import given
from hypothesis import strategies as st

from tabard.merkle.tiles import (
    BundleId,
    EntryTooLarge,
    InvalidTile,
    InvalidTilePath,
    TileId,
    bundles_of,
    covers,
    decode_bundle,
    encode_bundle,
    entries_path,
    parse_path,
    tile_bytes,
    tile_hashes,
    tile_nodes,
    tile_path,
    tiles_of,
)
from tabard.merkle.tree import MissingNode, NodeId, leaf_hash, root_of

indexes = st.integers(0, 2000) | st.integers(0, 2**55 - 1)
widths = st.integers(1, 256)
tiles = st.builds(TileId, st.integers(0, 63), indexes, widths)
bundles = st.builds(BundleId, indexes, widths)


@given(tiles | bundles)
def test_paths_round_trip(part):
    assert parse_path(part.path) == part


@given(st.text(st.sampled_from("tile/ntr0123456789x.p-+ \n"), max_size=40).map("tile/".__add__))
def test_a_path_is_refused_unless_it_is_the_one_spelling(path):
    try:
        part = parse_path(path)
    except InvalidTilePath:
        return
    assert part.path == path


@pytest.mark.parametrize(
    "path",
    [
        "",
        "tile/0",
        "tile/0/1",
        "tile/00/001",
        "tile/64/001",
        "tile/-1/001",
        "tile/0/x000/001",
        "tile/0/001/002",
        "tile/0/x001/x002",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/012",
        "tile/0/000.p/",
        "tile/0/000\n",
        "tile/0/\u0660\u0660\u0660",
        "tile/0/../000",
        "/tile/0/000",
        "tile/Entries/000",
    ],
)
def test_other_spellings_are_refused(path):
    with pytest.raises(InvalidTilePath):
        parse_path(path)


def test_paths_of_tiles_that_cannot_be_are_refused():
    for level, index, width in ((64, 0, 1), (-1, 0, 1), (0, -1, 1), (0, 0, 0), (0, 0, 257)):
        with pytest.raises(InvalidTilePath):
            tile_path(level, index, width)
    with pytest.raises(InvalidTilePath):
        entries_path(-1)


@given(st.lists(st.binary(max_size=40), min_size=1, max_size=256))
def test_bundles_round_trip(entries):
    assert decode_bundle(encode_bundle(entries)) == entries


@given(st.binary(max_size=60))
def test_whatever_decodes_is_what_was_encoded(data):
    try:
        entries = decode_bundle(data)
    except InvalidTile:
        return
    assert encode_bundle(entries) == data


def test_malformed_bundles_are_refused():
    for data in (b"", b"\0", b"\0\1", b"\0\3ab", b"\0\0" * 257):
        with pytest.raises(InvalidTile):
            decode_bundle(data)
    for entries in ([], [b""] * 257):
        with pytest.raises(InvalidTile):
            encode_bundle(entries)


def test_the_longest_leaf_fits_and_a_longer_one_is_refused():
    assert decode_bundle(encode_bundle([b"x" * 65535])) == [b"x" * 65535]
    with pytest.raises(EntryTooLarge) as caught:
        encode_bundle([b"", b"x" * 65536])
    assert caught.value.fields["size_bytes"] == 65536


def test_a_tile_holds_the_nodes_of_every_eighth_level(grow):
    leaves = [leaf_hash(str(number).encode()) for number in range(600)]
    read = grow(leaves)
    assert tile_nodes(TileId(1, 0, 2)) == [NodeId(8, 0), NodeId(8, 1)]
    assert tile_hashes(tile_bytes(TileId(0, 1), read)) == leaves[256:512]
    assert tile_hashes(tile_bytes(TileId(1, 0, 2), read)) == [root_of(leaves[:256]), root_of(leaves[256:512])]


def test_a_tile_with_a_lost_node_is_an_integrity_error():
    with pytest.raises(MissingNode):
        tile_bytes(TileId(0, 0, 1), lambda _: {})


@pytest.mark.parametrize("size_bytes", [0, 31, 33, 32 * 257])
def test_malformed_tiles_are_refused(size_bytes):
    with pytest.raises(InvalidTile):
        tile_hashes(bytes(size_bytes))


@given(st.integers(0, 200_000))
def test_the_tiles_of_a_tree_are_those_it_covers_and_partial_only_at_the_right_edge(size):
    parts = [*tiles_of(size), *bundles_of(size)]
    assert all(covers(size, part) for part in parts)
    assert len({part.path for part in parts}) == len(parts)
    assert sum(bundle.width for bundle in bundles_of(size)) == size
    for level in range(4):
        widths_there = [tile.width for tile in tiles_of(size) if tile.level == level]
        assert sum(widths_there) == size >> (8 * level)
        assert all(width == 256 for width in widths_there[:-1])


def test_a_tree_does_not_cover_what_it_does_not_have():
    assert covers(300, TileId(0, 1, 44))
    assert not covers(300, TileId(0, 1, 45))
    assert not covers(300, BundleId(1))
    assert not covers(255, TileId(1, 0, 1))
    assert covers(256, TileId(1, 0, 1))
