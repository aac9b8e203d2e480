"""The custody log: its pages for people, its receipts, and its published tiles for machines."""

import csv
import io
import json
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from tests.integration.web.staged import FILMED_AT, events, sign_log, stage, text
from tests.tampering import tampering

from tabard.custody.adapters import log_signer
from tabard.custody.models import Checkpoint, Event, EventParticulars
from tabard.kernel.errors import Unavailable
from tabard.merkle.checkpoint import open_checkpoint
from tabard.merkle.note import VerifierKey
from tabard.merkle.proofs import verify_inclusion
from tabard.merkle.tiles import bundles_of, decode_bundle, tile_hashes, tiles_of
from tabard.merkle.tlog_proof import TlogProof
from tabard.merkle.tree import leaf_hash, root_of
from tabard.people.models import Officer
from tabard.people.rules import Role
from tabard.recordings.viewing import record_view


@pytest.fixture
def staged(db):
    return stage()


@pytest.fixture
def auditor(staged):
    return staged.client(Role.AUDITOR)


def many_events(staged, count):
    recording, viewer = staged.record(), staged.viewer(Role.INVESTIGATOR)
    for _ in range(count):
        record_view(recording=recording, viewer=viewer, at=FILMED_AT)
    return recording


def test_events_show_their_position_and_whether_a_checkpoint_covers_them(staged, auditor):
    staged.record()
    sign_log()
    page = auditor.get(reverse("log"))
    newest, *rest = page.context["events"]
    assert newest.title == "Log viewed"
    assert (newest.position, newest.is_covered) == (None, False)
    assert all(line.is_covered for line in rest)
    assert "Recording sealed" in text(page)


def test_a_look_at_the_log_is_in_the_log_with_what_was_asked_for(auditor):
    auditor.get(reverse("log"), {"kind": "recording.sealed", "actor": ""})
    (event,) = events("log.viewed")
    assert event.particulars.details == {"kind": "recording.sealed"}
    assert event.particulars.actor_name == "Auditor Smith"


def test_filters_by_kind_person_item_and_time(staged, auditor):
    recording = staged.record()
    record_view(recording=recording, viewer=staged.viewer(Role.INVESTIGATOR), at=FILMED_AT)
    record_view(
        recording=staged.record("second"), viewer=staged.viewer(Role.OFFICER, staged.barrow), at=FILMED_AT
    )

    def titles(**wanted):
        return [line.title for line in auditor.get(reverse("log"), wanted).context["events"]]

    assert titles(kind="recording.viewed") == ["Recording viewed"] * 2
    assert titles(kind="recording.viewed", actor="barrow") == ["Recording viewed"]
    assert titles(item=str(recording.id)) == ["Recording viewed", "Recording sealed"]
    assert titles(kind="recording.viewed", since="2026-03-14T22:41:07", until="2026-03-14T22:41:08") != []
    assert titles(kind="recording.viewed", until="2026-03-14T22:41:07") == []
    assert "No event matches" in text(auditor.get(reverse("log"), {"actor": "nobody"}))
    assert titles(kind=["recording.viewed", "recording.sealed"]).count("Recording sealed") == 2
    assert set(titles(section="collection")) == {"Recording sealed", "Officer enrolled"}
    assert set(titles(section="collection", kind="recording.viewed")) == {
        "Recording sealed",
        "Officer enrolled",
        "Recording viewed",
    }


def test_an_item_is_found_by_what_people_call_it(staged, auditor):
    recording = staged.record()
    staged.exhibit(recording)
    staged.incident()

    def titles(item):
        return [line.title for line in auditor.get(reverse("log"), {"item": item}).context["events"]]

    assert titles("lb/1") == ["Exhibit produced"]
    assert titles(" 4829137/26 ") == ["Incident recorded"]
    assert titles("b8a44f01") == ["Camera assigned", "Camera received"]
    assert titles("482LX") == ["Officer enrolled"]
    assert titles("first") == ["Recording sealed"]
    assert "No item has this id or reference." in text(auditor.get(reverse("log"), {"item": "XX/9"}))


def test_a_line_says_what_its_item_was_called_then_and_a_rename_changes_no_past(staged, auditor):
    Officer.objects.filter(id=staged.barrow.id).update(family_name="Renamed")
    before = text(auditor.get(reverse("log"), {"item": str(staged.barrow.id)}))
    assert "PC Lena Barrow (482LX)" in before
    assert "Renamed" not in before
    event = events("officer.enrolled", staged.barrow.id)[0]
    assert "PC Lena Barrow (482LX)" in text(auditor.get(reverse("log-event", args=[event.id])))


def test_where_the_log_holds_no_name_any_more_the_line_says_that_it_is_todays(staged, auditor):
    event = events("officer.enrolled", staged.barrow.id)[0]
    with tampering():
        EventParticulars.objects.filter(event=event).delete()
    assert "PC Lena Barrow (482LX) (as it is called now)" in text(
        auditor.get(reverse("log"), {"item": str(staged.barrow.id)})
    )


def test_each_line_shows_its_class_and_the_reason_that_was_given(staged, auditor):
    recording = staged.record()
    for reason in (None, "Training"):
        record_view(recording=recording, viewer=staged.viewer(Role.INVESTIGATOR), at=FILMED_AT, reason=reason)
    words = text(auditor.get(reverse("log"), {"kind": "recording.viewed"}))
    assert "The recording's page was looked at: reason: Training Consultation" in words
    assert "The recording's page was looked at: no reason given Consultation" in words
    assert "Recording of 14 March 2026, 22:41:07 GMT, camera B8A44F01" in words


def test_a_page_of_the_log_leaves_as_csv_and_that_is_in_the_log(staged, auditor):
    many_events(staged, 60)
    sign_log()
    first = auditor.get(reverse("log"), {"kind": "recording.viewed"})
    taken = auditor.get(first.context["csv_url"])
    rows = list(csv.DictReader(io.StringIO(taken.content.decode("utf-8-sig"))))
    assert [row["event_id"] for row in rows] == [str(line.id) for line in first.context["events"]]
    assert "attachment" in taken.headers["Content-Disposition"]
    second = auditor.get(reverse("log") + first.context["older_url"])
    rest = auditor.get(second.context["csv_url"]).content.decode("utf-8-sig")
    assert len(list(csv.DictReader(io.StringIO(rest)))) == 10
    looked = events("log.viewed")
    assert looked[1].particulars.details == {"kind": "recording.viewed", "form": "csv"}
    assert auditor.get(reverse("log-csv"), {"before": "nonsense"}).status_code == 400


def test_a_filter_that_cannot_be_understood_is_named_and_kept(auditor):
    page = auditor.get(reverse("log"), {"item": "not an id", "since": "yesterday"})
    html = page.content.decode()
    assert '<a href="#id_item">' in html
    assert '<a href="#id_since">' in html
    assert 'value="not an id"' in html


def test_pages_lead_older_and_newer_and_lose_nothing(staged, auditor):
    many_events(staged, 120)
    wanted = {"kind": "recording.viewed"}
    seen, page = [], auditor.get(reverse("log"), wanted)
    assert page.context["newer_url"] == ""
    walk = [page]
    while page.context["older_url"]:
        page = auditor.get(reverse("log") + page.context["older_url"])
        walk.append(page)
    for shown in walk:
        seen += [line.id for line in shown.context["events"]]
    assert seen == [event.id for event in reversed(events("recording.viewed"))]
    back = auditor.get(reverse("log") + page.context["newer_url"])
    assert [line.id for line in back.context["events"]] == seen[50:100]
    first = auditor.get(reverse("log") + back.context["newer_url"])
    assert [line.id for line in first.context["events"]] == seen[:50]
    assert first.context["newer_url"] == ""


def test_a_page_address_that_is_not_ours_is_refused(auditor):
    assert auditor.get(reverse("log"), {"before": "1 OR 1=1"}).status_code == 400


def test_an_event_shows_its_leaf_what_it_hides_and_the_way_to_the_root(staged, auditor):
    many_events(staged, 5)
    sign_log()
    event = events("recording.viewed")[2]
    page = auditor.get(reverse("log-event", args=[event.id]))
    sheet, walk = page.context["sheet"], page.context["walk"]
    assert sheet.leaf == bytes(event.leaf)
    assert sheet.actor.holds
    assert sheet.details.holds
    assert sheet.actor.value["name"] == "Investigator Smith"
    assert walk.steps[-1].result == bytes(walk.checkpoint.root)
    path = [step.sibling for step in walk.steps]
    verify_inclusion(walk.leaf_hash, walk.position, walk.checkpoint.size, path, bytes(walk.checkpoint.root))
    assert walk.leaf_hash.hex() in text(page)
    assert len(events("log.viewed")) == 1


@pytest.mark.parametrize("size", range(1, 12))
def test_every_leaf_of_every_small_tree_walks_to_the_root(staged, auditor, size):
    before = Event.objects.count()
    recording = staged.record()
    for _ in range(size):
        record_view(recording=recording, viewer=staged.viewer(Role.INVESTIGATOR), at=FILMED_AT)
    sign_log()
    head = Checkpoint.objects.get()
    assert head.size > before
    for event in Event.objects.filter(position__isnull=False):
        walk = auditor.get(reverse("log-event", args=[event.id])).context["walk"]
        assert walk.steps[-1].result == bytes(head.root)


def test_an_event_that_was_erased_still_proves(staged, auditor):
    many_events(staged, 1)
    sign_log()
    (event,) = events("recording.viewed")
    with tampering():
        EventParticulars.objects.filter(event=event).delete()
    page = auditor.get(reverse("log-event", args=[event.id]))
    assert "The names and details of this event were erased." in text(page)
    assert page.context["walk"] is not None
    assert auditor.get(reverse("log")).status_code == 200


def test_particulars_that_were_altered_are_shown_as_such(staged, auditor):
    many_events(staged, 1)
    (event,) = events("recording.viewed")
    with tampering():
        EventParticulars.objects.filter(event=event).update(actor_name="Someone else")
    page = auditor.get(reverse("log-event", args=[event.id]))
    assert "Does not agree with the leaf" in text(page)


def test_an_event_that_waits_for_its_checkpoint_says_so(staged, auditor):
    many_events(staged, 1)
    (event,) = events("recording.viewed")
    assert "No checkpoint covers this event yet" in text(auditor.get(reverse("log-event", args=[event.id])))
    assert auditor.get(reverse("log-receipt", args=[event.id])).status_code == 409


def test_receipt_and_leaf_convince_a_stranger(staged, auditor):
    many_events(staged, 5)
    sign_log()
    event = events("recording.viewed")[3]
    receipt = auditor.get(reverse("log-receipt", args=[event.id]))
    leaf = auditor.get(reverse("log-leaf", args=[event.id]))
    assert receipt.headers["Content-Disposition"] == f'attachment; filename="{event.id}.tlog-proof"'
    assert leaf.headers["Content-Type"] == "application/json"
    key = VerifierKey.parse(Client().get(reverse("log-vkey")).content.decode().strip())
    head = TlogProof.parse(receipt.content).verify(leaf.content, [key])
    assert head.size == Checkpoint.objects.get().size
    assert json.loads(leaf.content)["kind"] == "recording.viewed"


def test_taking_a_proof_is_in_the_log_before_it_is_handed_over(staged, auditor):
    many_events(staged, 2)
    sign_log()
    event = events("recording.viewed")[0]
    for name in ("log-receipt", "log-leaf", "api:custody-receipt", "api:custody-leaf"):
        assert auditor.get(reverse(name, args=[event.id])).status_code == 200
    taken = events("log.receipt_taken")
    assert [one.particulars.details for one in taken] == [
        {"event": str(event.id), "taken": part} for part in ("receipt", "leaf", "receipt", "leaf")
    ]
    assert {one.subject_type for one in taken} == {"log"}


def test_a_proof_that_cannot_be_logged_is_not_handed_over(staged, auditor, monkeypatch):
    many_events(staged, 1)
    sign_log()
    event = events("recording.viewed")[0]

    def refuse(**_):
        raise Unavailable("The log cannot be written to.")

    monkeypatch.setattr("tabard.custody.receipts.services.append", refuse)
    for name in ("log-receipt", "log-leaf"):
        answer = auditor.get(reverse(name, args=[event.id]))
        assert answer.status_code == 503
        assert b"tlog-proof" not in answer.content


def test_the_public_list_of_keys_names_each_with_its_checkpoints(staged):
    sign_log()
    size, key = Checkpoint.objects.get().size, log_signer().vkey
    client = Client()
    for path, content in (
        ("/log/vkey", f"{key}\n"),
        ("/log/log.vkey", f"{key}\n"),
        ("/log/vkeys", f"{key} current {size} {size}\n"),
    ):
        answer = client.get(path)
        assert answer.status_code == 200
        assert answer.content.decode() == content
        assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
        assert answer.headers["Cache-Control"] == "public, max-age=2"


def test_who_may_see_the_item_may_take_the_receipts_of_its_events(staged):
    recording = staged.record()
    exhibit = staged.exhibit(recording, clip=staged.cut(recording))
    sign_log()
    owner, stranger = (staged.client(Role.OFFICER, who) for who in (staged.barrow, staged.okafor))
    for kind, subject in (("recording.sealed", recording.id), ("exhibit.produced", exhibit.id)):
        (event,) = events(kind, subject)
        for name in ("log-receipt", "log-leaf"):
            assert owner.get(reverse(name, args=[event.id])).status_code == 200
            assert stranger.get(reverse(name, args=[event.id])).status_code == 403
        assert len(events("access.refused", subject)) == 2


def test_events_about_people_and_cameras_are_for_who_views_the_log(staged):
    sign_log()
    client = staged.client(Role.OFFICER, staged.barrow)
    (event,) = events("officer.enrolled", staged.barrow.id)
    assert client.get(reverse("log-receipt", args=[event.id])).status_code == 403
    assert client.get(reverse("log-event", args=[event.id])).status_code == 403
    assert client.get(reverse("log")).status_code == 403


def test_an_event_that_does_not_exist_is_nowhere(auditor):
    for name in ("log-event", "log-receipt", "log-leaf"):
        assert auditor.get(reverse(name, args=[uuid4()])).status_code == 404


def test_before_the_first_checkpoint_nothing_is_published(db):
    client = Client()
    for path in ("/log/checkpoint", "/log/tile/0/000.p/1", "/log/tile/entries/000.p/1"):
        answer = client.get(path)
        assert answer.status_code == 404
        assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
        assert "no-store" in answer.headers["Cache-Control"]


def test_a_stranger_rebuilds_the_whole_log_from_its_tiles(staged):
    many_events(staged, 300)
    sign_log()
    client = Client()
    answer = client.get("/log/checkpoint")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.headers["Cache-Control"] == "public, max-age=2"
    head = open_checkpoint(answer.content, [VerifierKey.parse(log_signer().vkey)])
    assert head.size > 256
    tiles = {tile: fetch(client, tile.path) for tile in tiles_of(head.size)}
    leaves = [leaf for bundle in bundles_of(head.size) for leaf in decode_bundle(fetch(client, bundle.path))]
    hashes = [leaf_hash(leaf) for leaf in leaves]
    assert root_of(hashes) == head.root
    assert [value for tile, data in tiles.items() if tile.level == 0 for value in tile_hashes(data)] == hashes
    (upper,) = (data for tile, data in tiles.items() if tile.level == 1)
    assert tile_hashes(upper) == [root_of(hashes[:256])]


def fetch(client, path):
    answer = client.get(f"/log/{path}")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert "Cookie" not in answer.headers.get("Vary", "")
    return answer.content


def test_what_is_not_under_a_signed_checkpoint_is_not_published(staged, auditor):
    many_events(staged, 3)
    sign_log()
    size = Checkpoint.objects.get().size
    auditor.get(reverse("log"))
    client = Client()
    assert client.get(f"/log/tile/0/000.p/{size}").status_code == 200
    for path in (
        f"0/000.p/{size + 1}",
        f"entries/000.p/{size + 1}",
        "0/000",
        "entries/000",
        "0/x001/000",
        "1/000.p/1",
    ):
        assert client.get(f"/log/tile/{path}").status_code == 404


@pytest.mark.parametrize(
    "path", ["0/0", "00/000", "0/000.p/0", "0/000.p/256", "64/000", "-1/000", "0/000.p/01", "x"]
)
def test_a_tile_has_one_spelling_only(staged, path):
    many_events(staged, 3)
    sign_log()
    assert Client().get(f"/log/tile/{path}").status_code == 404


def test_no_name_leaves_by_the_public_paths(staged):
    many_events(staged, 3)
    sign_log()
    size = Checkpoint.objects.get().size
    published = Client().get(f"/log/tile/entries/000.p/{size}").content
    assert b"recording.viewed" in published
    for name in (b"Barrow", b"Smith", b"482LX", b"B8A44F01", b"Lambeth"):
        assert name not in published


def test_a_large_bundle_travels_compressed_to_who_takes_it(staged):
    many_events(staged, 60)
    sign_log()
    size = Checkpoint.objects.get().size
    path = f"/log/tile/entries/000.p/{size}"
    squeezed = Client().get(path, headers={"Accept-Encoding": "gzip"})
    assert squeezed.headers["Content-Encoding"] == "gzip"
    assert len(squeezed.content) < len(Client().get(path).content)
