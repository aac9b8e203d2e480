"""The proof vectors published by transparency-dev/merkle, and our own proofs for the tree they speak of."""

import json
from base64 import b64decode
from pathlib import Path

import pytest

from tabard.merkle.proofs import (
    InvalidProof,
    consistency_proof,
    inclusion_proof,
    verify_consistency,
    verify_inclusion,
)
from tabard.merkle.tree import EMPTY_ROOT, NodeId, extend, leaf_hash, root, root_of

VECTORS = Path(__file__).resolve().parents[3] / "shared/samples/conformance/rfc6962-merkle/testdata"
INCLUSION = sorted(VECTORS.glob("inclusion/**/*.json"))
CONSISTENCY = sorted(VECTORS.glob("consistency/**/*.json"))

# The eight leaves of the Certificate Transparency reference tree, which the vectors prove things about.
LEAVES = [
    bytes.fromhex(leaf)
    for leaf in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]

needs_vectors = pytest.mark.skipif(not VECTORS.is_dir(), reason="the RFC 6962 vectors are not here")


def name(path):
    return str(path.relative_to(VECTORS).with_suffix(""))


def path_of(vector):
    return [b64decode(value) for value in vector["proof"] or []]


@needs_vectors
def test_all_196_vectors_are_here():
    assert len(INCLUSION) + len(CONSISTENCY) == 196
    assert len(CONSISTENCY) > 90


@needs_vectors
@pytest.mark.parametrize("path", INCLUSION, ids=name)
def test_inclusion_vector(path):
    vector = json.loads(path.read_text())
    claim = (
        b64decode(vector["leafHash"] or ""),
        vector["leafIdx"],
        vector["treeSize"],
        path_of(vector),
        b64decode(vector["root"] or ""),
    )
    if vector["wantErr"]:
        with pytest.raises(InvalidProof):
            verify_inclusion(*claim)
    else:
        verify_inclusion(*claim)


@needs_vectors
@pytest.mark.parametrize("path", CONSISTENCY, ids=name)
def test_consistency_vector(path):
    vector = json.loads(path.read_text())
    claim = (
        vector["size1"],
        b64decode(vector["root1"] or ""),
        vector["size2"],
        b64decode(vector["root2"] or ""),
        path_of(vector),
    )
    if vector["wantErr"]:
        with pytest.raises(InvalidProof):
            verify_consistency(*claim)
    else:
        verify_consistency(*claim)


@pytest.fixture(scope="module")
def reference_tree():
    nodes = dict(extend(0, [leaf_hash(leaf) for leaf in LEAVES], lambda _: {}))
    return lambda asked: {node: nodes[node] for node in asked}


@needs_vectors
@pytest.mark.parametrize("path", [path for path in INCLUSION if path.stem == "happy-path"], ids=name)
def test_we_make_the_published_inclusion_proof(path, reference_tree):
    vector = json.loads(path.read_text())
    size = vector["treeSize"]
    assert inclusion_proof(vector["leafIdx"], size, reference_tree) == path_of(vector)
    assert root(size, reference_tree) == b64decode(vector["root"])


@needs_vectors
@pytest.mark.parametrize("path", [path for path in CONSISTENCY if path.stem == "happy-path"], ids=name)
def test_we_make_the_published_consistency_proof(path, reference_tree):
    vector = json.loads(path.read_text())
    proof = consistency_proof(vector["size1"], vector["size2"], reference_tree)
    assert proof == path_of(vector)
    assert root(vector["size1"], reference_tree) == b64decode(vector["root1"])


def test_roots_of_the_reference_tree():
    hashes = [leaf_hash(leaf) for leaf in LEAVES]
    assert root_of([]).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert root_of(hashes[:1]).hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert root_of(hashes[:8]).hex() == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"
    assert root_of([]) == EMPTY_ROOT


def test_the_seven_leaf_example_of_rfc_6962_section_2_1_3(reference_tree):
    """The proofs that the RFC draws for a tree of seven leaves, spelt as the nodes they name."""
    hashes = [leaf_hash(leaf) for leaf in LEAVES]
    a, b, c, d, e, f, j = hashes[:7]
    nodes = dict(extend(0, hashes, lambda _: {}))
    g, h, i = (nodes[NodeId(1, index)] for index in range(3))
    k = nodes[NodeId(2, 0)]
    last = root_of(hashes[4:7])
    assert inclusion_proof(0, 7, reference_tree) == [b, h, last]
    assert inclusion_proof(3, 7, reference_tree) == [c, g, last]
    assert inclusion_proof(4, 7, reference_tree) == [f, j, k]
    assert inclusion_proof(6, 7, reference_tree) == [i, k]
    assert consistency_proof(3, 7, reference_tree) == [c, d, g, last]
    assert consistency_proof(4, 7, reference_tree) == [last]
    assert consistency_proof(6, 7, reference_tree) == [i, j, k]
    assert a not in inclusion_proof(0, 7, reference_tree)
    assert e not in inclusion_proof(4, 7, reference_tree)
