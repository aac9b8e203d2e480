"""What every test may ask for."""

import os
from pathlib import Path

import pytest

from tests.object_server import ObjectServer, program, shared

REPOSITORY = Path(__file__).resolve().parent.parent
SAMPLES = REPOSITORY.parent / "shared" / "samples"


@pytest.fixture(scope="session")
def samples() -> Path:
    """Real files made by others; the test is skipped where they are absent."""
    if not SAMPLES.is_dir():
        pytest.skip(f"the sample files are not here ({SAMPLES.relative_to(REPOSITORY.parent)})")
    return SAMPLES


@pytest.fixture(scope="session")
def object_server() -> ObjectServer:
    """A real S3 server on loopback, one for the whole run."""
    if program() is None:
        pytest.skip("no S3 server: the `weed` program of seaweedfs is not installed")
    return shared(Path(os.environ["TABARD_TEST_HOME"]) / "objects")


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker) -> None:
    """pytest-django's, and then the log's tables may be emptied between tests; see `tampering`.

    Whenever tables were emptied, Django writes its own list of models and permissions anew. Nothing of ours reads it,
    and it takes longer than the emptying.
    """
    from django.contrib.contenttypes.management import create_contenttypes
    from django.db.models.signals import post_migrate

    from tests.tampering import let_tables_be_emptied

    assert post_migrate.disconnect(create_contenttypes)
    assert post_migrate.disconnect(dispatch_uid="django.contrib.auth.management.create_permissions")
    with django_db_blocker.unblock():
        let_tables_be_emptied()


@pytest.fixture(autouse=True)
def _each_test_has_a_log_of_its_own() -> None:
    """The database forgets between tests; so must the memory of what was signed, which is kept outside it."""
    (Path(os.environ["TABARD_HOME"]) / "keys" / "log-key.last-signed").unlink(missing_ok=True)


@pytest.fixture
def world(db: None):
    """Two boroughs, an officer in each, and people with roles; recordings are made on demand."""
    from tests.world import World  # models can be imported only once Django is set up

    return World()
