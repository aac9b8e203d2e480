"""Which recording does a sealed object belong to? Those above know; whoever calls us brings their answer along."""

from collections.abc import Callable, Collection, Mapping
from uuid import UUID

Belonging = Callable[[Collection[UUID]], Mapping[UUID, UUID]]
"""From ids of objects to ids of their recordings; one that belongs to none (a pack, a registry) is left out."""


def of_none(objects: Collection[UUID]) -> Mapping[UUID, UUID]:  # noqa: ARG001 - the shape of a `Belonging`
    """For installations, tests and benchmarks without recordings."""
    return {}
