"""Every address, asked for by everyone: each answers as the one table of rules says, and logs whom it turns away.

The walk takes its routes from the address tables themselves. A route without a declaration of who may ask for it
fails, and so does one for which nothing is written below that could be asked of it.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from http.cookies import SimpleCookie
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver
from django.utils.regex_helper import normalize
from tests.disposals import noticed, stopped_run
from tests.integration.api.access_world import WHERE, Place, World, count_events, events, staged
from tests.integration.web.serving import session_cookie
from tests.policies import stops_kept_for, waiting_policy

from tabard.api.api import NOUNS
from tabard.api.operations import SignedIn
from tabard.config import urls as addresses
from tabard.custody.kinds import EventKind
from tabard.custody.selectors import latest_checkpoint
from tabard.fleet.issue_rules import Rules, as_json
from tabard.insight.plans import current_plan
from tabard.kernel.clock import now
from tabard.people.models import Officer
from tabard.people.rules import Action, Relation, Role, judge
from tabard.retention.policy import default_text
from tabard.web import urls
from tabard.web.forms.kiosk import TakeForm
from tabard.web.pages import Open

ANYONE = {Open.TO_SIGNED_IN, SignedIn.ANYONE}
ALL = frozenset(Relation)
OK, DONE = range(200, 300), range(200, 400)
TRAINING_CSV = b"shoulder_number,duty,trained_date\n71LX,General,2026-03-01\n"
OFFICERS_CSV = (
    b"given_name,family_name,rank,warrant_number,shoulder_number,unit_code\nNew,Comer,PC,W77,777LX,LX\n"
)
CSV = b"serial,make,model,mount,unit_code\nNEW-1,Axis,W120,chest,LX\n"


@dataclass(frozen=True)
class Ask:
    """What to send to a route about a place; `good` are the answers of someone who may."""

    method: str = "GET"
    sent: Callable[[Place], Mapping[str, Any]] | None = None
    query: Callable[[Place], Mapping[str, Any]] = field(default=lambda place: {})
    named: Callable[[Place], Mapping[str, Any]] = field(default=lambda place: {})
    is_file: bool = False
    has_item: bool = False
    good: range | set[int] = DONE
    actions: tuple[Action, ...] = ()
    """Where no single action guards the route: any of these on the item will do."""


@dataclass(frozen=True)
class Route:
    """One address with one method, who may ask for it, and how to."""

    name: str
    template: str
    access: Any
    parameters: tuple[str, ...]
    ask: Ask

    @property
    def has_item(self) -> bool:
        return self.ask.has_item or any(name in ITEMS for name in self.parameters)

    def allows(self, role: Role, relations: frozenset[Relation]) -> bool:
        """What the table of rules says."""
        actions = self.ask.actions or (() if self.access in ANYONE else (self.access,))
        return not actions or any(judge([role], action, relations).allowed for action in actions)

    def send(self, client: Client, place: Place, world: World) -> Any:
        values = {name: NAMES[name](place, world) for name in self.parameters} | self.ask.named(place)
        path = self.template % values
        options: dict[str, Any] = {"query_params": self.ask.query(place)}
        if self.ask.sent is not None:
            sent = dict(self.ask.sent(place))
            is_json = path.startswith("/api/") and not self.ask.is_file
            options |= (
                {"data": json.dumps(sent), "content_type": "application/json"} if is_json else {"data": sent}
            )
        return getattr(client, self.ask.method.lower())(path, **options)


NAMES: Mapping[str, Callable[[Place, World], Any]] = {
    "recording_id": lambda place, world: place.recording.id,
    "segment_id": lambda place, world: place.segment.id,
    "clip_id": lambda place, world: place.clip.id,
    "incident_id": lambda place, world: place.incident.id,
    "exhibit_id": lambda place, world: place.exhibit.id,
    "pack_id": lambda place, world: place.pack.id,
    "hold_id": lambda place, world: place.hold.id,
    # Nobody holds their own footage.
    "officer_id": lambda place, world: world.elsewhere.officer.id,
    "review_id": lambda place, world: place.review.id,
    "request_id": lambda place, world: place.early.id,
    "policy_id": lambda place, world: waiting_policy("steward").id,
    "camera_id": lambda place, world: place.camera.id,
    "event_id": lambda place, world: place.event_id,
    "account_id": lambda place, world: world.clerk.id,
    "role": lambda place, world: Role.AUDITOR.value,
    "destination_id": lambda place, world: world.destination.id,
    "container_id": lambda place, world: world.transfer.id,
    "dock_id": lambda place, world: world.dock.id,
    "key_id": lambda place, world: world.dock_key.id,
    "loss_id": lambda place, world: world.loss.id,
    "stocktake_id": lambda place, world: world.stocktake.id,
    "disposal_run_id": lambda place, world: stopped_run().id,
    "run_id": lambda place, world: world.folder_run.id,
    "pattern_id": lambda place, world: world.name_pattern.id,
    "unit_id": lambda place, world: world.lambeth.id,
    "block_id": lambda place, world: world.unit_block.id,
    "figure": lambda place, world: "cameras_registered",
    "path": lambda place, world: "0/000.p/1",
    "flag": lambda place, world: "conflict",
    "item_type": lambda place, world: "recording",
    "item_id": lambda place, world: place.recording.id,
}
_NO_ITEMS = {
    *("account_id", "role", "destination_id", "container_id", "dock_id", "key_id"),
    *("loss_id", "stocktake_id", "officer_id", "policy_id"),
    *("path", "item_type", "flag", "run_id", "disposal_run_id", "pattern_id"),
    *("unit_id", "block_id", "figure"),
}
ITEMS = set(NAMES) - _NO_ITEMS


def sizes(place: Place) -> dict[str, int]:
    """Two signed sizes of the log, the same one."""
    head = latest_checkpoint()
    assert head is not None
    return {"from": head.size, "to": head.size}


RECEIPT = Ask(actions=(Action.LOG_VIEW, Action.RECORDING_VIEW))
INCIDENT = {
    "kind": "call",
    "reference": "CAD 4821",
    "title": "Shouting in the street",
    "start_at": "2026-03-14T22:30:00Z",
}
OUTCOME = {"kind": "acquitted", "decided_date": "2026-03-20", "reason": "Result of the court"}
HOLD = {"scope": "incident", "kind": "inquest", "reason": "Inquest of 12 May", "act": "rehearse"}
OFFICER_HOLD = {
    "kind": "complaint",
    "reason": "Complaint 9",
    "from_date": "2026-03-01",
    "to_date": "2026-03-31",
}
EARLY = {"basis": "court_order", "reason": "T20260002"}
DESCRIPTION = {"mount": "head", "profile": "Overt firearms"}
TRAINING = {"duty": "General", "trained_date": "2026-03-02"}
RULES = {
    "least_battery_percent": "20",
    "most_clock_off_s": "3600",
    "exception_ranks": "Insp",
    "duties": "General: chest",
}
CAMERA = {"serial": "NEW-1", "make": "Axis", "model": "W120"}
DESTINATION = {"name": "Lewisham docks", "username": "lewisham"}
DOCK = {"serial": "NEW-1", "site": "Kennington", "bays": 4}
# Of RFC 8032, test 2.
PUBLIC_KEY = "PUAXw-hDiVqStwqnTRt-vJyYLM8uxJaMwM1V8Sr0Zgw"
ACCOUNT = {"username": "mira", "display_name": "Mira", "password": "seven kingfishers"}


PLAN = b"phase,wave,unit_code,target\nOne,Boroughs,LX,480\n"
WAVE = {"phase": "Two", "wave": "Boroughs", "reason": "The board"}
COUNT = {"as_of_date": "2026-03-14", "count": 17, "source": "The borough"}
SHIFTS = {"changes": "07:00 40", "docked_h": 6, "filmed_min": 60, "mbit_per_s": 4, "share_percent": 80}
BLOCK = {"kind": "stock", "since_date": "2026-03-14", "words": "No cameras yet"}
FIGURE = {"figure": "cameras_registered", "as_of_date": "2026-03-14"}


PERIOD = {"since": "2026-03-14T00:00:00Z", "until": "2026-03-15T00:00:00Z"}


def attributed(place: Place) -> dict[str, Any]:
    """To somebody whose it is not yet, and who is not the asker."""
    other = "201GD" if place.officer.shoulder_number == "102LX" else "102LX"
    return {"officer": other, "reason": "Told by the sergeant"}


def of_notice(place: Place) -> dict[str, Any]:
    """The incident of which the place's officer was told that it overlaps a recording which is about to go."""
    return {"incident_id": noticed(place.free, place.unlinked_incident).incident_id}


def in_a_month() -> str:
    return (now() + timedelta(days=30)).date().isoformat()


def post(**sent: Any) -> Ask:
    return Ask("POST", lambda place: sent, good=OK)


GONE = Ask(named=lambda place: {"recording_id": place.gone.id})


API: Mapping[str, Ask] = {
    "GET recordings/%(recording_id)s/certificate": GONE,
    "POST policies/what-if": Ask("POST", lambda place: {"text": stops_kept_for(400)}, good=OK),
    # Its version was there before.
    "POST policies": Ask("POST", lambda place: {"text": default_text(), "reason": "Reviewed"}, good={422}),
    "POST policies/%(policy_id)s/approve": Ask("POST", good=OK),
    "POST policies/%(policy_id)s/refuse": post(reason="Too long"),
    # Only who proposed it can withdraw it, and the asker never did.
    "POST policies/%(policy_id)s/withdraw": Ask("POST", lambda place: {"reason": "Mistaken"}, good={409}),
    "DELETE session": Ask("DELETE", good=OK),
    "PUT recordings/%(recording_id)s/category": Ask("PUT", lambda place: {"category": "crime"}, good=OK),
    "POST segments/%(segment_id)s/clips": post(start_s=1, end_s=2),
    "POST incidents": post(**INCIDENT),
    "POST incidents/%(incident_id)s/outcomes": post(**OUTCOME),
    "POST incidents/%(incident_id)s/recordings": Ask(
        "POST",
        lambda place: {"recording_id": str(place.recording.id)},
        named=lambda place: {"incident_id": place.unlinked_incident.id},
        good=OK,
    ),
    "POST incidents/%(incident_id)s/recordings/%(recording_id)s/unlink": post(reason="Wrong street"),
    "POST exhibits": Ask(
        "POST",
        lambda place: {
            "recording_id": str(place.recording.id),
            "producer": place.officer.shoulder_number,
            "description": "The arrest",
        },
        has_item=True,
        good=OK,
    ),
    "POST exhibits/%(exhibit_id)s/packs": Ask("POST", good=OK),
    "POST recordings/%(recording_id)s/holds": post(kind="inquest", reason="Inquest of 12 May"),
    "POST incidents/%(incident_id)s/holds": post(kind="inquest", reason="Inquest of 12 May"),
    "POST officers/%(officer_id)s/holds": Ask("POST", lambda place: OFFICER_HOLD, good=OK),
    "POST holds/rehearsal": Ask(
        "POST",
        lambda place: {"kind": "iopc", "recording_id": str(place.recording.id)},
        has_item=True,
        good=OK,
    ),
    "POST holds/%(hold_id)s/review": Ask(
        "POST", lambda place: {"review_date": in_a_month(), "reason": "The trial is in May"}, good=OK
    ),
    "POST holds/%(hold_id)s/hand-over": post(owner="steward", reason="Left"),
    "POST holds/%(hold_id)s/release": post(reason="Concluded"),
    "POST recordings/%(recording_id)s/early-disposals": Ask(
        "POST", lambda place: EARLY, named=lambda place: {"recording_id": place.free.id}, good=OK
    ),
    # It is held, and an open incident keeps it: there is nothing to decide.
    "POST recordings/%(recording_id)s/reviews/keep": Ask(
        "POST", lambda place: {"until_date": in_a_month(), "reason": "A cold case"}, good={409}
    ),
    "POST recordings/%(recording_id)s/reviews/let-go": Ask(
        "POST", lambda place: {"all_answered_no": True, "reason": "Over"}, good={409}
    ),
    "POST reviews/%(review_id)s/agree": Ask("POST", good={409}),
    "POST reviews/%(review_id)s/refuse": post(reason="A retrial is likely"),
    "POST incidents/%(incident_id)s/notices/dismiss": Ask(
        "POST", lambda place: {"recording_ids": [str(place.free.id)]}, named=of_notice, good=OK
    ),
    "POST disposal-runs/%(disposal_run_id)s/approve": post(reason="A year's backlog"),
    # Nobody has asked that it go on.
    "POST disposal-runs/%(disposal_run_id)s/refuse": Ask("POST", lambda place: {"reason": "No"}, good={409}),
    "POST early-disposals/%(request_id)s/approve": post(understood=True),
    "POST early-disposals/%(request_id)s/refuse": post(reason="Set aside"),
    # Only who asked for it can withdraw it, and the asker never did.
    "POST early-disposals/%(request_id)s/withdraw": Ask(
        "POST", lambda place: {"reason": "Mistaken"}, good={409}
    ),
    "POST recordings/%(recording_id)s/attribution": Ask("POST", attributed, good=OK),
    "POST recordings/%(recording_id)s/flags/%(flag)s/settle": post(reason="Both were looked at"),
    "GET wholeness": Ask(query=lambda place: PERIOD),
    "POST cameras": post(**CAMERA),
    "POST cameras/%(camera_id)s/assign": Ask("POST", lambda place: {"officer": "101LX"}, good={409}),
    "POST cameras/%(camera_id)s/return": Ask("POST", good=OK),
    # A camera cannot be swapped for itself.
    "POST cameras/%(camera_id)s/swap": Ask(
        "POST", lambda place: {"other": place.camera.serial, "reason": "Cracked"}, good={422}
    ),
    "POST cameras/%(camera_id)s/loss": post(change="lose", reason="In the Thames"),
    "POST stocktakes": Ask(
        "POST", lambda place: {"unit_id": str(place.officer.postings.get().unit_id)}, good=OK
    ),
    "POST stocktakes/%(stocktake_id)s/scans": post(serial="CAM-1"),
    "POST stocktakes/%(stocktake_id)s/close": Ask("POST", good=OK),
    "POST losses/%(loss_id)s/steps": post(step="searched", words="The bank"),
    "POST losses/%(loss_id)s/close": post(outcome="found", reason="A diver"),
    "POST kiosk/hand-in": Ask("POST", lambda place: {"camera": place.camera.serial}, has_item=True, good=OK),
    "POST kiosk/fault": Ask(
        "POST", lambda place: {"camera": place.camera.serial, "reason": "Dark"}, has_item=True, good=OK
    ),
    # The pool is empty.
    "POST kiosk/swap": Ask(
        "POST", lambda place: {"camera": place.camera.serial, "reason": "Dark"}, has_item=True, good={409}
    ),
    # Who takes one has one already; the camera is another's, which is only refused where the desk may see it.
    "POST kiosk/take": Ask(
        "POST",
        lambda place: {"officer": "71LX", "camera": place.camera.serial},
        has_item=True,
        good={409},
    ),
    "PUT issue-rules": Ask("PUT", lambda place: as_json(Rules()), good=OK),
    "POST trainings": Ask(
        "POST", lambda place: {**TRAINING, "officer": place.officer.shoulder_number}, good=OK
    ),
    "POST cameras/%(camera_id)s/change": post(change="report_fault", reason="The lens is cracked"),
    "PUT cameras/%(camera_id)s/description": Ask("PUT", lambda place: DESCRIPTION, good=OK),
    "POST cameras/import": Ask(
        "POST", lambda place: {"file": SimpleUploadedFile("cameras.csv", CSV)}, is_file=True, good=OK
    ),
    "POST trainings/import": Ask(
        "POST",
        lambda place: {"file": SimpleUploadedFile("training.csv", TRAINING_CSV)},
        is_file=True,
        good=OK,
    ),
    "POST officers/import": Ask(
        "POST",
        lambda place: {"file": SimpleUploadedFile("officers.csv", OFFICERS_CSV)},
        is_file=True,
        good=OK,
    ),
    "POST rollout/plan": Ask(
        "POST", lambda place: {"file": SimpleUploadedFile("plan.csv", PLAN)}, is_file=True, good=OK
    ),
    "POST rollout/plan/waves": Ask(
        "POST",
        lambda place: {**WAVE, "based_on": str(current_plan().id), "lines": [{"unit_code": "LX"}]},
        good=OK,
    ),
    "POST rollout/units/%(unit_id)s/counts": post(**COUNT),
    "PUT rollout/units/%(unit_id)s/shifts": Ask("PUT", lambda place: {"changes": "07:00 40"}, good=OK),
    "POST rollout/units/%(unit_id)s/blocks": post(**BLOCK),
    "POST rollout/blocks/%(block_id)s/lift": Ask("POST", good=OK),
    "POST rollout/figures": post(**FIGURE),
    # Nothing is public yet.
    "DELETE rollout/figures/%(figure)s": Ask("DELETE", good={409}),
    "POST docks": Ask("POST", lambda place: {**DOCK, "unit_id": str(place.recording.unit_id)}, good=OK),
    "POST docks/%(dock_id)s/keys": post(public_key=PUBLIC_KEY, name="Station PC"),
    "PUT docks/%(dock_id)s/description": Ask("PUT", lambda place: {"installed_date": "2026-06-01"}, good=OK),
    "POST docks/%(dock_id)s/keys/%(key_id)s/revoke": Ask("POST", good=OK),
    "POST destinations": post(**DESTINATION),
    "POST destinations/%(destination_id)s/renew": post(encrypt=False),
    "POST destinations/%(destination_id)s/revoke": Ask("POST", good=OK),
    "POST name-patterns": post(pattern="{camera}_{date}_{sequence}.mp4", note="Spare cameras"),
    "POST name-patterns/try": post(names=["101LX_20260314.mp4"], also=["{camera}_{date}.mp4"]),
    "DELETE name-patterns/%(pattern_id)s": Ask("DELETE", good=OK),
    "POST transfers/%(container_id)s/end": post(reason="The controller is gone"),
    "POST accounts": post(**ACCOUNT),
    "POST accounts/%(account_id)s/roles": post(role="investigator"),
    "DELETE accounts/%(account_id)s/roles/%(role)s": Ask("DELETE", good=OK),
    "GET events/%(event_id)s/receipt": RECEIPT,
    "GET events/%(event_id)s/leaf": RECEIPT,
    "GET log/consistency": Ask(query=sizes),
}
"""What to send to an operation that is no plain GET."""


def form(prefix: str = "", **sent: Any) -> Ask:
    typed = {f"{prefix}-{name}" if prefix else name: value for name, value in sent.items()}
    return Ask("POST", lambda place: typed, good={302})


PAGES: Mapping[str, tuple[Ask, ...]] = {
    "sign-out": (Ask("POST", good={302}),),
    "recording-category": (form("category", category="crime"),),
    "recording-link": (
        Ask("POST", lambda place: {"link-reference": place.unlinked_incident.reference}, good={302}),
    ),
    "recording-unlink": (
        Ask(
            "POST",
            lambda place: {"unlink-incident": str(place.incident.id), "unlink-reason": "Wrong street"},
            good={302},
        ),
    ),
    "recording-hold": (form("hold", kind="inquest", reason="Inquest of 12 May"),),
    "recording-release": (
        Ask(
            "POST",
            lambda place: {"release-hold": str(place.hold.id), "release-reason": "Concluded"},
            good={302},
        ),
    ),
    "recording-early-disposal": (
        Ask(named=lambda place: {"recording_id": place.free.id}),
        Ask("POST", lambda place: EARLY, named=lambda place: {"recording_id": place.free.id}, good={302}),
    ),
    "recording-certificate": (GONE,),
    "recording-certificate-file": (GONE,),
    "recording-review": (
        Ask(),
        Ask(
            "POST",
            lambda place: {"choice": "let_go", "reason": "Over"},
            good={400},
            actions=(Action.REVIEW_DECIDE,),
        ),
    ),
    "review-agree": (Ask("POST", good={400}),),
    "review-refuse": (form(reason="A retrial is likely"),),
    "policy-change": (
        Ask(),
        Ask("POST", lambda place: {"text": stops_kept_for(400), "act": "check"}, good={200}),
    ),
    "policy-approve": (Ask("POST", good={302}),),
    "policy-refuse": (form("refuse", reason="Too long"),),
    "policy-withdraw": (Ask("POST", lambda place: {"withdraw-reason": "Mistaken"}, good={400}),),
    "notice": (Ask(named=of_notice),),
    "notice-answer": (
        Ask("POST", lambda place: {"not_of_it": str(place.free.id)}, named=of_notice, good={302}),
    ),
    "disposal-run-approve": (form("approve", reason="A year's backlog"),),
    "disposal-run-refuse": (Ask("POST", lambda place: {"refuse-reason": "No"}, good={400}),),
    "early-disposal-approve": (Ask(), form(understood="on")),
    "early-disposal-refuse": (form("refuse", reason="Set aside"),),
    "early-disposal-withdraw": (Ask("POST", lambda place: {"withdraw-reason": "Mistaken"}, good={400}),),
    "hold-place": (
        Ask(),
        Ask("POST", lambda place: HOLD | {"reference": place.incident.reference}, good={200}),
    ),
    "hold-review": (
        Ask(
            "POST",
            lambda place: {"review-review_date": in_a_month(), "review-reason": "The trial is in May"},
            good={302},
        ),
    ),
    "hold-hand-over": (form("owner", owner="steward", reason="Left"),),
    "hold-release": (form("release", reason="Concluded"),),
    "recording-clip": (form("clip", start_s="1", end_s="2"),),
    "incident-outcome": (form(**OUTCOME),),
    "incident-record": (
        Ask(),
        form(**INCIDENT | {"start_at": "2026-03-14 22:30"}),
    ),
    "exhibit-produce": (
        Ask(query=lambda place: {"recording": place.recording.id}, has_item=True),
        Ask(
            "POST",
            lambda place: {"producer": place.officer.shoulder_number, "description": "The arrest"},
            query=lambda place: {"recording": place.recording.id},
            has_item=True,
            good={302},
        ),
    ),
    "pack-request": (Ask("POST", good={302}),),
    "fleet-import": (
        Ask(),
        Ask("POST", lambda place: {"file": SimpleUploadedFile("cameras.csv", CSV)}, is_file=True, good=OK),
    ),
    "training-import": (
        Ask(),
        Ask(
            "POST",
            lambda place: {"file": SimpleUploadedFile("training.csv", TRAINING_CSV)},
            is_file=True,
            good=OK,
        ),
    ),
    "officers-import": (
        Ask(),
        Ask(
            "POST",
            lambda place: {"file": SimpleUploadedFile("officers.csv", OFFICERS_CSV)},
            is_file=True,
            good=OK,
        ),
    ),
    "camera-assign": (Ask("POST", lambda place: {"officer": "101LX"}, good={400}),),
    "camera-return": (Ask("POST", good={302}),),
    "camera-swap": (
        Ask(
            "POST",
            lambda place: {
                "swap-other": place.camera.serial,
                "swap-change": "report_fault",
                "swap-reason": "Cracked",
            },
            good={400},
        ),
    ),
    "camera-lost": (Ask(), form(change="lose", reason="In the Thames")),
    "stocktake-begin": (
        Ask("POST", lambda place: {"unit": place.officer.postings.get().unit_id}, good={302}),
    ),
    "stocktake-scan": (form(serial="CAM-1"),),
    "stocktake-close": (Ask("POST", good={302}),),
    "loss-follow": (form("step", step="searched", words="The bank"),),
    "loss-close": (form("close", outcome="found", reason="A diver"),),
    "kiosk-scan": (Ask("POST", lambda place: {"code": place.camera.serial}, has_item=True, good={302}),),
    "kiosk-fault": (
        Ask(),
        Ask(
            "POST",
            lambda place: {
                "fault": "It does not charge",
                "then": "report",
                "camera": place.camera.serial,
            },
            has_item=True,
            good={302},
        ),
    ),
    "kiosk-take": (
        Ask(
            "POST",
            lambda place: {
                "officer": TakeForm.of(Officer.objects.get(shoulder_number="71LX")).initial["officer"],
                "camera": place.camera.serial,
            },
            has_item=True,
            good={400},
        ),
    ),
    "fleet-rules": (Ask(), form(**RULES)),
    "fleet-training": (
        Ask(),
        Ask("POST", lambda place: {**TRAINING, "officer": place.officer.shoulder_number}, good={302}),
    ),
    "camera-change": (form("change", change="report_fault", reason="The lens is cracked"),),
    "camera-describe": (Ask(), form(**DESCRIPTION)),
    "fleet-receive": (
        Ask(),
        Ask("POST", lambda place: {**CAMERA, "mount": "chest", "state": "ready"}, good=OK),
    ),
    "work-item-attribute": (
        Ask(
            "POST",
            lambda place: {f"attribute-{name}": value for name, value in attributed(place).items()},
            good={302},
        ),
    ),
    "name-pattern-list": (Ask(), form(pattern="{officer}_{sequence}.mp4", note="Exports")),
    "name-patterns-tried": (Ask("POST", lambda place: {"names": "482LX_0001.mp4"}, good=OK),),
    "name-pattern-remove": (Ask("POST", good={302}),),
    "work-item-settle": (form("settle", flag="conflict", reason="Both were looked at"),),
    "rollout-plan-import": (
        Ask(),
        Ask("POST", lambda place: {"file": SimpleUploadedFile("plan.csv", PLAN)}, is_file=True, good=OK),
    ),
    "rollout-wave": (
        Ask(),
        Ask(
            "POST",
            lambda place: {
                **WAVE,
                "based_on": str(current_plan().id),
                "line-TOTAL_FORMS": "1",
                "line-INITIAL_FORMS": "0",
                "line-0-unit_code": "LX",
                "line-0-counts": "adds",
            },
            good=OK,
        ),
    ),
    "rollout-count": (form("count", **COUNT),),
    "rollout-shifts": (form("shifts", **SHIFTS),),
    "rollout-block": (form("block", **BLOCK),),
    "rollout-unblock": (Ask("POST", good={302}),),
    "figure-publish": (form(**FIGURE),),
    # Nothing is public yet.
    "figure-withdraw": (Ask("POST", good={409}),),
    "dock-install": (
        Ask(),
        Ask("POST", lambda place: {**DOCK, "unit": place.officer.postings.get().unit_id}, good={302}),
    ),
    "dock-key-enrol": (form(name="Station PC", public_key=PUBLIC_KEY),),
    "dock-describe": (form("describe", installed_date="2026-06-01"),),
    "dock-key-revoke": (Ask(), Ask("POST", good={302})),
    "destination-open": (Ask(), Ask("POST", lambda place: DESTINATION, good=OK)),
    "destination-renew": (Ask("POST", good=OK),),
    "destination-revoke": (Ask(), Ask("POST", good={302})),
    "transfer-end": (Ask(), form(reason="The controller is gone")),
    "access-reason": (
        Ask(actions=(Action.RECORDING_VIEW,)),
        Ask(
            "POST",
            lambda place: {"access-purpose": "training"},
            good={302},
            actions=(Action.RECORDING_VIEW,),
        ),
    ),
    "log-prove-event": (RECEIPT,),
    "log-receipt": (RECEIPT,),
    "log-leaf": (RECEIPT,),
}
"""What to send to a page that is no plain GET."""


def operations() -> Iterator[Route]:
    """Every operation of the API, with the access that its door keeps."""
    for noun in NOUNS:
        for path, view in noun.router.path_operations.items():
            for operation in view.operations:
                (method,) = operation.methods
                template = path.strip("/").replace("uuidstr:", "").replace("{", "%(").replace("}", ")s")
                (door,) = operation.auth_callbacks
                name = f"{method} {template}"
                ask = API.get(name, Ask(method))
                parameters = tuple(part.split(")")[0] for part in template.split("%(")[1:])
                yield Route(name, f"/api/v1/{template}", getattr(door, "access", None), parameters, ask)


def pages() -> Iterator[Route]:
    """Every page, with the access that it declares."""
    for pattern in _patterns(urls.urlpatterns):
        ((template, parameters),) = normalize(pattern.pattern.regex.pattern)
        access = getattr(pattern.callback, "access", None)
        for ask in PAGES.get(pattern.name, (Ask(),)):
            yield Route(f"{ask.method} {pattern.name}", f"/{template}", access, tuple(parameters), ask)


def _patterns(found: list[URLPattern | URLResolver]) -> Iterator[URLPattern]:
    for pattern in found:
        if isinstance(pattern, URLResolver):
            yield from _patterns(pattern.url_patterns)
        else:
            yield pattern


ROUTES = [*operations(), *pages()]


@pytest.fixture(scope="module")
def force(django_db_setup, django_db_blocker, tmp_path_factory):
    with django_db_blocker.unblock(), staged(tmp_path_factory.mktemp("home")) as built:
        yield built


@pytest.fixture
def world(force, db):
    return force


def test_every_route_declares_who_may_ask_for_it():
    declared = (Action, Open, SignedIn)
    assert [route.name for route in ROUTES if not isinstance(route.access, declared)] == []
    assert len(ROUTES) > 70


def test_there_are_no_addresses_but_those_walked():
    assert [str(pattern.pattern) for pattern in addresses.urlpatterns] == ["api/v1/", ""]
    operation_names = {
        operation.url_name
        for noun in NOUNS
        for view in noun.router.path_operations.values()
        for operation in view.operations
    }
    others = {pattern.name for pattern in addresses.urlpatterns[0].url_patterns} - operation_names
    assert others == {"openapi-json", "api-root", None}, "its description, and two that find nothing"


def test_everything_that_a_route_needs_is_known_here():
    assert {name for route in ROUTES for name in route.parameters} <= set(NAMES)
    asked = {route.name for route in ROUTES}
    acts = {route.name for route in operations() if route.ask.method != "GET"}
    assert acts <= set(API), "nothing is written here to send to some operation"
    assert set(API) <= asked, "the walk knows operations that are no more"
    assert {f"{ask.method} {name}" for name, asks in PAGES.items() for ask in asks} <= asked


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("kind", ["api", "pages"])
def test_everyone_is_answered_as_the_rules_say(world, role, kind):
    client, cookies = Client(), session_cookie(world.become(role))
    wrong = [
        words
        for route in ROUTES
        if route.template.startswith("/api/") == (kind == "api") and route.access is not Open.TO_ANYONE
        for where in WHERE
        if route.has_item or where == "own"
        for words in _wrong(route, role, where, signed_in(client, cookies), world)
    ]
    assert wrong == []


def signed_in(client: Client, cookies: Mapping[str, str]) -> Client:
    """The one client, which loads its middleware once, with these cookies and none that an answer gave it."""
    client.cookies = SimpleCookie(dict(cookies))
    return client


def _wrong(route: Route, role: Role, where: str, client: Client, world: World) -> list[str]:
    """What is not as the rules say when this role asks; nothing of what it did remains."""
    with transaction.atomic():
        status = route.send(client, world.places[where], world).status_code
        refusals = count_events(EventKind.ACCESS_REFUSED)
        transaction.set_rollback(True)
    relations = WHERE[where] if route.has_item else ALL
    if route.allows(role, relations):
        is_right = status in route.ask.good and refusals == 0
    else:
        is_right = status == 403 and refusals == 1
    said = f"{role} {route.name} ({where}): {status}, {refusals} refusals"
    return [] if is_right else [said]


def test_someone_not_signed_in_is_sent_to_sign_in_or_told_so(world):
    wrong, client = [], Client()
    for route in ROUTES:
        response = route.send(signed_in(client, {}), world.own, world)
        if route.access is Open.TO_ANYONE:
            is_right = response.status_code == 200
        elif route.template.startswith("/api/"):
            is_right = response.status_code == 401
            is_right = is_right and response["Content-Type"] == "application/problem+json"
        else:
            is_right = response.status_code == 302 and response["Location"].startswith("/sign-in?next=")
        wrong += [] if is_right else [f"{route.name}: {response.status_code}"]
    assert wrong == []
    assert events(EventKind.ACCESS_REFUSED) == []


def test_nobody_without_a_role_gets_in(world):
    client = Client()
    client.force_login(world.become())
    for route in ROUTES:
        if isinstance(route.access, Action):
            assert route.send(client, world.own, world).status_code == 403, route.name
