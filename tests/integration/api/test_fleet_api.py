"""Cameras, docks, people and the custody log over the API."""

from django.core.files.uploadedfile import SimpleUploadedFile
from tests.integration.api.access_world import events, sign_log

from tabard.custody.kinds import EventKind
from tabard.fleet.models import Camera
from tabard.merkle.tlog_proof import TlogProof
from tabard.people.rules import Role

HEADING = "serial,make,model,mount,unit_code\n"


def test_cameras_are_listed_with_their_wearers(world, program):
    _, said = program(Role.SUPERVISOR).get("/cameras")
    assert [line["camera"]["serial"] for line in said["cameras"]] == ["CAM-101LX", "CAM-102LX", "LOST-1"]
    assert said["cameras"][0]["wearer"]["name"] == "PC Lena Barrow (101LX)"
    assert said["next_cursor"] is None
    _, found = program(Role.AUDITOR).get("/cameras", words="okafor", state="issued", mount="chest")
    assert [line["camera"]["unit"]["code"] for line in found["cameras"]] == ["GD"]
    assert program(Role.AUDITOR).get("/cameras", state="ready")[1]["cameras"] == []


def test_a_camera_is_received_given_out_and_taken_back(world, program):
    manager = program(Role.BWV_ADMINISTRATOR)
    sent = {"serial": "NEW-1", "make": "Axis", "model": "W120", "unit_id": str(world.lambeth.id)}
    status, made = manager.post("/cameras", sent)
    assert (status, made["camera"]["mount"], made["wearer"], made["assignments"]) == (201, "chest", None, [])
    path = f"/cameras/{made['camera']['id']}"
    status, given = manager.post(f"{path}/assign", {"officer": "102lx"})
    assert (status, given["wearer"]["shoulder_number"]) == (200, "102LX")
    assert given["assignments"][0]["ended_at"] is None
    status, taken = manager.post(f"{path}/assign", {"officer": "101LX"})
    assert (status, taken["code"], taken["fields"]["wearer"]) == (
        409,
        "camera_taken",
        given["wearer"]["name"],
    )
    status, back = manager.post(f"{path}/return")
    assert (status, back["wearer"]) == (200, None)
    assert back["assignments"][0]["ended_at"] is not None
    assert manager.get(path) == (200, back)


def test_a_camera_that_cannot_be_is_refused_by_its_field(world, program):
    manager = program(Role.BWV_ADMINISTRATOR)
    sent = {"serial": "CAM-101LX", "make": "Axis", "model": "W120"}
    status, said = manager.post("/cameras", sent)
    assert (status, said["code"], said["errors"][0]["field"]) == (409, "already_received", "serial")
    status, said = manager.post("/cameras", sent | {"serial": "with space"})
    assert (status, said["errors"][0]["field"]) == (422, "serial")
    status, said = manager.post(f"/cameras/{world.own.camera.id}/assign", {"officer": "nobody"})
    assert (status, said["errors"][0]["field"]) == (422, "officer")


def imported(program, text, **query):
    file = SimpleUploadedFile("cameras.csv", text.encode())
    response = program.http.post(
        "/api/v1/cameras/import",
        {"file": file},
        query_params={name: str(value) for name, value in query.items()},
    )
    return response.status_code, response.json()


def test_a_file_of_cameras_is_tried_and_then_imported_whole(world, program):
    manager = program(Role.BWV_ADMINISTRATOR)
    text = HEADING + "NEW-1,Axis,W120,chest,LX\nNEW-2,Axis,W120,head,GD\n"
    status, tried = imported(manager, text, dry_run=True)
    assert (status, tried["rows"], tried["dry_run"], tried["errors"]) == (200, 2, True, [])
    assert Camera.objects.filter(serial__startswith="NEW").count() == 0
    status, done = imported(manager, text)
    assert (status, done["imported"], done["sha256"]) == (200, 2, tried["sha256"])
    assert Camera.objects.filter(serial__startswith="NEW").count() == 2
    assert len(events(EventKind.FLEET_IMPORTED)) == 1


def test_a_faulty_file_is_refused_with_every_fault(world, program):
    manager = program(Role.BWV_ADMINISTRATOR)
    text = HEADING + "NEW-1,Axis,W120,belt,LX\nNEW-2,Axis,W120,head,ZZ\n"
    status, tried = imported(manager, text, dry_run=True)
    assert status == 200
    assert [(fault["row"], fault["field"]) for fault in tried["errors"]] == [(2, "mount"), (3, "unit_code")]
    status, refused = imported(manager, text)
    assert (status, refused["code"], refused["fields"]["faults"]) == (422, "import_faulty", 2)
    assert [fault["field"] for fault in refused["errors"]] == ["row 2, mount", "row 3, unit_code"]
    assert Camera.objects.filter(serial__startswith="NEW").count() == 0


def test_the_good_rows_of_a_faulty_file_come_in_where_that_was_asked(world, program):
    manager = program(Role.BWV_ADMINISTRATOR)
    text = HEADING + "NEW-1,Axis,W120,belt,LX\nNEW-2,Axis,W120,head,LX\n"
    status, done = imported(manager, text, good_only=True)
    assert (status, done["rows"], done["good"], done["imported"]) == (200, 2, 1, 1)
    assert [fault["row"] for fault in done["errors"]] == [2]
    assert Camera.objects.filter(serial="NEW-2").exists()


def test_a_file_of_officers_is_imported(world, program):
    manager = program(Role.BWV_ADMINISTRATOR)
    heading = "given_name,family_name,rank,warrant_number,shoulder_number,unit_code\n"
    file = SimpleUploadedFile("officers.csv", (heading + "New,Comer,PC,W77,777LX,LX\n").encode())
    response = manager.http.post("/api/v1/officers/import", {"file": file})
    assert (response.status_code, response.json()["imported"]) == (200, 1)
    assert len(events(EventKind.OFFICERS_IMPORTED)) == 1


def test_an_import_without_a_file_names_the_field(program):
    response = program(Role.BWV_ADMINISTRATOR).http.post("/api/v1/cameras/import", {})
    assert (response.status_code, response.json()["errors"][0]["field"]) == (422, "file")


def test_docks_are_listed(program):
    _, said = program(Role.AUDITOR).get("/docks")
    assert [(dock["serial"], dock["unit"]["code"], dock["bays"]) for dock in said] == [("DOCK-1", "LX", 8)]


def test_officers_are_found_by_name_and_number(program):
    manager = program(Role.BWV_ADMINISTRATOR)
    status, said = manager.get("/officers", words="lena 201gd")
    assert status == 200
    (found,) = said["officers"]
    assert (found["family_name"], found["unit"]["code"], said["has_more"]) == ("Okafor", "GD", False)
    assert found["name"] == "PC Lena Okafor (201GD)"
    names = [officer["family_name"] for officer in manager.get("/officers")[1]["officers"]]
    assert names == ["Barrow", "Marlow", "Okafor", "Tasker"]


def test_an_account_is_created_given_roles_and_found(world, program):
    manager = program(Role.BWV_ADMINISTRATOR)
    sent = {
        "username": "Mira",
        "display_name": "Mira Adeyemi",
        "password": "seven kingfishers",
        "roles": ["auditor"],
    }
    status, made = manager.post("/accounts", sent)
    assert (status, made["username"], made["roles"], made["officer"]) == (201, "mira", ["auditor"], None)
    assert "password" not in made
    path = f"/accounts/{made['id']}/roles"
    status, said = manager.post(path, {"role": "investigator"})
    assert (status, said["roles"]) == (200, ["auditor", "investigator"])
    assert manager.post(path, {"role": "investigator"})[0] == 409
    assert manager.ask("DELETE", f"{path}/auditor") == (204, b"")
    assert manager.ask("DELETE", f"{path}/king")[0] == 422
    _, found = manager.get("/accounts", words="adeyemi")
    assert [(account["username"], account["roles"]) for account in found["accounts"]] == [
        ("mira", ["investigator"])
    ]
    assert len(manager.get("/accounts")[1]["accounts"]) == 6


def test_an_account_that_cannot_be_is_refused_by_its_field(world, program):
    manager = program(Role.BWV_ADMINISTRATOR)
    sent = {"username": "mira", "display_name": "Mira", "password": "seven kingfishers"}
    for changed, status, field in (
        ({"password": "short"}, 422, "password"),
        ({"username": "clerk"}, 409, "username"),
        ({"officer": "101LX"}, 409, "officer"),
        ({"roles": ["auditor", "king"]}, 422, "roles.1"),
    ):
        answered, said = manager.post("/accounts", sent | changed)
        assert (answered, [fault["field"] for fault in said["errors"]]) == (status, [field])


def test_the_log_is_read_page_by_page_and_the_look_is_in_it(world, program):
    auditor, seen, before = program(Role.AUDITOR), [], {}
    while before is not None:
        status, page = auditor.get("/events", kind="recording.sealed", **before)
        assert status == 200
        seen += [event["subject_id"] for event in page["events"]]
        before = {"before": page["older"]} if page["older"] else None
    assert set(seen) == {str(place.recording.id) for place in world.places.values()}
    (look,) = events(EventKind.LOG_VIEWED)
    assert (look.actor_name, look.details) == ("Asker", {"kind": ["recording.sealed"]})


def test_one_event_shows_its_leaf_and_what_its_commitments_hide(world, program):
    auditor, event_id = program(Role.AUDITOR), world.own.event_id
    status, said = auditor.get(f"/events/{event_id}")
    assert status == 200
    assert said["event"]["id"] == str(event_id)
    assert said["actor"]["value"]["name"] == "Tabard test"
    assert said["actor"]["holds"]
    assert said["details"]["holds"]
    response = auditor.http.get(f"/api/v1/events/{event_id}/leaf")
    assert response.content.decode() == said["leaf"]
    assert events(EventKind.LOG_VIEWED)[0].details == {"event": str(event_id)}


def test_a_receipt_is_had_by_who_may_see_the_item(world, program):
    officer = program(Role.OFFICER)
    response = officer.http.get(f"/api/v1/events/{world.own.event_id}/receipt")
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert TlogProof.parse(response.content).index >= 0
    status, _ = officer.get(f"/events/{world.elsewhere.event_id}/receipt")
    assert status == 403


def test_a_receipt_waits_for_a_signed_checkpoint(world, program):
    officer, path = program(Role.OFFICER), f"/recordings/{world.own.recording.id}/category"
    officer.put(path, {"category": "crime"})
    (event,) = events(EventKind.RECORDING_CATEGORISED)
    status, said = officer.get(f"/events/{event.id}/receipt")
    assert (status, said["code"]) == (409, "not_yet_sequenced")
    sign_log()
    assert officer.get(f"/events/{event.id}/receipt")[0] == 200


def test_a_dock_is_installed_given_a_key_and_the_key_revoked(world, program):
    manager = program(Role.BWV_ADMINISTRATOR)
    sent = {"serial": "D-77", "site": "Kennington", "unit_id": str(world.lambeth.id)}
    status, made = manager.post("/docks", sent)
    assert (status, made["dock"]["bays"], made["status"], made["keys"]) == (201, 8, None, [])
    path = f"/docks/{made['dock']['id']}"
    public_key = "PUAXw-hDiVqStwqnTRt-vJyYLM8uxJaMwM1V8Sr0Zgw"
    status, keyed = manager.post(f"{path}/keys", {"public_key": public_key, "name": "Station PC"})
    assert (status, keyed["keys"][0]["key_id"], keyed["keys"][0]["revoked_at"]) == (
        201,
        "39f713d0a644253f",
        None,
    )
    status, refused = manager.post(f"{path}/keys", {"public_key": "short", "name": "x"})
    assert (status, refused["errors"][0]["field"]) == (422, "public_key")
    status, out = manager.post(f"{path}/keys/{keyed['keys'][0]['id']}/revoke")
    assert (status, out["keys"][0]["revoked_at"] is None) == (200, False)
    assert manager.post(f"{path}/keys/{made['dock']['id']}/revoke")[0] == 404
    assert [each["dock"]["serial"] for each in manager.get("/docks/now")[1]].count("D-77") == 1


def test_cameras_that_stay_away_are_listed_with_their_wearers(world, program):
    _, said = program(Role.AUDITOR).get("/cameras/overdue", days=1)
    assert {each["camera"]["serial"] for each in said} >= {"CAM-101LX"}
    assert all(each["seen_at"] is None and each["wearer"]["name"] for each in said)
    assert program(Role.AUDITOR).get("/cameras/overdue", days=0)[0] == 422
