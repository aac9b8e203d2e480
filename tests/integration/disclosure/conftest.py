"""One good pack of a whole recording and one of an excerpt, built once a run and then only bytes."""

import pytest
from tests.integration.disclosure.docked import build, cut, dock, exported, produce

_built: dict[str, bytes] = {}


@pytest.fixture
def recording_pack(request):
    """The bytes of a pack whose exhibit is a recording of two segments, a bookmark and a track."""
    if "recording" not in _built:
        world = request.getfixturevalue("world")
        _built["recording"] = exported(build(world, produce(world, dock(world))))
    return _built["recording"]


@pytest.fixture
def clip_pack(request):
    """The bytes of a pack whose exhibit is an excerpt."""
    if "clip" not in _built:
        world = request.getfixturevalue("world")
        recording = dock(world)
        _built["clip"] = exported(build(world, produce(world, recording, clip=cut(world, recording))))
    return _built["clip"]


@pytest.fixture(params=["recording_pack", "clip_pack"])
def any_pack(request):
    """Each kind of pack."""
    return request.getfixturevalue(request.param)
