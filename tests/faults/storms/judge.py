"""What must hold once the weather has passed, whatever happened before; each function answers what does not.

Run in a child of the nursery: it asks database, stores and log as they stand, and believes no sender but what a door
acknowledged to it.
"""

import hashlib
from collections import Counter
from typing import Any
from uuid import UUID

from tests.faults.storms.roles import SILENT_S


def axis(asked: dict[str, Any]) -> list[str]:
    """Every file of an Axis system is sealed once, with its bytes, its event and its recording."""
    from tabard.intake.models import Container

    found = []
    containers = {each.name: each for each in Container.objects.filter(destination_id=asked["id"])}
    for recording in asked["recordings"]:
        container = containers.pop(recording["name"], None)
        if container is None:
            found.append(f"{recording['name']} was acknowledged and is not there")
            continue
        if container.recording_id is None:
            found.append(f"{recording['name']} is complete and no recording")
        received = list(container.received.select_related("object"))
        wanted = Counter((file["name"], file["sha256"]) for file in recording["files"])
        found += _differs(recording["name"], wanted, received)
    return found + [f"{name} was never sent" for name in containers]


def dock(asked: dict[str, Any]) -> list[str]:
    """Every file that was on a card is on it still or sealed once; what was erased was safe, and permitted."""
    from tabard.intake.models import ReceivedObject

    received = list(
        ReceivedObject.objects.filter(container__dock_id=asked["id"]).select_related(
            "object", "container", "object__segment"
        )
    )
    wanted = Counter((file["name"], file["sha256"]) for file in asked["files"])
    found = _differs("the station", wanted, received)
    found += [f"{each.name} is no recording" for each in received if each.container.recording_id is None]
    for file in asked["files"]:
        if file["name"] in asked["erased"]:
            found += _erased_wrongly(asked["id"], file)
    return found


def folder(asked: dict[str, Any]) -> list[str]:
    """Every file of a mounted card is sealed once, and part of a recording."""
    from tabard.intake.models import ReceivedObject

    taken = ReceivedObject.objects.filter(container__source="folder", container__collection=asked["id"])
    received = list(taken.select_related("object", "container"))
    wanted = Counter((file["name"], file["sha256"]) for file in asked["files"])
    found = _differs("the folder", wanted, received)
    return found + [
        f"{each.name} is no recording" for each in received if each.container.recording_id is None
    ]


def log(_: dict[str, Any]) -> list[str]:
    """The custody log verifies from its first event."""
    from tabard.custody.adapters import log_signer
    from tabard.custody.verify import verify_log

    signer = log_signer()
    last = signer.last_signed()
    report = verify_log(signer.vkey, also_signed=[last] if last else [])
    return [f"{defect.code}: {defect.words}" for defect in report.defects]


def stores(_: dict[str, Any]) -> list[str]:
    """Database, stores, keys and log agree; what the killed left behind counts as under way, as it is young."""
    from tabard.custody.actors import Actor
    from tabard.kernel.clock import now
    from tabard.retention.selectors import recordings_of
    from tabard.safekeeping.reconcile import reconcile

    named: list[str] = []
    reconcile(
        by=Actor.system("storm"),
        at=now(),
        belonging=recordings_of,
        report=lambda each: named.append(f"{each.code} {each.object_id or each.key}: {each.words}"),
        progress=lambda _what, _number: None,
    )
    return named


def rescue(_: dict[str, Any]) -> int:
    """What a killed worker held is done by another, as every minute in production; returns how many jobs that are."""
    import asyncio

    from procrastinate.contrib.django import app

    async def again() -> int:
        async with app.with_connector(app.connector.get_worker_connector()).open_async() as apart:
            stalled = list(await apart.job_manager.get_stalled_jobs(seconds_since_heartbeat=SILENT_S))
            for job in stalled:
                await apart.job_manager.retry_job(job)
            return len(stalled)

    return asyncio.run(again())


def totals(_: dict[str, Any]) -> dict[str, int]:
    """How much went through."""
    from tabard.intake.models import ErasePermit, ReceivedObject
    from tabard.recordings.models import Recording

    return {
        "files": ReceivedObject.objects.count(),
        "recordings": Recording.objects.count(),
        "erased": ErasePermit.objects.filter(outcome="erased").count(),
    }


def _differs(place: str, wanted: "Counter[tuple[str, str]]", received: list[Any]) -> list[str]:
    """What is missing, doubled, unasked for, unreadable or unlogged of what should have been received."""
    got = Counter((each.name, bytes(each.object.sha256).hex()) for each in received)
    found = [f"{place}: {name} is missing ({sha[:12]})" for name, sha in (wanted - got)]
    found += [f"{place}: {name} is there too often or unasked ({sha[:12]})" for name, sha in (got - wanted)]
    for each in received:
        wrong = (_unreadable(each.object), _unlogged(each), _misfiled(each.object))
        found += [f"{place}: {each.name} {words}" for words in wrong if words]
    return found


def _unreadable(obj: Any) -> str:
    from tabard.kernel.errors import TabardError
    from tabard.vault.services import open_object

    digest = hashlib.sha256()
    try:
        for piece in open_object(obj=obj).read():
            digest.update(piece)
    except TabardError as error:
        return f"does not open: {error.code}"
    return "" if digest.digest() == bytes(obj.sha256) else "holds other bytes than its hash says"


def _unlogged(received: Any) -> str:
    from tabard.custody.selectors import history

    kinds = Counter(event.kind for event in history([received.object_id]))
    wanted = "object.conflicted" if received.conflicts_with_id else "object.sealed"
    if kinds[wanted] != 1 or kinds["object.sealed"] + kinds["object.conflicted"] != 1:
        return f"has the events {dict(kinds)}"
    return ""


def _misfiled(obj: Any) -> str:
    """A file belongs to one recording, as a segment or beside them."""
    from tabard.recordings.models import Attachment, Segment

    number = Segment.objects.filter(object=obj).count() + Attachment.objects.filter(object=obj).count()
    return "" if number == 1 else f"belongs to {number} recordings"


def _erased_wrongly(dock_id: str, file: dict[str, Any]) -> list[str]:
    """Why the file should not have been erased, if it should not."""
    from tabard.intake.models import ErasePermit

    permits = ErasePermit.objects.filter(
        upload__dock_id=UUID(dock_id),
        upload__filename=file["name"],
        upload__object__sha256=bytes.fromhex(file["sha256"]),
    ).select_related("upload__object")
    if not permits:
        return [f"{file['name']} was erased without a permit"]
    return [f"{file['name']} was permitted, and {words}" for permit in permits for words in _unsafe(permit)]


def _unsafe(permit: Any) -> list[str]:
    from tabard.custody.models import Event
    from tabard.kernel.errors import TabardError
    from tabard.kernel.ids import made_at
    from tabard.vault.models import StoredCopy
    from tabard.vault.services import open_copy
    from tabard.vault.stores import configured_stores

    obj, found = permit.upload.object, []
    for name, store in configured_stores().items():
        try:
            open_copy(obj=obj, store=store).verify()
        except TabardError as error:
            found.append(f"store {name} does not have it: {error.code}")
        copy = StoredCopy.objects.filter(object=obj, store=name).first()
        if copy is None or copy.verified_at is None or copy.verified_at > made_at(permit.pk):
            found.append(f"store {name} had not been read back when its permit was issued")
    sealed = Event.objects.filter(subject_id=obj.pk, kind__in=("object.sealed", "object.conflicted")).first()
    if sealed is None or sealed.position is None or sealed.position >= permit.tree_size:
        found.append("the permit's checkpoint does not cover its sealing")
    return found


FUNCTIONS = {each.__name__: each for each in (axis, dock, folder, log, stores, rescue, totals)}
