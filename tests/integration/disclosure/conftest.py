"""Good packs of a whole recording, an excerpt and an excerpt with proven packets, built once a run, then only bytes."""

import pytest
from tests.integration.disclosure.docked import build, cut, dock, excerpt, exported, produce
from tests.integration.media_jail.jail_footage import Recipe, film

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


@pytest.fixture
def proven_pack(request):
    """The bytes of a pack whose exhibit is an excerpt of real video, each packet of which is proven."""
    if "proven" not in _built:
        world = request.getfixturevalue("world")
        recording = dock(world, {"20260302T090500Z_7f3a.mp4": film(Recipe(seconds=8))})
        _built["proven"] = exported(build(world, produce(world, recording, clip=excerpt(world, recording))))
    return _built["proven"]


@pytest.fixture(params=["recording_pack", "clip_pack", "proven_pack"])
def any_pack(request):
    """Each kind of pack."""
    return request.getfixturevalue(request.param)
