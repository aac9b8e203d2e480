import pytest
from hypothesis import given
from hypothesis import strategies as st

from tabard.merkle.proofs import (
    InvalidProof,
    consistency_nodes,
    consistency_proof,
    inclusion_nodes,
    inclusion_proof,
    verify_consistency,
    verify_inclusion,
)
from tabard.merkle.tree import (
    EMPTY_ROOT,
    InvalidTreeInput,
    MissingNode,
    NodeId,
    leaf_hash,
    node_hash,
    root,
    root_of,
)

LEAVES = [leaf_hash(str(number).encode()) for number in range(130)]


@pytest.fixture(scope="module")
def read(grow):
    return grow(LEAVES)


@st.composite
def places(draw):
    size = draw(st.integers(1, len(LEAVES)))
    return draw(st.integers(0, size - 1)), size


@st.composite
def growths(draw):
    new = draw(st.integers(1, len(LEAVES)))
    return draw(st.integers(1, new)), new


def flip(value, bit):
    return bytes([*value[: bit // 8], value[bit // 8] ^ (1 << bit % 8), *value[bit // 8 + 1 :]])


@given(places())
def test_every_inclusion_proof_verifies(read, place):
    index, size = place
    path = inclusion_proof(index, size, read)
    verify_inclusion(LEAVES[index], index, size, path, root(size, read))


@given(growths())
def test_every_consistency_proof_verifies(read, growth):
    old, new = growth
    path = consistency_proof(old, new, read)
    verify_consistency(old, root(old, read), new, root(new, read), path)


@given(places(), st.integers(0, 255), st.data())
def test_an_altered_inclusion_proof_fails(read, place, bit, data):
    index, size = place
    path = inclusion_proof(index, size, read)
    leaf, head = LEAVES[index], root(size, read)
    forgeries = [
        (flip(leaf, bit), index, path, head),
        (leaf, index, path, flip(head, bit)),
        (leaf, index, [*path, head], head),
        (leaf, index, [leaf, *path], head),
    ]
    if path:
        at = data.draw(st.integers(0, len(path) - 1))
        forgeries += [
            (leaf, index, [*path[:at], flip(path[at], bit), *path[at + 1 :]], head),
            (leaf, index, path[:at] + path[at + 1 :], head),
            (leaf, index, [*path[:at], path[at][:-1], *path[at + 1 :]], head),
            (leaf, data.draw(st.integers(0, size - 1).filter(lambda other: other != index)), path, head),
        ]
    for forged_leaf, forged_index, forged_path, forged_head in forgeries:
        with pytest.raises(InvalidProof):
            verify_inclusion(forged_leaf, forged_index, size, forged_path, forged_head)


@given(growths(), st.integers(0, 255), st.data())
def test_an_altered_consistency_proof_fails(read, growth, bit, data):
    old, new = growth
    path = consistency_proof(old, new, read)
    old_root, new_root = root(old, read), root(new, read)
    forgeries = [
        (flip(old_root, bit), new_root, path),
        (old_root, flip(new_root, bit), path),
        (old_root, new_root, [*path, new_root]),
        (old_root, new_root, [old_root, *path]),
    ]
    if path:
        at = data.draw(st.integers(0, len(path) - 1))
        forgeries += [
            (new_root, old_root, path),
            (old_root, new_root, [*path[:at], flip(path[at], bit), *path[at + 1 :]]),
            (old_root, new_root, path[:at] + path[at + 1 :]),
            (old_root, new_root, [*path[:at], path[at] + b"\0", *path[at + 1 :]]),
        ]
    for forged_old, forged_new, forged_path in forgeries:
        with pytest.raises(InvalidProof):
            verify_consistency(old, forged_old, new, forged_new, forged_path)


@given(growths(), st.integers(0, len(LEAVES) - 1))
def test_a_tree_in_which_an_old_leaf_was_changed_is_not_consistent(grow, growth, index):
    old, new = growth
    rewritten = list(LEAVES)
    rewritten[index % old] = leaf_hash(b"rewritten")
    reader = grow(rewritten[:new])
    with pytest.raises(InvalidProof):
        verify_consistency(
            old, root_of(LEAVES[:old]), new, root(new, reader), consistency_proof(old, new, reader)
        )


@given(places(), st.integers(1, len(LEAVES)))
def test_a_path_of_the_wrong_length_for_the_claimed_size_fails(read, place, claimed):
    index, size = place
    path = inclusion_proof(index, size, read)
    if index < claimed and len(inclusion_proof(index, claimed, read)) == len(path):
        return  # one shape: only the signed checkpoint tells these two sizes apart
    with pytest.raises(InvalidProof):
        verify_inclusion(LEAVES[index], index, claimed, path, root(size, read))


def test_a_path_cannot_end_below_or_climb_above_the_root(read):
    """Roots made to fit a path too short or too long for the size, so that only its length is wrong."""
    a, b, c, d, extra = LEAVES[:5]
    ab, root_3, root_4 = node_hash(a, b), root(3, read), root(4, read)
    with pytest.raises(InvalidProof):
        verify_inclusion(a, 0, 4, [b], ab)
    with pytest.raises(InvalidProof):
        verify_inclusion(a, 0, 1, [extra], node_hash(extra, a))
    verify_consistency(3, root_3, 4, root_4, [c, d, ab])
    with pytest.raises(InvalidProof):
        verify_consistency(3, root_3, 8, root_4, [c, d, ab])
    with pytest.raises(InvalidProof):
        verify_consistency(3, node_hash(extra, root_3), 4, node_hash(extra, root_4), [c, d, ab, extra])


blobs = st.binary(max_size=40) | st.binary(min_size=32, max_size=32)
numbers = st.integers(-2, 40) | st.integers()


@given(blobs, numbers, numbers, st.lists(blobs, max_size=8), blobs)
def test_no_garbage_raises_anything_but_an_invalid_proof(first, small, large, path, second):
    for check in (
        lambda: verify_inclusion(first, small, large, path, second),
        lambda: verify_consistency(small, first, large, second, path),
    ):
        try:
            check()
        except InvalidProof:
            continue
        # Nothing to prove: the one leaf is the root, or one size has one root.
        assert first == second
        assert path == []


def test_proofs_from_the_empty_tree_show_nothing_and_are_refused():
    with pytest.raises(InvalidProof):
        verify_consistency(0, EMPTY_ROOT, 3, root_of(LEAVES[:3]), [])
    with pytest.raises(InvalidProof):
        verify_consistency(0, EMPTY_ROOT, 0, EMPTY_ROOT, [])
    with pytest.raises(InvalidTreeInput):
        consistency_proof(0, 3, lambda _: {})


def test_a_proof_of_what_the_tree_does_not_have_cannot_be_asked_for(read):
    for index, size in ((3, 3), (-1, 3), (0, 0), (0, -1)):
        with pytest.raises(InvalidTreeInput):
            inclusion_proof(index, size, read)
    with pytest.raises(InvalidTreeInput):
        consistency_proof(4, 3, read)


def test_a_lost_node_is_an_integrity_error():
    with pytest.raises(MissingNode):
        inclusion_proof(0, 2, lambda _: {})


def test_nodes_can_be_named_before_they_are_read():
    assert inclusion_nodes(0, 7) == [NodeId(0, 1), NodeId(1, 1), NodeId(1, 2), NodeId(0, 6)]
    assert consistency_nodes(3, 7) == [
        NodeId(0, 2),
        NodeId(0, 3),
        NodeId(1, 0),
        NodeId(1, 2),
        NodeId(0, 6),
    ]


@given(places())
def test_a_proof_reads_exactly_the_nodes_it_names_in_one_call(read, place):
    index, size = place
    calls = []

    def spying(asked):
        calls.append(list(asked))
        return read(asked)

    inclusion_proof(index, size, spying)
    assert calls == ([inclusion_nodes(index, size)] if size > 1 else [])
