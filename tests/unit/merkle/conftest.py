import pytest

from tabard.merkle.tree import extend


@pytest.fixture(scope="session")
def grow():
    """A reader over the tree of the given leaf hashes; it fails on nodes that the tree does not have."""

    def grown(hashes):
        nodes = dict(extend(0, hashes, lambda _: {}))
        return lambda asked: {node: nodes[node] for node in asked}

    return grown
