"""How is a reading of a folder kept? It begins, what became of each file is noted, and it ends reconciled and logged.

What is taken in is logged file by file as at every door; these rows are what the operator is told of it.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db import transaction

from tabard.custody.actors import Actor, Subject
from tabard.custody.kinds import EventKind
from tabard.custody.services import append
from tabard.intake.folder.outcomes import Outcome
from tabard.intake.folder.reconciliation import csv_sha256
from tabard.intake.models import FolderItem, FolderRun
from tabard.kernel.text import required

_LONGEST_COLLECTION = 64


def checked_collection(name: str) -> str:
    """The name as a collection's.

    Raises:
        Invalid: it is missing, too long, or cannot be printed.
    """
    return required(name, "collection", _LONGEST_COLLECTION)


def begin(
    *, collection: str, path: str, manifest: str, manifest_sha256: bytes | None, by: Actor, at: datetime
) -> FolderRun:
    """The run that now reads the folder."""
    return FolderRun.objects.create(
        collection=checked_collection(collection),
        path=path,
        manifest=manifest,
        manifest_sha256=manifest_sha256,
        started_at=at,
        started_by=by.name[:120],
    )


def note(*, run: FolderRun, outcomes: Iterable[Outcome]) -> None:
    """What became of these files is kept with the run."""
    FolderItem.objects.bulk_create(
        FolderItem(
            run=run,
            path=outcome.path,
            state=outcome.state,
            remark=outcome.remark,
            words=outcome.words,
            size_bytes=outcome.size_bytes,
            sha256=outcome.sha256,
            object_id=outcome.object_id,
            recording_id=outcome.recording_id,
        )
        for outcome in outcomes
    )


@transaction.atomic
def finish(*, run: FolderRun, counts: Mapping[str, int], by: Actor, at: datetime) -> FolderRun:
    """The run has ended: every file is accounted for, and the log commits to the reconciliation."""
    run.counts, run.finished_at = dict(counts), at
    run.report_sha256 = csv_sha256(run)
    run.save(update_fields=["counts", "finished_at", "report_sha256"])
    append(
        kind=EventKind.FOLDER_RECONCILED,
        subject=Subject("folder_run", run.pk),
        at=at,
        by=by,
        sha256=run.report_sha256,
        details={
            "collection": run.collection,
            "path": run.path,
            "manifest": run.manifest,
            "manifest_sha256": bytes(run.manifest_sha256).hex() if run.manifest_sha256 else None,
            **run.counts,
        },
    )
    return run
