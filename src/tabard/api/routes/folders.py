"""Cards and exports that were read in, and what file names say."""

from typing import Any
from uuid import UUID

from ninja import Query

from tabard.api.operations import Operations
from tabard.api.schemas.folders import (
    FolderItemsOut,
    FolderItemsWanted,
    FolderRunOut,
    FolderRunsOut,
    FoldersWanted,
    NamePatternIn,
    NamePatternOut,
    NamePatternsOut,
    TriedOut,
    TriesOut,
    TryIn,
)
from tabard.api.viewers import Asked
from tabard.intake.folder import selectors
from tabard.intake.models import FolderRun, NamePattern
from tabard.intake.naming import selectors as naming
from tabard.intake.naming import services
from tabard.kernel.clock import now
from tabard.people.authorisation import check_can
from tabard.people.rules import Action

folders = Operations("folders")


@folders.get("/folder-runs", access=Action.FLEET_MANAGE, answers=FolderRunsOut)
def runs(request: Asked, wanted: Query[FoldersWanted]) -> dict[str, Any]:
    """The newest readings of cards and exports with their figures; ask for older ones by `before`."""
    return {"runs": selectors.runs(request.auth, before=wanted.before)}


@folders.get("/folder-runs/{uuid:run_id}", access=Action.FLEET_MANAGE, answers=FolderRunOut)
def run(request: Asked, run_id: UUID) -> FolderRun:
    """One reading of a card or an export."""
    return selectors.run(request.auth, run_id)


@folders.get("/folder-runs/{uuid:run_id}/items", access=Action.FLEET_MANAGE, answers=FolderItemsOut)
def items(request: Asked, run_id: UUID, wanted: Query[FolderItemsWanted]) -> dict[str, Any]:
    """What became of each file; `kind` asks for those that are missing, different, and so on."""
    found = selectors.run(request.auth, run_id)
    page = selectors.items(request.auth, found, kind=wanted.kind or "", cursor=wanted.cursor)
    return {"items": page.items, "next_cursor": page.next_cursor}


@folders.get("/name-patterns", access=Action.FLEET_MANAGE, answers=NamePatternsOut)
def patterns(request: Asked) -> dict[str, Any]:
    """The patterns by which file names are read."""
    return {"patterns": naming.patterns(request.auth)}


@folders.post("/name-patterns", access=Action.FLEET_MANAGE, answers=NamePatternOut, status=201)
def add_pattern(request: Asked, sent: NamePatternIn) -> NamePattern:
    """Reads names of what arrives from now on by a pattern too; try it on a list of names first."""
    check_can(request.auth, Action.FLEET_MANAGE)
    return services.add(text=sent.pattern, note=sent.note, by=request.auth.actor, at=now())


@folders.post("/name-patterns/try", access=Action.FLEET_MANAGE, answers=TriesOut)
def try_patterns(request: Asked, sent: TryIn) -> dict[str, Any]:
    """What would be read of each name by the patterns in force, and by those that are only thought of."""
    check_can(request.auth, Action.FLEET_MANAGE)
    return {"names": [TriedOut.of(each) for each in naming.tried(sent.names, sent.also)]}


@folders.delete("/name-patterns/{uuid:pattern_id}", access=Action.FLEET_MANAGE)
def remove_pattern(request: Asked, pattern_id: UUID) -> None:
    """Reads no more names by the pattern; recordings that stand stay as they are."""
    services.remove(pattern=naming.pattern(request.auth, pattern_id), by=request.auth.actor, at=now())
