"""`tabard intake folder`: take in a card, or an export from another system, and account for every file."""

import json as json_text
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from tabard.cli.commands.options import DryRun, Json
from tabard.cli.database import database
from tabard.cli.output import console, emit, errors, fail
from tabard.kernel.clock import now

if TYPE_CHECKING:
    from tabard.intake.folder.outcomes import Outcome
    from tabard.intake.folder.run import Folder, Tally
    from tabard.intake.models import FolderRun

_MOST_NAMED = 50
_STOPPED = "Stopped. What was sealed is kept; the same command goes on from there."


def folder(
    path: Annotated[Path, typer.Argument(help="The mounted card, or the folder of the export.")],
    *,
    manifest: Annotated[
        Path | None,
        typer.Option(
            help="A table of the files (CSV, or what sha256sum writes): file, hash, officer, start, ..."
        ),
    ] = None,
    collection: Annotated[
        str, typer.Option(help="What this card or export is called here; by default the folder's name.")
    ] = "",
    dry_run: DryRun = False,
    hash_too: Annotated[
        bool, typer.Option("--hash", help="With --dry-run: read every file and compare its hash.")
    ] = False,
    report: Annotated[
        Path | None,
        typer.Option(help="Write the reconciliation to this file: CSV, or JSON if it ends in .json."),
    ] = None,
    threads: Annotated[
        int, typer.Option(min=1, max=64, help="How many files are read and sealed at once.")
    ] = 4,
    json: Json = False,
) -> None:
    """Seal every file of a card or an export, make recordings of them, and say what is missing, extra or different.

    Nothing of the folder is changed. Run twice, it adds nothing; stopped or killed, the same command goes on where it
    stopped. Exit code 1 if a file is missing, different or could not be taken; 2 if it could not run to its end.
    """
    if hash_too and not dry_run:
        fail("--hash goes with --dry-run; without that every file is hashed anyway.")
    listed = _read_manifest(manifest)
    with database():
        from tabard.intake.folder.names import short, shown
        from tabard.intake.folder.run import look
        from tabard.intake.folder.services import checked_collection

        name = checked_collection(collection or short(shown(path.resolve().name), 64))
        found = look(path, listed, manifest)
        _announce(found, name)
        answer = (
            _rehearse(found, name, hash_too=hash_too)
            if dry_run
            else _take(found, name, manifest, listed, threads)
        )
        if report is not None:
            _write_report(report, answer)
    items = answer.pop("items", None)
    if items is not None and json:
        answer["items"] = items
    emit(answer, as_json=json, ok=answer["ok"])


def _read_manifest(path: Path | None) -> Any:
    if path is None:
        return None
    from tabard.intake.folder.manifest import MOST_BYTES, parse

    if not path.is_file():
        fail(f"There is no file {path}.")
    if path.stat().st_size > MOST_BYTES:
        fail("The manifest is larger than any list of files.", "Is it the right file?")
    return parse(path.read_bytes())


def _announce(found: "Folder", collection: str) -> None:
    listed = f", {len(found.rows):,} listed" if found.expected.has_manifest else ""
    console.print(
        f"{len(found.files):,} files ({found.size_bytes:,} bytes) that may be {len(found.groups):,} recordings"
        f"{listed}; collection {collection}.",
        markup=False,
    )
    if found.by_weaker_hash:
        console.print(
            f"[yellow]{found.by_weaker_hash:,} are listed with SHA-1 or MD5 alone.[/] Those show accidents; a file "
            "that somebody changed on purpose can have the same."
        )


def _take(
    found: "Folder", collection: str, manifest: Path | None, listed: Any, threads: int
) -> dict[str, Any]:
    from tabard.custody.actors import Actor
    from tabard.intake.folder import services
    from tabard.intake.folder.names import shown
    from tabard.intake.folder.reading import Reader, Stopped
    from tabard.intake.folder.run import take_in
    from tabard.jobs.arrivals import read_and_register

    by = Actor.system("command line")
    run = services.begin(
        collection=collection,
        path=shown(str(found.root.resolve())),
        manifest=shown(str(manifest)) if manifest else "",
        manifest_sha256=listed.sha256 if listed else None,
        by=by,
        at=now(),
    )
    with _bar(found) as show:
        try:
            tally, waiting = take_in(
                found,
                run=run,
                reader=Reader(found.root, Event(), show.read),
                register=lambda container: read_and_register(container=container, by=by),
                threads=threads,
                by=by,
                clock=now,
                shows=show,
            )
        except (KeyboardInterrupt, Stopped):
            fail(_STOPPED)
    return _answer(found, tally, run=run, waiting=waiting)


def _rehearse(found: "Folder", collection: str, *, hash_too: bool) -> dict[str, Any]:
    from tabard.intake.folder.reading import Reader
    from tabard.intake.folder.run import Tally, rehearse

    tally = Tally()
    outcomes = []
    with _bar(found) as show:
        reader = Reader(found.root, Event(), show.read) if hash_too else None
        for outcome in rehearse(found, collection=collection, reader=reader):
            tally.add(outcome)
            outcomes.append(outcome)
            show.settled(outcome)
    return _answer(found, tally, outcomes=outcomes)


def _answer(
    found: "Folder",
    tally: "Tally",
    *,
    run: "FolderRun | None" = None,
    waiting: int = 0,
    outcomes: "list[Outcome] | None" = None,
) -> dict[str, Any]:
    """Say what came of it, and what is to be answered to a machine."""
    from tabard.intake.folder.run import counts
    from tabard.vault.selectors import count_safe

    figures = counts(found, tally)
    safe = count_safe(object_ids=tally.object_ids)
    _say(tally, figures, safe, waiting, is_rehearsal=run is None)
    named = {
        kind: [each.path for each in tally.to_look_into if kind in {each.state, each.remark}]
        for kind in ("failed", "missing", "different", "extra")
    }
    answer = {**figures, "failed": named["failed"]}
    for kind in ("missing", "different", "extra"):
        answer[f"{kind}_files"] = named[kind]
    answer |= {"ok": tally.is_clean, "dry_run": run is None, "objects": len(tally.object_ids), "safe": safe}
    answer |= {"waiting_to_be_read": waiting, "run": str(run.pk) if run else None}
    if outcomes is not None:
        answer["items"] = [_plain(outcome) for outcome in outcomes]
    return answer


def _say(tally: "Tally", figures: dict[str, int], safe: int, waiting: int, *, is_rehearsal: bool) -> None:
    for outcome in tally.to_look_into[:_MOST_NAMED]:
        word = outcome.remark if outcome.state in {"sealed", "already"} else outcome.state
        colour = "yellow" if word == "extra" else "bold red"
        console.print(f"[{colour}]{word}[/] {escape(outcome.path)} {escape(outcome.words)}")
    if len(tally.to_look_into) > _MOST_NAMED:
        console.print(f"... and {len(tally.to_look_into) - _MOST_NAMED:,} more; --report writes all of them.")
    sealed = "would be sealed" if is_rehearsal else "sealed"
    console.print(
        f"{figures['listed']:,} listed, {figures['found']:,} found, {figures['sealed']:,} {sealed}, "
        f"{figures['already']:,} sealed already, {figures['missing']:,} missing, {figures['different']:,} different, "
        f"{figures['extra']:,} not listed, {figures['failed']:,} failed, {figures['skipped']:,} left alone."
    )
    if is_rehearsal:
        return
    console.print(
        f"{figures['recordings']:,} recordings. {safe:,} of {len(tally.object_ids):,} files are safe: read back from "
        "every store. A worker reads back the rest (tabard up)."
    )
    if waiting:
        console.print(
            f"{waiting:,} recordings wait for the decoder jail to read them; a worker goes on with them."
        )


def _write_report(path: Path, answer: dict[str, Any]) -> None:
    """The reconciliation as a file; of a rehearsal, what would be."""
    from tabard.intake.folder.reconciliation import csv_of, csv_pieces, run_as_json
    from tabard.intake.models import FolderRun

    run = FolderRun.objects.filter(pk=answer["run"]).first() if answer["run"] else None
    with path.open("wb") as file:
        if path.suffix.lower() == ".json":
            file.write(json_text.dumps(run_as_json(run) if run else answer, indent=2).encode())
        else:
            file.writelines(csv_pieces(run) if run else csv_of(answer["items"]))
    console.print(f"Written: {path}", markup=False)


def _plain(outcome: "Outcome") -> dict[str, Any]:
    return {
        "path": outcome.path,
        "state": outcome.state,
        "remark": outcome.remark,
        "words": outcome.words,
        "size_bytes": outcome.size_bytes,
        "sha256": outcome.sha256.hex() if outcome.sha256 is not None else None,
        "object": outcome.object_id,
        "recording": outcome.recording_id,
    }


class _Show:
    """Bytes, rate, time left, and files done, on standard error."""

    def __init__(self, progress: Progress, task: TaskID, files: int) -> None:
        self._progress, self._task, self._files, self._done = progress, task, files, 0

    def read(self, count: int) -> None:
        """So many bytes more were read, by any thread."""
        self._progress.advance(self._task, count)

    def settled(self, outcome: "Outcome") -> None:
        """One more file is done; what did not have to be read counts as read."""
        self._done += 1
        self._progress.update(self._task, description=f"{self._done:,} of {self._files:,} files")
        if outcome.state == "already" and not outcome.words:
            self._progress.advance(self._task, outcome.size_bytes or 0)


@contextmanager
def _bar(found: "Folder") -> Iterator[_Show]:
    columns = (
        TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=errors, transient=True) as progress:
        task = progress.add_task(f"{len(found.files):,} files", total=found.size_bytes)
        yield _Show(progress, task, len(found.files))
