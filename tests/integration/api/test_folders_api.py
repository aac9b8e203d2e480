"""The API of what was read in from cards, and of what file names say."""

from tests.integration.api.access_world import BY, DONE_AT

from tabard.intake.folder import services
from tabard.intake.folder.outcomes import Outcome, Remark, State
from tabard.people.rules import Role


def test_a_reconciliation_is_read_by_kind_and_page_by_page(program):
    run = services.begin(collection="Card 8", path="/c", manifest="", manifest_sha256=None, by=BY, at=DONE_AT)
    outcomes = [
        Outcome(f"{number:03}.mp4", State.SEALED, size_bytes=1, sha256=bytes(32)) for number in range(250)
    ]
    outcomes += [Outcome("gone.mp4", State.MISSING), Outcome("new.mp4", State.SEALED, Remark.EXTRA)]
    services.note(run=run, outcomes=outcomes)
    services.finish(run=run, counts={"found": 251}, by=BY, at=DONE_AT)
    asker = program(Role.BWV_ADMINISTRATOR)
    _, said = asker.get("/folder-runs")
    assert said["runs"][0]["counts"] == {"found": 251}
    assert asker.get("/folder-runs", before="2026-03-01T00:00:00Z")[1]["runs"] == []
    path = f"/folder-runs/{run.pk}/items"
    _, first = asker.get(path)
    _, second = asker.get(path, cursor=first["next_cursor"])
    assert [len(first["items"]), len(second["items"]), second["next_cursor"]] == [200, 52, None]
    assert first["items"][0]["sha256"] == "00" * 32
    assert [each["path"] for each in asker.get(path, kind="missing")[1]["items"]] == ["gone.mp4"]
    assert [each["path"] for each in asker.get(path, kind="extra")[1]["items"]] == ["new.mp4"]
    assert asker.get(path, kind="odd")[0] == 422


def test_a_pattern_is_tried_and_comes_into_force(program):
    asker = program(Role.BWV_ADMINISTRATOR)
    names = ["C7_20260314_12.mp4", "GOPR0001.MP4"]
    _, tried = asker.post("/name-patterns/try", {"names": names, "also": ["{camera}_{date}_{sequence}.mp4"]})
    assert [each["values"] for each in tried["names"]] == [
        {"camera": "C7", "sequence": "12", "started_at": "2026-03-14T00:00:00"}, None,
    ]  # fmt: skip
    status, refused = asker.post("/name-patterns", {"pattern": "{badge}.mp4"})
    assert (status, refused["code"]) == (422, "pattern_invalid")
    assert asker.post("/name-patterns", {"pattern": "{camera}_{date}_{sequence}.mp4"})[0] == 201
    texts = [each["pattern"] for each in asker.get("/name-patterns")[1]["patterns"]]
    assert texts == ["{officer}_{date}.mp4", "{camera}_{date}_{sequence}.mp4"]


def test_nobody_else_looks_into_it(program):
    assert program(Role.INVESTIGATOR).get("/folder-runs")[0] == 403
    assert program(Role.INVESTIGATOR).post("/name-patterns", {"pattern": "{officer}.mp4"})[0] == 403
