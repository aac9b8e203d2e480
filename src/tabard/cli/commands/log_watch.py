"""`tabard log watch`: a log seen from outside, over HTTP, by whoever does not want to trust its operator."""

import time
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit

import typer

from tabard.cli.commands.options import Json
from tabard.cli.output import COULD_NOT_RUN, console, emit, errors
from tabard.kernel.clock import now
from tabard.kernel.errors import Invalid

if TYPE_CHECKING:
    from tabard.witness.watch import Look


def watch(  # noqa: PLR0917 - options of a command
    url: Annotated[str, typer.Argument(help="Where the log is published, as https://example.police.uk/log")],
    key: Annotated[
        list[str] | None,
        typer.Option(
            help="The log's verifier key, from somewhere you trust; repeat it after a rotation. Without it, "
            "the key that the log shows at the first look is remembered and must stay."
        ),
    ] = None,
    state: Annotated[
        Path | None,
        typer.Option(help="Where to remember what was seen. Default: ~/.tabard-watch/<host and path>"),
    ] = None,
    policy: Annotated[
        Path | None, typer.Option(help="A C2SP witness policy that checkpoints must satisfy.")
    ] = None,
    mirror: Annotated[
        Path | None, typer.Option(help="Keep a copy of the log here that any web server can serve.")
    ] = None,
    every_s: Annotated[float, typer.Option("--every", help="Seconds between two looks.")] = 10.0,
    stale_h: Annotated[
        float,
        typer.Option("--stale", help="Hours without a new checkpoint, or an answer, that are an alarm."),
    ] = 24.0,
    once: Annotated[
        bool, typer.Option("--once", help="Look once, again at everything that was ever seen, and leave.")
    ] = False,
    json: Json = False,
) -> None:
    """Watch a log from outside: what was published must stay, what is signed must be true, and it must go on.

    Needs no account and no database. Ends with exit code 1 at the first contradiction, and keeps both sides of it.
    """
    from tabard.merkle.policy import Policy
    from tabard.witness.published import PublishedLog
    from tabard.witness.watch import Watcher, WatchOptions
    from tabard.witness.watch_memory import WatchMemory

    options = WatchOptions(
        vkeys=tuple(key or ()),
        policy=Policy.parse(_read(policy)) if policy else None,
        stale_after=timedelta(hours=stale_h),
        mirror=mirror,
        recheck_all=once,
    )
    watcher = Watcher(PublishedLog(url), WatchMemory(state or _default_state(url)), options)
    while True:
        look = watcher.look(at=now())
        _tell(look)
        if once or look.evidence is not None or not look.ok:
            break
        time.sleep(every_s)
    if look.outage and look.ok:
        emit(_answer(look), as_json=json)
        raise typer.Exit(COULD_NOT_RUN)
    emit(_answer(look), as_json=json, ok=look.ok)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise Invalid(f"{path} cannot be read: {error.strerror}.", field="policy") from error


def _default_state(url: str) -> Path:
    parts = urlsplit(url)
    name = f"{parts.netloc}{parts.path}".strip("/").replace("/", "_").replace(":", "_")
    return Path.home() / ".tabard-watch" / (name or "log")


def _tell(look: "Look") -> None:
    if look.pinned:
        console.print(f"First look: from now on only this key is believed.\n{look.pinned}", markup=False)
        console.print("Compare it with one from somewhere that the log's operator cannot change.")
    if look.outage:
        errors.print(look.outage, markup=False)
    elif look.evidence is None:
        console.print(f"{look.size} events, {look.new} new; {look.rechecked} seen before and the same.")
    for alarm in look.alarms:
        console.print(f"[bold red]{alarm.code}[/] ", end="")
        console.print(alarm.words, markup=False)
    if look.evidence is not None:
        console.print(f"Both sides are kept in {look.evidence}: publish them.", markup=False)


def _answer(look: "Look") -> dict[str, Any]:
    return {
        "ok": look.ok and not look.outage,
        "size": look.size,
        "new": look.new,
        "rechecked": look.rechecked,
        "pinned": look.pinned or None,
        "outage": look.outage or None,
        "alarms": [{"code": alarm.code, "words": alarm.words} for alarm in look.alarms],
        "evidence": str(look.evidence) if look.evidence else None,
    }
