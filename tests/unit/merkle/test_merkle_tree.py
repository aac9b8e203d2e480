from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tabard.merkle.tree import (
    EMPTY_ROOT,
    MAX_TREE_SIZE,
    InvalidTreeInput,
    MissingNode,
    NodeId,
    extend,
    leaf_hash,
    node_hash,
    root,
    root_of,
)


def hashes(count):
    return [leaf_hash(str(number).encode()) for number in range(count)]


def root_by_definition(leaves):
    """RFC 6962 section 2.1, word for word."""
    if not leaves:
        return EMPTY_ROOT
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return node_hash(root_by_definition(leaves[:split]), root_by_definition(leaves[split:]))


@given(st.integers(0, 300), st.lists(st.integers(0, 300)))
def test_growing_in_pieces_gives_the_nodes_of_growing_at_once(size, cuts):
    leaves = hashes(size)
    edges = [0, *sorted(cut for cut in cuts if cut <= size), size]
    nodes = {}
    for begin, end in pairwise(edges):
        added = extend(begin, leaves[begin:end], lambda asked: {node: nodes[node] for node in asked})
        assert nodes.keys().isdisjoint(dict(added))
        nodes.update(added)
    assert nodes == dict(extend(0, leaves, lambda _: {}))


@given(st.integers(0, 300))
def test_the_nodes_are_every_complete_subtree_and_no_other(size):
    leaves = hashes(size)
    nodes = dict(extend(0, leaves, lambda _: {}))
    expected = {NodeId(level, index) for level in range(10) for index in range(size >> level)}
    assert nodes.keys() == expected
    assert all(value == root_by_definition(leaves[i << n : (i + 1) << n]) for (n, i), value in nodes.items())


@given(st.integers(0, 300), st.integers(0, 300))
def test_the_root_of_any_earlier_size_is_the_definitions(size, more):
    leaves = hashes(size + more)
    nodes = dict(extend(0, leaves, lambda _: {}))
    expected = root_by_definition(leaves[:size])
    assert root(size, lambda asked: {node: nodes[node] for node in asked}) == expected
    assert root_of(leaves[:size]) == expected


def test_old_nodes_are_asked_for_in_one_call_and_only_when_needed():
    leaves = hashes(12)
    nodes = dict(extend(0, leaves[:7], lambda _: {}))
    calls = []

    def read(asked):
        calls.append(list(asked))
        return nodes

    extend(7, leaves[7:8], read)
    extend(8, leaves[8:], read)
    root(0, read)
    assert calls == [[NodeId(0, 6), NodeId(1, 2), NodeId(2, 0)]]


def test_a_leaf_cannot_pass_for_an_inner_node():
    left, right = hashes(2)
    assert leaf_hash(left + right) != node_hash(left, right)


@pytest.mark.parametrize("damaged", [{}, {NodeId(0, 0): b"short"}])
def test_a_missing_or_damaged_node_stops_the_tree(damaged):
    with pytest.raises(MissingNode) as caught:
        extend(1, hashes(1), lambda _: damaged)
    assert caught.value.fields == {"level": 0, "index": 0}
    with pytest.raises(MissingNode):
        root(1, lambda _: damaged)


def test_impossible_sizes_and_hashes_are_refused():
    for size in (-1, MAX_TREE_SIZE + 1):
        with pytest.raises(InvalidTreeInput):
            root(size, lambda _: {})
        with pytest.raises(InvalidTreeInput):
            extend(size, [], lambda _: {})
    with pytest.raises(InvalidTreeInput):
        extend(MAX_TREE_SIZE, hashes(1), lambda _: {})
    with pytest.raises(InvalidTreeInput):
        extend(-1, hashes(2), lambda _: {})
    with pytest.raises(InvalidTreeInput):
        extend(0, [b"short"], lambda _: {})
    with pytest.raises(InvalidTreeInput):
        root_of([b"short"])
