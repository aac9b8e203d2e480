"""`tabard log verify`: everything recomputed, and compared with whatever anyone kept."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Self

import typer
from rich.progress import Progress

from tabard.cli.commands.options import Json
from tabard.cli.database import database
from tabard.cli.output import console, emit, errors
from tabard.kernel.clock import now
from tabard.kernel.errors import Invalid, Unavailable

if TYPE_CHECKING:
    from tabard.custody.verify import LogReport, Seen

_LONG_LOG = 20_000
_RECEIPT = "c2sp.org/tlog-proof@v1\n"
_WITNESS_ANSWERS_WITHIN_S = 10.0


def verify(
    key: Annotated[
        list[str] | None,
        typer.Option(
            help="A verifier key of the log; repeat it for each key that the log had. Default: this installation's own."
        ),
    ] = None,
    seen: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FILE|PACK|URL",
            help="A checkpoint that someone kept: a file with a signed checkpoint or a receipt, an evidence pack, "
            "or the address of a witness. Repeat it for each.",
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Recompute the whole log, from its rows and as outsiders get it, and compare it with all that was ever signed.

    Each event that was altered, removed, moved, repeated, put in or misdated is named. Show it checkpoints that others
    kept with --seen: only these reveal that a whole history was replaced with the log's own key.
    """
    with database():
        from tabard.custody.adapters import log_signer
        from tabard.custody.timestamping.stamping import trusted_chain
        from tabard.custody.verify import verify_log
        from tabard.custody.witnesses.quorum import witness_policy

        signer, policy = log_signer(), witness_policy()
        last = signer.last_signed()
        with _Bar() as bar:
            report = verify_log(
                *(key or [verifier.encode() for verifier in signer.verifiers]),
                also_signed=[last] if last else [],
                seen=[kept for named in seen or [] for kept in read_seen(named, signer.origin)],
                witnesses=[witness.key for witness in policy.witnesses] if policy else [],
                chain=trusted_chain(),
                now=now(),
                worker_runs=_worker_runs(),
                progress=bar.show,
                processes=len(os.sched_getaffinity(0)),
            )
    _tell(report)
    emit(_answer(report), as_json=json, ok=report.ok)


def read_seen(named: str, origin: str) -> list["Seen"]:
    """The checkpoints in what someone kept.

    Args:
        named: A file, an evidence pack, or a witness's address.
        origin: The log that a witness is asked about.

    Raises:
        Invalid: when there is no such file, or it holds no checkpoint.
        Unavailable: when the witness does not answer.
    """
    from tabard.custody.verify import Seen

    if named.startswith(("http://", "https://")):
        return [Seen(f"the witness {named}", _ask_witness(named, origin))]
    path = Path(named)
    try:
        if _is_zip(path):
            from tabard.disclosure.checkpoints import checkpoints_in

            return [Seen(f"{path.name} ({name})", note) for name, note in checkpoints_in(path)]
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Invalid(f"{named} cannot be read: {error}.", field="seen") from error
    return [Seen(path.name, text.partition("\n\n")[2] if text.startswith(_RECEIPT) else text)]


def _is_zip(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) == b"PK"


def _ask_witness(address: str, origin: str) -> str:
    """The newest checkpoint of this log that a witness keeps."""
    import httpx

    try:
        asked = f"{address.rstrip('/')}/latest"
        answer = httpx.get(asked, params={"origin": origin}, timeout=_WITNESS_ANSWERS_WITHIN_S)
        answer.raise_for_status()
    except httpx.HTTPError as error:
        raise Unavailable(f"The witness {address} does not say what it saw: {error}") from error
    return answer.text


def _worker_runs() -> bool:
    """Whether any worker told the queue lately that it lives."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT 1 FROM procrastinate_workers WHERE last_heartbeat > now() - interval '1 minute')"
        )
        return bool(cursor.fetchone()[0])


def _tell(report: "LogReport") -> None:
    for found in report.defects:
        console.print(f"[bold red]{found.code}[/] ", end="")
        console.print(found.words, markup=False)
    for code, count in report.counted.items():
        listed = sum(found.code == code for found in report.defects)
        if count > listed:
            console.print(f"[bold red]{code}[/] and {count - listed} more.")
    for found in report.warnings:
        console.print(f"[yellow]{found.code}[/] ", end="")
        console.print(found.words, markup=False)
    if report.ok:
        console.print(
            f"The log is whole: {report.events} events, {report.checkpoints} signed checkpoints, "
            f"{report.cosignatures} cosignatures, {report.tiles} published tiles."
        )


def _answer(report: "LogReport") -> dict[str, Any]:
    def told(found: Any) -> dict[str, str]:
        return {"code": found.code, "where": found.where, "words": found.words}

    return {
        "ok": report.ok,
        "events": report.events,
        "unsequenced": report.unsequenced,
        "erased": report.erased,
        "checkpoints": report.checkpoints,
        "cosignatures": report.cosignatures,
        "timestamps": report.timestamps,
        "tiles": report.tiles,
        "root": report.root.hex(),
        "defects": [told(found) for found in report.defects],
        "counted": dict(report.counted),
        "warnings": [told(found) for found in report.warnings],
    }


class _Bar:
    """A line of progress on standard error, for logs that take more than a moment."""

    def __init__(self) -> None:
        self._bar = Progress(console=errors, transient=True)
        self._task = self._bar.add_task("Verifying", visible=False)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def show(self, done: int, total: int) -> None:
        """Move the bar."""
        self._bar.update(self._task, completed=done, total=total, visible=total > _LONG_LOG)
