"""The rollout on its pages and over the API: who sees what, what is taken away, what is refused."""

import json
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from tests.integration.web.staged import BY, FILMED_AT, events, stage, text

from tabard.fleet.models import Camera
from tabard.fleet.services import install_dock
from tabard.insight import blocks, counts, figures, shifts
from tabard.insight.example import load_example
from tabard.insight.figures import Figure
from tabard.insight.models import PlanVersion, StatedShifts, UnitBlock
from tabard.insight.plan_file import cells_of, read_plan
from tabard.insight.plans import current_plan, import_plan, lines_of
from tabard.insight.sites import Shifts, parse_changes
from tabard.kernel.clock import now
from tabard.people.models import Unit
from tabard.people.rules import Role
from tabard.people.services import create_unit

PLAN = "phase,wave,unit_code,target,due\nOne,Boroughs,LX,480,2026-summer\n"


@pytest.fixture
def force(db):
    return stage()


@pytest.fixture
def example(force):
    load_example(by=BY, at=FILMED_AT)
    return force


@pytest.fixture
def administrator(force):
    return force.client(Role.BWV_ADMINISTRATOR)


def unit_page(name):
    return reverse("rollout-unit", args=[Unit.objects.get(name=name).id])


def test_an_installation_without_a_plan_says_what_to_do(force, administrator):
    force.camera.assignments.all().delete()
    Camera.objects.update(first_issued_date=None)
    assert "No rollout yet" in text(administrator.get(reverse("rollout")))
    assert "No plan yet" in text(administrator.get(reverse("rollout-plan")))
    assert administrator.get(reverse("rollout-plan-csv")).status_code == 404


def test_the_boroughs_stand_in_a_table_that_needs_no_script(example):
    shown = text(example.client(Role.AUDITOR).get(reverse("rollout-map")))
    assert "Waltham Forest Not known 480 Not known Nothing" in shown
    assert "Lambeth 1 Not known Not known Nothing" in shown
    coloured = example.client(Role.AUDITOR).get(reverse("rollout-map-json")).json()
    assert coloured["Haringey"] == {
        "percent": None,
        "words": "issued: not known, planned: 500",
        "url": unit_page("Haringey"),
    }


def test_one_figure_for_three_boroughs_shades_each_and_is_said_to_be_one(example):
    client = example.client(Role.AUDITOR)
    said = client.get(reverse("rollout-map-json")).json()
    assert "East Area Command" not in said, "the map has no such borough"
    for borough in ("Barking and Dagenham", "Havering", "Redbridge"):
        assert said[borough] == {
            "percent": None,
            "words": "one figure for 3 boroughs, East Area Command, issued: not known, planned: 1,300",
            "url": unit_page("East Area Command"),
        }
    page = text(client.get(reverse("rollout-map")))
    assert (
        "East Area Command has one figure for 3 boroughs: Barking and Dagenham, Havering, Redbridge." in page
    )
    assert (
        "East Area Command one figure for Barking and Dagenham, Havering, Redbridge Not known 1,300" in page
    )
    force = Unit.objects.get(kind="force")
    create_unit(kind="borough_command", code="KD", name="Havering", parent=force, by=BY, at=FILMED_AT)
    said = client.get(reverse("rollout-map-json")).json()
    assert (said["Havering"]["words"], said["Redbridge"]["words"][:24]) == (
        "issued: not known, planned: not known",
        "one figure for 2 borough",
    )


def test_where_too_little_is_known_the_page_says_how_the_forecast_comes(example, administrator):
    words, newham = "The forecast appears here by itself as counts are added", Unit.objects.get(name="Newham")

    def state(days_ago, count):
        day = now().date() - timedelta(days=days_ago)
        told = {"as_of_date": day, "count": count, "is_about": False, "source": "A report"}
        counts.state_count(unit=newham, **told, by=BY, at=now())

    state(190, 60)
    assert words in text(administrator.get(unit_page("Newham")))
    for days_ago, count in ((150, 110), (110, 160), (80, 210), (50, 260), (20, 310), (5, 340)):
        state(days_ago, count)
    page = text(administrator.get(unit_page("Newham")))
    assert words not in page
    assert "in about eight cases of ten" in page


def test_who_only_reads_is_offered_nothing_to_change(example):
    auditor = example.client(Role.AUDITOR)
    assert "Note a count" not in text(auditor.get(unit_page("Newham")))
    assert "Publish a figure" not in text(auditor.get(reverse("rollout-figures")))
    assert "Import a new version" not in text(auditor.get(reverse("rollout-plan")))
    assert auditor.get(reverse("rollout-plan-import")).status_code == 403


def test_the_curve_goes_as_a_sheet_and_as_a_picture(example, administrator):
    force = Unit.objects.get(kind="force")
    sheet = administrator.get(reverse("rollout-unit-csv", args=[force.id])).content.decode("utf-8-sig")
    assert sheet.splitlines()[:2] == ["Date,What,Cameras,About", "2017-08-14,issued,17500,"]
    picture = administrator.get(reverse("rollout-unit-png", args=[force.id]))
    assert picture.content.startswith(b"\x89PNG\r\n")
    assert int.from_bytes(picture.content[16:20]) == 1920
    nothing = administrator.get(reverse("rollout-unit-png", args=[Unit.objects.get(code="DOG").id]))
    assert nothing.status_code == 404


def test_the_plan_goes_out_and_comes_in_as_it_was(example, administrator):
    lines = [cells_of(line) for line in lines_of(current_plan())]
    for name in ("rollout-plan-csv", "rollout-plan-json"):
        read = read_plan(administrator.get(reverse(name)).content)
        assert read.faults == []
        assert [cells_of(line) for line in read.lines] == lines


def test_a_plan_is_checked_before_it_is_the_plan(force, administrator):
    address = reverse("rollout-plan-import")
    page = administrator.post(address, {"file": SimpleUploadedFile("plan.csv", PLAN.encode()), "note": "Go"})
    assert "1 line in the file, nothing wrong. Nothing is imported yet." in text(page)
    assert PlanVersion.objects.count() == 0
    carried = page.context["carried"]
    assert administrator.post(address, {"checked": carried, "note": "Go"}).status_code == 302
    assert PlanVersion.objects.get().note == "Go"
    assert administrator.post(address, {"checked": carried + "x"}).status_code == 400
    assert len(events("rollout_plan.imported")) == 1
    bad = administrator.post(
        address, {"file": SimpleUploadedFile("plan.csv", PLAN.replace("LX", "QQ").encode())}
    )
    assert bad.status_code == 400
    assert "There is no unit with the code QQ." in text(bad)
    assert administrator.post(address, {}).status_code == 400


WAVE = "/rollout/plan/wave?phase=To+the+summer&wave=Boroughs"


def typed(page, **changed):
    """What a browser would send of the wave's page, with some of it typed anew."""
    forms = [page.context["form"], page.context["lines"].management_form, *page.context["lines"]]
    sent = {bound.html_name: bound.value() for form in forms for bound in form}
    return {
        name: value for name, value in (sent | changed).items() if value is not None and value is not False
    }


def test_a_wave_is_changed_on_a_page_that_first_shows_what_it_does(example, administrator):
    page = administrator.get(WAVE)
    sent = typed(
        page, **{"due_all": "2018-07", "reason": "The board", "line-0-target": "600", "line-1-drop": "on"}
    )
    shown = administrator.post(WAVE, sent)
    assert (shown.status_code, PlanVersion.objects.count()) == (200, 1)
    said = text(shown)
    assert "Waltham Forest 480 cameras 480 cameras 600 cameras, due July 2018 480 cameras" in said
    assert "Wandsworth 490 cameras 490 cameras Taken out of the wave" in said
    assert "No camera was issued lately; at that rate the last 4,499 never will be." in said
    carried = shown.context["shown"]
    assert administrator.post(WAVE, {"shown": carried + "x"}).status_code == 400
    assert administrator.post(WAVE, {"shown": carried}).status_code == 302
    lines = {line.unit_code: line for line in lines_of(current_plan()) if line.wave == "Boroughs"}
    assert {code: line.target for code, line in lines.items()} == {
        "JC": 600,
        "YR": 500,
        "KF": 598,
        "EAC": 1_300,
    }
    assert {line.due.text for line in lines.values()} == {"2018-07"}
    assert administrator.post(WAVE, {"shown": carried}).status_code == 409, "another version came meanwhile"
    assert len(events("rollout_plan.changed")) == 1


def test_a_wave_that_cannot_be_is_refused_with_what_was_typed(example, administrator):
    sent = typed(
        administrator.get(WAVE), **{"reason": "Why not", "line-0-target": "lots", "line-1-due": "July"}
    )
    page = administrator.post(WAVE, sent)
    assert page.status_code == 400
    assert "'lots' is not a number of cameras" in text(page)
    assert "'July' is not a date" in text(page)
    assert b"Why not" in page.content
    assert administrator.get("/rollout/plan/wave?phase=No&wave=Such").status_code == 404
    new = {"phase": "To the summer", "wave": "boroughs", "reason": "New", "line-0-target": "9"}
    page = administrator.post("/rollout/plan/wave", typed(administrator.get("/rollout/plan/wave"), **new))
    assert "Choose the unit." in text(page)
    new["line-0-unit"] = str(example.camera.unit_id)
    page = administrator.post("/rollout/plan/wave", typed(administrator.get("/rollout/plan/wave"), **new))
    assert "The plan has a wave of this name already." in text(page)
    new["wave"] = "Late"
    page = administrator.post("/rollout/plan/wave", typed(administrator.get("/rollout/plan/wave"), **new))
    administrator.post("/rollout/plan/wave", {"shown": page.context["shown"]})
    assert [line.unit_code for line in lines_of(current_plan()) if line.wave == "Late"] == [
        example.camera.unit.code
    ]


def test_a_wave_is_changed_over_the_api(example, administrator):
    plan = administrator.get("/api/v1/rollout/plan").json()
    wave = {
        "phase": "To the summer",
        "wave": "The whole",
        "lines": [
            {
                "unit_code": plan["lines"][0]["unit"]["code"],
                "target": 22_500,
                "counts": "in_all",
                "due": "2018",
            }
        ],
        "based_on": plan["id"],
        "reason": "Five hundred more",
    }

    def post(address="/api/v1/rollout/plan/waves", **changed):
        return administrator.post(address, json.dumps(wave | changed), content_type="application/json")

    tried = post("/api/v1/rollout/plan/waves?dry_run=true").json()
    assert tried["plan_id"] is None
    force = tried["effects"][0]
    assert [force[when]["target"] for when in ("before", "after")] == [22_000, 22_500]
    assert [each["after"]["due"] for each in tried["changed"]] == ["2018"]
    bad = post(lines=[{"unit_code": "ZZ"}, {"unit_code": "KF", "due": "July"}])
    assert (bad.status_code, bad.json()["code"]) == (422, "wave_faulty")
    assert [each["field"] for each in bad.json()["errors"]] == ["lines.0.unit_code", "lines.1.due"]
    assert post().json()["plan_id"] == str(current_plan().id)
    assert (post().status_code, post().json()["code"]) == (409, "plan_changed")


def test_what_a_site_lacks_is_reckoned_from_what_is_said_of_it(example, administrator):
    newham = Unit.objects.get(name="Newham")
    install_dock(serial="D1", site="Forest Gate", unit=newham, bays=100, by=BY, at=FILMED_AT)
    assert "50 bays missing for the 598 cameras of the plan." in text(administrator.get(unit_page("Newham")))
    fewer = text(administrator.get(unit_page("Newham"), {"on_shift_percent": "10", "filmed_min": "30"}))
    assert "There are enough bays for the 598 cameras of the plan." in fewer
    for wrong in ("0", "101", "many"):
        page = administrator.get(unit_page("Newham"), {"on_shift_percent": wrong})
        assert page.status_code == 400
        assert "There is a problem" in text(page)


def test_stated_shifts_are_what_docks_are_reckoned_with(example, administrator):
    newham = Unit.objects.get(name="Newham")
    dock = install_dock(serial="D1", site="Forest Gate", unit=newham, bays=50, by=BY, at=FILMED_AT)
    address = reverse("rollout-shifts", args=[newham.id])
    numbers = {"docked_h": 8, "filmed_min": 60, "mbit_per_s": 4, "share_percent": 80}
    typed = {"changes": "07:00 40, 15:00 35, 22:00 30", **numbers}
    sent = {f"shifts-{name}": value for name, value in typed.items()}
    refused = administrator.post(address, sent | {"shifts-changes": "07:00"})
    assert refused.status_code == 400
    assert "'07:00' is not a time and a number of cameras" in text(refused)
    assert administrator.post(address, sent).status_code == 302
    page = text(administrator.get(unit_page("Newham")))
    assert "15 bays missing for the shifts as they change." in page
    assert "22:00 30 65 0 " in page
    assert "07:00 40 40 10 " in page
    assert "What this assumes" not in page
    day = now().date() + timedelta(days=9)
    administrator.post(reverse("dock-describe", args=[dock.id]), {"describe-installed_date": day.isoformat()})
    page = text(administrator.get(unit_page("Newham")))
    assert "65 bays missing for the shifts as they change." in page
    assert f"Docks are counted that are installed by {now():%-d %B %Y}." in page
    assert f"50 more bays come later, the first on {day:%-d %B %Y}." in page
    assert [len(events(kind)) for kind in ("rollout.shifts_stated", "dock.described")] == [1, 1]


def test_what_a_site_has_and_needs_is_told_and_stated_over_the_api(example, administrator):
    newham = Unit.objects.get(name="Newham")
    install_dock(serial="D1", site="Forest Gate", unit=newham, bays=100, by=BY, at=FILMED_AT)
    address = f"/api/v1/rollout/units/{newham.id}"
    said = administrator.get(f"{address}/site").json()
    assert (said["cameras"], said["shifts"], said["bays_installed"], said["bays_missing"]) == (
        598,
        None,
        100,
        50,
    )
    stated = administrator.put(
        f"{address}/shifts", json.dumps({"changes": "06:00 9"}), content_type="application/json"
    ).json()
    assert stated["shifts"]["changes"] == "06:00 9"
    assert [(each["at"], each["needs"]["bays"], each["bays_free"]) for each in stated["changes"]] == [
        ("06:00", 9, 91)
    ]
    marine = Unit.objects.get(code="MAR")
    assert administrator.get(f"/api/v1/rollout/units/{marine.id}/site").status_code == 404


def test_shifts_go_out_and_come_in_with_the_plan(example, administrator):
    newham = Unit.objects.get(name="Newham")
    shifts.state_shifts(unit=newham, shifts=Shifts(parse_changes("07:00 40")), by=BY, at=FILMED_AT)
    raw = administrator.get(reverse("rollout-plan-json")).content

    def brought(old, new):
        assert old in raw
        return import_plan(raw=raw.replace(old, new), note="", by=BY, at=FILMED_AT)

    assert brought(b"40", b"40").ok
    assert StatedShifts.objects.count() == 1, "what is the same is not stated again"
    assert brought(b"07:00 40", b"08:00 41").ok
    assert shifts.shifts_of(newham.id) == Shifts(parse_changes("08:00 41"))
    assert events("rollout_plan.imported")[-1].particulars.details["sites"][0]["changes"] == "08:00 41"
    for old, wrong, field in (
        (b"07:00 40", b"0740 41", "sites.changes"),
        (b'"docked_h": 6.0', b'"docked_h": "six"', "sites.docked_h"),
    ):
        report = brought(old, wrong)
        assert ([fault.field for fault in report.errors], report.imported) == ([field], 0)
    lost = brought(b'"KF",\n      "changes"', b'"QQ",\n      "changes"')
    assert [fault.words for fault in lost.errors] == ["There is no unit with the code QQ."]


def test_refused_counts_and_blocks_keep_what_was_typed(example, administrator):
    newham = Unit.objects.get(name="Newham")
    to_come = {"count-as_of_date": "2999-01-01", "count-count": "17", "count-source": "The borough"}
    page = administrator.post(reverse("rollout-count", args=[newham.id]), to_come)
    assert page.status_code == 400
    assert "Nobody can have counted on a day to come." in text(page)
    assert b"The borough" in page.content
    typed = {"block-kind": "docks", "block-since_date": "2026-03-14", "block-words": "No docks yet"}
    address = reverse("rollout-block", args=[newham.id])
    assert administrator.post(address, typed).status_code == 302
    page = administrator.post(address, typed)
    assert page.status_code == 400
    assert "Docks blocks Newham already." in text(page)
    block = UnitBlock.objects.get()
    lift = reverse("rollout-unblock", args=[block.id])
    assert [administrator.post(lift).status_code for _ in range(2)] == [302, 409]
    assert administrator.post(reverse("rollout-unblock", args=[newham.id])).status_code == 404
    assert administrator.get(reverse("rollout-unit", args=[block.id])).status_code == 404


def test_the_public_sees_what_was_published_and_nothing_else(example, administrator):
    anyone = Client()
    assert "No figure is published" in text(anyone.get(reverse("public-figures")))
    figures.publish(
        figure=Figure.CAMERAS_ISSUED, as_of_date=FILMED_AT.date(), by=BY, at=FILMED_AT + timedelta(hours=1)
    )
    said = anyone.get(reverse("public-figures-json"))
    assert said["Access-Control-Allow-Origin"] == "*"
    (figure,) = said.json()["figures"]
    assert (figure["figure"], figure["number"], figure["is_about"]) == ("cameras_issued", 17_501, False)
    assert set(json.dumps(said.json()).split()) & {"test", "Smith"} == set(), "who published it is not public"
    assert administrator.post(reverse("figure-withdraw", args=["cameras_issued"])).status_code == 302
    assert anyone.get(reverse("public-figures-json")).json()["figures"] == []
    assert administrator.post(reverse("figure-withdraw", args=["colour"])).status_code == 400
    unknown = administrator.post(
        reverse("figure-publish"), {"figure": "cameras_issued", "as_of_date": "2017-08-13"}
    )
    assert unknown.status_code == 400
    assert "Cameras issued is not known up to 13 August 2017." in text(unknown)


def test_the_api_says_what_the_pages_say(example):
    client = example.client(Role.AUDITOR)
    blocks.raise_block(
        unit=Unit.objects.get(name="Newham"),
        kind="stock",
        since_date=FILMED_AT.date(),
        until_date=None,
        words="None came",
        by=BY,
        at=FILMED_AT,
    )
    said = client.get("/api/v1/rollout").json()
    assert (said["force"]["issued"], said["force"]["target"]) == (17_501, 22_000)
    assert said["force"]["planned"] == [{"due": "2018-summer", "count": 22_000, "is_about": False}]
    newham = next(each for each in said["units"] if each["unit"]["name"] == "Newham")
    assert (newham["target"], [block["kind"] for block in newham["blocks"]]) == (598, ["stock"])
    sheet = client.get(f"/api/v1/rollout/units/{newham['unit']['id']}").json()
    assert sheet["forecast"]["outcome"] == "too_little"
    assert len(client.get("/api/v1/rollout/plan").json()["lines"]) == 12
    bad = SimpleUploadedFile("plan.csv", PLAN.replace("480", "lots").encode())
    refused = example.client(Role.BWV_ADMINISTRATOR).post("/api/v1/rollout/plan", {"file": bad})
    assert (refused.status_code, refused.json()["code"]) == (422, "import_faulty")
