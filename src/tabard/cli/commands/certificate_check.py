"""`tabard retention check-certificate`: for whoever was given one. Needs no database, no Django and no TABARD_HOME."""

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from tabard.cli.commands.options import Json
from tabard.cli.output import console, emit, fail
from tabard.kernel.errors import TabardError


def check_certificate(
    path: Annotated[Path, typer.Argument(help="The certificate, a .json file.")],
    key: Annotated[
        list[str] | None,
        typer.Option(help="The force's published verifier key; default: the one in the file. Repeat it."),
    ] = None,
    json: Json = False,
) -> None:
    """Check a certificate of disposal. Needs no database, no account and no network."""
    from tabard.disclosure.certificate_checks import check

    if not path.is_file():
        fail(f"There is no file {path}.")
    try:
        found = check(path.read_bytes(), key or ())
    except TabardError as error:
        console.print(f"[bold red]Do not rely on this certificate.[/] {escape(error.message)}")
        emit({"ok": False, "words": error.message}, as_json=json, ok=False)
        return
    leaf, details = found.proven.leaf, dict(found.proven.details or {})
    console.print(f"Recording {leaf.subject_id} was disposed of at {leaf.at}.")
    for name, value in details.items():
        console.print(f"  {name}: {escape(str(value))}")
    whose = (
        "the key that you gave" if found.key_is_given else "the key in the file; compare it with the force's"
    )
    console.print(f"[bold]Proven[/] under {whose}: {escape(found.key)}")
    answer = {"ok": True, "recording": leaf.subject_id, "at": leaf.at, "details": details, "key": found.key}
    emit({**answer, "key_is_given": found.key_is_given}, as_json=json)
