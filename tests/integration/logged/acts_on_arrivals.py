"""What comes from a dock or a folder, until it is a recording."""

from tests.integration.api.access_world import DONE_AT
from tests.integration.logged.acts_on_recordings import put
from tests.integration.logged.registry import AT, BY, Call, Stage, act

from tabard.custody.kinds import EventKind as E
from tabard.intake import arrivals
from tabard.intake.folder import services as folder
from tabard.intake.models import Container
from tabard.intake.naming import services as naming


def arrival() -> Container:
    opened = arrivals.open_for_collection(collection="Card 7", name="GOPR0001", at=DONE_AT)
    put(opened, "GOPR0001.mp4", b"film")
    return opened


@act("intake.arrivals.close", E.ARRIVAL_COMPLETED)
def close(stage: Stage) -> Call:
    opened = arrival()
    return lambda: arrivals.close(container=opened, by=BY, at=AT) or opened.pk


@act("intake.arrivals.register", E.RECORDING_SEALED)
def register(stage: Stage) -> Call:
    opened = arrival()
    arrivals.close(container=opened, by=BY, at=DONE_AT)
    return lambda: arrivals.register(container=opened, facts={}, by=BY, at=AT).pk


@act("intake.naming.services.add", E.NAME_PATTERN_ADDED)
def add_pattern(stage: Stage) -> Call:
    return lambda: naming.add(text="{camera}_{epoch}.mp4", by=BY, at=AT).pk


@act("intake.naming.services.remove", E.NAME_PATTERN_REMOVED)
def remove_pattern(stage: Stage) -> Call:
    pattern = naming.add(text="{camera}_{epoch}.mp4", by=BY, at=DONE_AT)
    return lambda: naming.remove(pattern=pattern, by=BY, at=AT) or pattern.pk


@act("intake.folder.services.finish", E.FOLDER_RECONCILED)
def finish_run(stage: Stage) -> Call:
    run = folder.begin(
        collection="Card 7", path="/media/card", manifest="", manifest_sha256=None, by=BY, at=DONE_AT
    )
    return lambda: folder.finish(run=run, counts={"found": 0}, by=BY, at=AT).pk
