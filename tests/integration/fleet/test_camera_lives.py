"""What becomes of a camera: by the table of states, with a reason, as one event, and never against its wearer."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction

from tabard.custody.selectors import history
from tabard.fleet import lives, services
from tabard.fleet.errors import AlreadyReceived, CameraNotWorn, CameraStateConflict
from tabard.fleet.lives import Description, change_state, describe_camera
from tabard.fleet.models import Assignment, Camera
from tabard.fleet.selectors import camera_by_serial, cameras, unit_counts, wearer_at
from tabard.fleet.services import assign_camera, order_camera, return_camera
from tabard.fleet.states import TRANSITIONS, Change, State
from tabard.kernel.errors import Invalid

HOUR = timedelta(hours=1)
FACTS = {"serial": "N1", "make": "Axis", "model": "W120", "mount": "chest", "unit": None}


def last(camera):
    """The newest event about the camera, and what it says."""
    event = history([camera.id]).last()
    return event.kind, event.particulars.details


@pytest.fixture
def change(by, day_one):
    """Changes a camera's state, hours after the first day's beginning."""

    def changed(camera, what, reason="", hours=1):
        return change_state(camera=camera, change=what, reason=reason, by=by, at=day_one + hours * HOUR)

    return changed


def test_an_ordered_camera_is_the_one_that_comes(by, day_one, lewisham):
    ordered = order_camera(**FACTS, by=by, at=day_one)
    assert ordered.kept_state == State.ORDERED
    told = {**FACTS, "serial": "n1", "model": "W121", "unit": lewisham}
    received = services.receive_camera(**told, state=State.RECEIVED, by=by, at=day_one + HOUR)
    assert [(each.pk, each.serial, each.model, each.unit) for each in Camera.objects.all()] == [
        (ordered.pk, "n1", "W121", lewisham)
    ]
    assert received.kept_state == State.RECEIVED
    assert [event.kind for event in history([ordered.pk])] == ["camera.ordered", "camera.received"]
    with pytest.raises(AlreadyReceived):
        services.receive_camera(**told, by=by, at=day_one + HOUR)
    with pytest.raises(AlreadyReceived):
        order_camera(**FACTS, by=by, at=day_one + HOUR)


def test_a_camera_cannot_come_in_any_other_state(by, day_one):
    with pytest.raises(Invalid) as refused:
        services.receive_camera(**FACTS, state=State.POOLED, by=by, at=day_one)
    assert refused.value.fields["field"] == "state"


def test_every_plain_change_of_the_table_happens_and_no_other_does(receive, lewisham, change):
    for what in Change:
        for state in State:
            if state is State.ISSUED:
                continue
            camera = receive(f"{what}-{state}", lewisham)
            Camera.objects.filter(pk=camera.pk).update(kept_state=state.value)
            transition = TRANSITIONS[what]
            if not transition.plain:
                with pytest.raises(Invalid):
                    change(camera, what, "why")
            elif state in transition.sources:
                assert change(camera, what, "why").kept_state == transition.targets[0]
                kind, said = last(camera)
                assert kind == "camera.state_changed"
                assert (said["from"], said["to"], said["reason"]) == (state, transition.targets[0], "why")
            else:
                with pytest.raises(CameraStateConflict, match="What can be done with it"):
                    change(camera, what, "why")
                assert Camera.objects.get(pk=camera.pk).kept_state == state


def test_some_changes_must_have_a_reason(camera, change):
    with pytest.raises(Invalid) as refused:
        change(camera, Change.REPORT_FAULT, "  ")
    assert refused.value.fields["field"] == "reason"
    assert change(camera, Change.POOL).kept_state == State.POOLED


def test_a_worn_camera_that_is_faulty_is_worn_no_longer_in_the_same_event(
    camera, barrow, change, by, day_one
):
    assign_camera(camera=camera, officer=barrow, by=by, at=day_one)
    change(camera, Change.REPORT_FAULT, "It does not record")
    assert wearer_at(camera.id, day_one + HOUR) is None
    assert wearer_at(camera.id, day_one + HOUR / 2) == barrow
    kind, said = last(camera)
    assert kind == "camera.state_changed"
    assert (said["from"], said["to"]) == ("issued", "faulty")
    assert said["officer_name"] == "PC Lena Barrow (101PL)"
    with pytest.raises(CameraNotWorn):
        return_camera(camera=camera, by=by, at=day_one + 2 * HOUR)


def test_a_change_before_the_camera_was_given_out_is_refused(camera, barrow, change, by, day_one):
    assign_camera(camera=camera, officer=barrow, by=by, at=day_one + 2 * HOUR)
    with pytest.raises(CameraNotWorn):
        change(camera, Change.REPORT_FAULT, "It does not record")
    assert Assignment.objects.get().during.upper is None
    assert Camera.objects.get().kept_state == State.READY


def test_a_faulty_camera_is_given_to_nobody_and_the_words_say_what_can_be_done(
    camera, barrow, change, by, day_one
):
    change(camera, Change.REPORT_FAULT, "It does not record")
    with pytest.raises(CameraStateConflict) as refused:
        assign_camera(camera=camera, officer=barrow, by=by, at=day_one + 2 * HOUR)
    assert "is faulty" in refused.value.message
    assert "It is mended and tried" in refused.value.message
    change(camera, Change.MEND, hours=3)
    assign_camera(camera=camera, officer=barrow, by=by, at=day_one + 4 * HOUR)


def test_a_camera_of_a_pool_comes_back_to_it(camera, barrow, change, by, day_one):
    change(camera, Change.POOL)
    assign_camera(camera=camera, officer=barrow, by=by, at=day_one + 2 * HOUR)
    return_camera(camera=camera, by=by, at=day_one + 3 * HOUR)
    assert camera_by_serial(camera.serial).kept_state == State.POOLED


def test_the_database_knows_no_other_state(camera):
    with pytest.raises(IntegrityError, match="fleet_camera_state_known"), transaction.atomic():
        Camera.objects.update(kept_state="issued")


def test_what_is_known_of_a_camera_is_corrected_with_what_it_was(camera, by, day_one, hackney):
    told = Description("head", hackney, firmware="11.8", warranty_end_date=date(2028, 3, 1))
    describe_camera(camera=camera, told=told, by=by, at=day_one)
    stored = Camera.objects.get()
    assert (stored.mount, stored.unit, stored.firmware) == ("head", hackney, "11.8")
    kind, said = last(camera)
    assert kind == "camera.described"
    assert said | {"mount_before": "chest", "mount": "head", "unit_before": "Lewisham"} == said
    assert said["warranty_end_date"] == "2028-03-01"
    describe_camera(camera=camera, told=told, by=by, at=day_one)
    assert history([camera.id]).count() == 2
    with pytest.raises(Invalid) as refused:
        describe_camera(camera=camera, told=Description("belt", hackney), by=by, at=day_one)
    assert refused.value.fields["field"] == "mount"


def test_units_count_their_cameras_by_what_they_are(administrator, receive, barrow, change, by):
    lewisham = barrow.postings.get().unit
    worn, faulty, retired, _spare = (receive(name, lewisham) for name in ("A", "B", "C", "D"))
    assign_camera(camera=worn, officer=barrow, by=by, at=faulty.received_at)
    change(faulty, Change.REPORT_FAULT, "Cracked")
    change(retired, Change.RETIRE, "Worn out")
    (counted,) = unit_counts(administrator)
    assert (counted.total, counted.worn, counted.spare, counted.away, counted.missing) == (3, 1, 1, 1, 0)
    found = {
        state: [row.camera.serial for row in cameras(administrator, state=state).rows] for state in State
    }
    assert {state: serials for state, serials in found.items() if serials} == {
        State.ISSUED: ["A"],
        State.FAULTY: ["B"],
        State.RETIRED: ["C"],
        State.READY: ["D"],
    }


def test_without_its_event_a_change_does_not_happen(camera, change, monkeypatch):
    monkeypatch.setattr(lives.custody, "append", lambda **_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        change(camera, Change.POOL)
    assert Camera.objects.get().kept_state == State.READY
