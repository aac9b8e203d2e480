"""`tabard vault`: the sealed objects in their stores."""

from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from tabard.cli.commands import vault_status
from tabard.cli.commands.options import Json
from tabard.cli.database import database
from tabard.cli.output import console, emit
from tabard.kernel.clock import now

if TYPE_CHECKING:
    from tabard.safekeeping.reconcile import Finding

app = typer.Typer(
    help="Sealed objects in their stores: read them back, compare what is there, move them.",
    no_args_is_help=True,
)
app.command("status")(vault_status.status)


@app.command()
def verify(json: Json = False) -> None:
    """Read every readable object back, decrypt it and compare its hash with the one that was sealed."""
    with database():
        from tabard.kernel.errors import TabardError
        from tabard.vault.models import SealedObject
        from tabard.vault.services import open_object

        wrong: list[dict[str, str]] = []
        held = SealedObject.objects.filter(key_destroyed_at__isnull=True).order_by("id")
        count = held.count()
        with console.status("Reading") as status:
            for number, sealed in enumerate(held.iterator(500), 1):
                status.update(f"{number} of {count}")
                try:
                    open_object(obj=sealed).verify()
                except TabardError as error:
                    wrong.append({"object": str(sealed.id), "code": error.code, "words": error.message})
    for found in wrong:
        console.print(f"[bold red]{found['object']}[/] {found['words']}")
    console.print(f"{count} objects read back, {len(wrong)} wrong.")
    emit({"ok": not wrong, "objects": count, "wrong": wrong}, as_json=json, ok=not wrong)


@app.command()
def reconcile(
    sweep: Annotated[
        bool, typer.Option("--sweep", help="List what was sealed but never recorded and may be removed.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="With --sweep: remove it. Cannot be undone.")] = False,
    skip_keys: Annotated[
        bool, typer.Option("--skip-keys", help="Do not take every data key out of its wrapping.")
    ] = False,
    json: Json = False,
) -> None:
    """Compare database, store A, store B and the log; name every object that is missing, unexpected or different.

    Reads lists, sizes and keys, not the footage itself: that is what `scrub` does. Exit code 1 if anything disagrees.
    """
    with database():
        from tabard.custody.actors import Actor
        from tabard.retention.selectors import recordings_of
        from tabard.safekeeping.reconcile import reconcile as compare

        by, at, named = Actor.system("command line"), now(), Culprits(keep=json, sweep=sweep)
        with console.status("Reading the rows") as status:
            found = compare(
                by=by,
                at=at,
                belonging=recordings_of,
                report=named.take,
                progress=lambda what, number: status.update(f"{what}: {number:,}"),
                with_keys=not skip_keys,
            )
        swept = _sweep(named, by=by, at=at, really=yes) if sweep else []
    counts = ", ".join(f"{number:,} {code}" for code, number in found.findings.items()) or "nothing disagrees"
    listed = ", ".join(f"{number:,} in store {name}" for name, number in found.listed.items())
    console.print(f"{found.objects:,} objects held, {found.disposed:,} disposed of; {listed}: {counts}.")
    if any(found.under_way.values()):
        under_way = ", ".join(f"{number:,} {name}" for name, number in found.under_way.items() if number)
        console.print(f"Under way, and not judged for a day: {under_way}.".replace("_", " "))
    answer = {
        "ok": found.ok,
        "objects": found.objects,
        "disposed": found.disposed,
        "listed": found.listed,
        "findings": found.findings,
        "under_way": found.under_way,
        "culprits": named.kept,
    }
    emit(answer | ({"swept": swept} if sweep else {}), as_json=json, ok=found.ok)


class Culprits:
    """Says each finding as it comes; keeps those that the answer or a sweep needs."""

    def __init__(self, *, keep: bool, sweep: bool) -> None:
        self.kept: list[dict[str, Any]] = []
        self.unexpected: list[Any] = []
        self._keep, self._sweep = keep, sweep

    def take(self, finding: "Finding") -> None:
        """The finding is said."""
        name = str(finding.object_id or finding.key)
        of = f" of recording {finding.recording_id}" if finding.recording_id else ""
        console.print(f"[bold red]{finding.code}[/] {escape(name)}{of}: {escape(finding.words)}")
        if self._keep:
            self.kept.append(
                {
                    "code": finding.code,
                    "object": finding.object_id,
                    "recording": finding.recording_id,
                    "store": finding.store,
                    "key": finding.key,
                    "words": finding.words,
                }
            )
        if self._sweep and finding.code == "unexpected":
            self.unexpected.append(finding.object_id)


def _sweep(named: Culprits, *, by: Any, at: Any, really: bool) -> list[dict[str, Any]]:
    """What became of each unexpected object."""
    from tabard.kernel.errors import Conflict
    from tabard.safekeeping.sweep import check_sweepable, sweep

    done: list[dict[str, Any]] = []
    for object_id in sorted(set(named.unexpected) - {None}):
        outcome = "removed" if really else "would be removed"
        try:
            if really:
                sweep(object_id=object_id, by=by, at=at)
            else:
                check_sweepable(object_id=object_id, at=at)
        except Conflict as error:
            outcome = f"left: {error.message}"
        console.print(f"{object_id} {escape(outcome)}")
        done.append({"object": object_id, "outcome": outcome})
    if done and not really:
        console.print("Nothing was removed. Add --yes to remove what would be.")
    return done
