"""What every test may ask for."""

from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
SAMPLES = REPOSITORY.parent / "shared" / "samples"


@pytest.fixture(scope="session")
def samples() -> Path:
    """Real files made by others; the test is skipped where they are absent."""
    if not SAMPLES.is_dir():
        pytest.skip(f"the sample files are not here ({SAMPLES.relative_to(REPOSITORY.parent)})")
    return SAMPLES


@pytest.fixture
def world(db: None):
    """Two boroughs, an officer in each, and people with roles; recordings are made on demand."""
    from tests.world import World  # models can be imported only once Django is set up

    return World()
