"""A simulated force stands in an empty installation whole, the same for its seed, and says that it is simulated."""

from datetime import UTC, datetime

import pytest
from django.db import connection, transaction

from tabard.custody.actors import Actor
from tabard.custody.selectors import LogFilter, page
from tabard.fleet.models import Assignment, Camera, ClockReading
from tabard.incidents.models import Incident, Link
from tabard.kernel.clock import now
from tabard.people.models import Account, Officer, Unit
from tabard.people.services import create_unit
from tabard.recordings.models import Recording, Segment
from tabard.retention.models import Disposal
from tabard.retention.services import adopt_policy
from tabard.simulation.whole_force import footage_rows
from tabard.simulation.whole_force.spec import WholeForceSpec
from tabard.simulation.whole_force.writing import NotEmpty, simulate_force
from tabard.vault.models import SealedObject
from tabard.vault.selectors import waiting

SPEC = WholeForceSpec(recordings=400, cameras=100, officers=130)
BY = Actor.system("test")
MADE = (
    *("people_unit", "people_officer", "people_posting", "fleet_camera", "fleet_assignment", "fleet_dock"),
    *(
        "fleet_training",
        "fleet_dockstatus",
        "fleet_dockedcamera",
        "fleet_clockreading",
        "recordings_recording",
        "recordings_segment",
    ),
    *("vault_sealedobject", "retention_disposal", "incidents_incident", "incidents_link"),
)


def simulate(spec=SPEC):
    return simulate_force(spec=spec, by=BY, at=now())


def digests():
    """What every table holds, in one hash each; a docked camera's own id is the table's count."""
    found = {}
    with connection.cursor() as cursor:
        for table in MADE:
            cursor.execute(
                f"SELECT md5(string_agg(written, '' ORDER BY written)) FROM"  # noqa: S608 - names of tables, ours
                f" (SELECT (to_jsonb(t) - CASE WHEN '{table}' = 'fleet_dockedcamera' THEN 'id' ELSE '' END)::text"
                f" AS written FROM {table} t) AS every"
            )
            found[table] = cursor.fetchone()[0]
    return found


@pytest.fixture
def _policy(db):
    adopt_policy()


@pytest.mark.usefixtures("_policy")
class TestTheForce:
    def test_all_of_it_is_there_and_consistent(self):
        made = simulate()
        assert (made.officers, made.cameras, made.recordings) == (130, 100, 400)
        assert (Officer.objects.count(), Camera.objects.count()) == (130, 100)
        assert Recording.objects.count() == 400
        assert Recording.objects.filter(disposed_at__isnull=False).count() == made.disposed == SPEC.disposed
        assert Disposal.objects.count() == SPEC.disposed
        assert Segment.objects.count() == SealedObject.objects.count() == made.segments
        assert Incident.objects.count() == made.incidents
        assert Link.objects.count() == made.links >= made.incidents
        assert ClockReading.objects.count() == made.clock_readings
        assert Unit.objects.count() == made.units
        recording = Recording.objects.select_related("officer", "camera").exclude(metadata={}).latest("id")
        worn = Assignment.objects.filter(camera=recording.camera, during__contains=recording.filmed_at)
        assert worn.get().officer == recording.officer
        assert (worn.get().mount, worn.get().duty) == (
            recording.camera.mount,
            recording.officer.camera_trainings.get().duty,
        )
        assert recording.camera_serial == recording.camera.serial
        assert recording.officer_reference == recording.officer.warrant_number

    def test_what_is_simulated_says_so_and_cannot_be_read(self):
        simulate()
        assert set(Recording.objects.values_list("source", flat=True)) == {"simulated"}
        assert not Recording.objects.filter(disposed_at__isnull=True).exclude(metadata={"simulated": True})
        assert not SealedObject.objects.filter(wrapped_key__isnull=False)
        assert not SealedObject.objects.filter(removed_at__isnull=True)
        assert list(waiting()) == []
        assert Unit.objects.get(kind="force").name == "Metropolitan Police (simulated)"
        assert not Officer.objects.exclude(warrant_number__startswith="SIM")
        account = Account.objects.get()
        assert (account.is_active, account.has_usable_password()) == (False, False)

    def test_one_event_says_that_it_was_simulated_and_none_that_footage_came(self):
        simulate()
        (event,) = page(LogFilter())
        assert (event.kind, event.subject_id) == ("force.simulated", Unit.objects.get(kind="force").id)
        assert event.particulars.details == {"seed": 1, "year": 2025, "recordings": 400, "cameras": 100}

    def test_the_same_seed_writes_the_same_rows(self):
        written = []
        for _ in range(2):
            point = transaction.savepoint()
            simulate()
            written.append(digests())
            transaction.savepoint_rollback(point)
        assert written[0] == written[1]
        assert None not in written[0].values()

    def test_an_installation_that_holds_anything_is_refused(self):
        create_unit(
            kind="force", code="MPS", name="Real", parent=None, by=BY, at=datetime(2026, 3, 2, tzinfo=UTC)
        )
        with pytest.raises(NotEmpty, match="holds units already"):
            simulate()
        assert (Unit.objects.count(), Officer.objects.count()) == (1, 0)

    def test_a_simulation_that_breaks_leaves_nothing(self, monkeypatch):
        monkeypatch.setattr(footage_rows, "_write_incidents", lambda _: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            simulate()
        assert (Unit.objects.count(), Recording.objects.count(), list(page(LogFilter()))) == (0, 0, [])
