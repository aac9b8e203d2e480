import pytest
from hypothesis import given
from hypothesis import strategies as st

from tabard.merkle.proofs import InvalidProof, inclusion_proof
from tabard.merkle.runs import Run, gaps, root_of_stream, verify_runs
from tabard.merkle.tree import EMPTY_ROOT, InvalidTreeInput, leaf_hash, root_of

LEAVES = [leaf_hash(str(number).encode()) for number in range(130)]


@st.composite
def chosen(draw):
    """A tree's size and one or more runs in it, ascending, some of them adjoining or empty."""
    size = draw(st.integers(1, len(LEAVES)))
    edges = sorted(draw(st.lists(st.integers(0, size), min_size=2, max_size=8)))
    pairs = zip(edges[::2], edges[1::2], strict=False)
    runs = [Run(first, LEAVES[first:end]) for first, end in pairs]
    return size, runs


def proof_of(runs, size):
    places = [range(run.first, run.end) for run in runs]
    return [root_of(LEAVES[gap.start : gap.stop]) for gap in gaps(places, size)]


@given(chosen())
def test_every_proof_of_runs_verifies(choice):
    size, runs = choice
    path = proof_of(runs, size)
    if any(run.leaf_hashes for run in runs):
        verify_runs(runs, size, path, root_of(LEAVES[:size]))
    else:
        with pytest.raises(InvalidProof):
            verify_runs(runs, size, path, root_of(LEAVES[:size]))


@given(chosen(), st.data())
def test_a_leaf_changed_moved_left_out_or_repeated_is_noticed(choice, data):
    size, runs = choice
    path, root = proof_of(runs, size), root_of(LEAVES[:size])
    at = data.draw(st.integers(0, len(runs) - 1))
    first, hashes = runs[at].first, list(runs[at].leaf_hashes)
    if not hashes:
        return
    place = data.draw(st.integers(0, len(hashes) - 1))
    others = [
        Run(first, [*hashes[:place], leaf_hash(b"another"), *hashes[place + 1 :]]),
        Run(first, [*hashes[:place], *hashes[place + 1 :]]),
        Run(first, [*hashes[: place + 1], *hashes[place:]]),
        Run(first + 1, hashes),
    ]
    if len(hashes) > 1:
        others.append(Run(first, hashes[::-1]))
    for other in others:
        with pytest.raises(InvalidProof):
            verify_runs([*runs[:at], other, *runs[at + 1 :]], size, path, root)


@given(chosen(), st.data())
def test_a_proof_changed_cut_short_or_made_longer_is_noticed(choice, data):
    size, runs = choice
    path, root = proof_of(runs, size), root_of(LEAVES[:size])
    with pytest.raises(InvalidProof):
        verify_runs(runs, size, [*path, LEAVES[0]], root)
    if path:
        at = data.draw(st.integers(0, len(path) - 1))
        for other in ([*path[:at], *path[at + 1 :]], [*path[:at], b"short", *path[at + 1 :]]):
            with pytest.raises(InvalidProof):
                verify_runs(runs, size, other, root)
        with pytest.raises(InvalidProof):
            verify_runs(runs, size, [*path[:at], leaf_hash(b"another"), *path[at + 1 :]], root)


def test_a_run_of_one_leaf_takes_its_inclusion_path(grow):
    read = grow(LEAVES)
    for size in (1, 2, 5, 64, 100, 130):
        for index in range(0, size, 7):
            run = [Run(index, LEAVES[index : index + 1])]
            assert sorted(proof_of(run, size)) == sorted(inclusion_proof(index, size, read))


def test_a_long_run_in_a_large_tree_takes_few_hashes():
    assert len(gaps([range(1), range(100_000, 101_800), range(200_000, 202_000)], 1_000_000)) < 80


@pytest.mark.parametrize("runs", [[range(3, 6)], [range(2), range(1, 3)], [range(2, 3), range(1)]])
def test_runs_outside_the_tree_overlapping_or_out_of_order_are_refused(runs):
    with pytest.raises(InvalidTreeInput):
        gaps(runs, 5)
    with pytest.raises(InvalidProof):
        verify_runs([Run(run.start, LEAVES[run.start : run.stop]) for run in runs], 5, [], LEAVES[0])


@pytest.mark.parametrize("size", [0, 1, 2, 4095, 4096, 4097, 8192, 12_289, 20_000])
def test_the_root_of_a_stream_is_the_root_of_the_tree(size):
    leaves = [leaf_hash(number.to_bytes(4)) for number in range(size)]
    assert root_of_stream(iter(leaves)) == root_of(leaves)
    assert root_of_stream(iter([])) == EMPTY_ROOT
