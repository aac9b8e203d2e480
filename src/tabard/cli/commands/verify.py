"""`tabard verify`: a pack, checked anywhere. Needs no database, no Django and no TABARD_HOME."""

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from tabard.cli.commands.options import Json
from tabard.cli.output import console, emit, fail


def verify(
    pack: Annotated[Path, typer.Argument(help="The pack, a .zip file.")],
    key: Annotated[
        list[str] | None,
        typer.Option(
            help="The force's published verifier key; default: the one in the pack. Repeat it where there are several."
        ),
    ] = None,
    policy: Annotated[
        Path | None,
        typer.Option(help="Which witnesses you trust, and how many you ask for (a C2SP tlog-policy file)."),
    ] = None,
    tsa_chain: Annotated[
        Path | None,
        typer.Option(help="The certificates of the time-stamping authority that you trust (PEM)."),
    ] = None,
    json: Json = False,
) -> None:
    """Check an evidence pack: every byte, every proof. Needs no database, no account and no network."""
    from tabard.disclosure.verify import verify_pack

    if not pack.is_file():
        fail(f"There is no file {pack}.")
    report = verify_pack(pack, key, policy=_given(policy), tsa_chain=_given(tsa_chain))
    for check in report.checks:
        console.print(
            f"[{'green' if check.ok else 'bold red'}]{'ok  ' if check.ok else 'FAIL'}[/] {escape(check.words)}"
        )
    console.print(
        "[bold]The pack is whole and proven.[/]" if report.ok else "[bold red]Do not rely on this pack.[/]"
    )
    checks = [{"name": check.name, "ok": check.ok, "words": check.words} for check in report.checks]
    cosignatures = [
        {"witness": each.witness, "verdict": each.verdict, "at": each.at and each.at.isoformat()}
        for each in report.cosignatures
    ]
    emit(
        {"ok": report.ok, "checks": checks, "cosignatures": cosignatures, "vkey": report.vkey},
        as_json=json,
        ok=report.ok,
    )


def _given(path: Path | None) -> bytes | None:
    """The bytes of a file that the recipient brings; leaves with 2 where it cannot be read."""
    try:
        return None if path is None else path.read_bytes()
    except OSError as error:
        fail(f"{path} cannot be read: {error.strerror}.")
