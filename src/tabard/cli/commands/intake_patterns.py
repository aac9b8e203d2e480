"""`tabard intake patterns`: what do the file names of our cameras say?"""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from tabard.cli.commands.options import Json
from tabard.cli.database import database
from tabard.cli.output import console, emit, fail
from tabard.kernel.clock import now

app = typer.Typer(
    help="Patterns by which file names are read, as {officer}_{date:YYYYMMDD}_{time:HHMMSS}_{sequence}.mp4.",
    no_args_is_help=True,
)


@app.command("list")
def list_patterns(json: Json = False) -> None:
    """Show the patterns in force, in the order in which they are tried."""
    with database():
        from tabard.intake.naming.selectors import standing

        rows = [
            {
                "id": str(each.pk),
                "pattern": each.text,
                "note": each.note,
                "added_at": each.added_at.isoformat(),
            }
            for each in standing()
        ]
    for row in rows:
        console.print(f"{escape(row['pattern'])}  [dim]{escape(row['note'])}[/]")
    if not rows:
        console.print(
            "No pattern is in force. Names say nothing until one is added: tabard intake patterns add"
        )
    emit({"patterns": rows}, as_json=json)


@app.command("add")
def add(
    pattern: Annotated[
        str, typer.Argument(help="The pattern; quote it, so that your shell leaves the braces.")
    ],
    note: Annotated[str, typer.Option(help="Whose names these are: a make, a project.")] = "",
    json: Json = False,
) -> None:
    """Read names of what arrives from now on by this pattern too; try it on a list of names first."""
    with database():
        from tabard.custody.actors import Actor
        from tabard.intake.naming import services

        added = services.add(text=pattern, note=note, by=Actor.system("command line"), at=now())
        answer = {"id": str(added.pk), "pattern": added.text}
    console.print(f"In force: {escape(pattern)}")
    emit(answer, as_json=json)


@app.command("remove")
def remove(
    pattern: Annotated[str, typer.Argument(help="The pattern, as `list` shows it.")], json: Json = False
) -> None:
    """Read no more names by this pattern; recordings that stand stay as they are."""
    with database():
        from tabard.custody.actors import Actor
        from tabard.intake.naming import services
        from tabard.intake.naming.selectors import pattern_named

        services.remove(pattern=pattern_named(pattern), by=Actor.system("command line"), at=now())
    console.print(f"No longer in force: {escape(pattern)}")
    emit({"pattern": pattern}, as_json=json)


@app.command("try")
def try_on(
    names: Annotated[
        list[str] | None, typer.Argument(help="File names, or paths where a pattern speaks of folders.")
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--file", help="A list of names, one a line; - for standard input.")
    ] = None,
    pattern: Annotated[
        list[str] | None,
        typer.Option("--pattern", help="A pattern that is only thought of; may be repeated."),
    ] = None,
    json: Json = False,
) -> None:
    """Show what would be read of each name, and which can be read by no pattern or in two ways; changes nothing.

    Exit code 1 if a name is not read.
    """
    given = [*(names or []), *_lines(file)]
    if not given:
        fail("There are no names to try.", "Name some, or give a list with --file.")
    with database():
        from tabard.intake.naming.selectors import tried

        results = tried(given, also=pattern or [])
    for each in results:
        said = ", ".join(f"{field} {value}" for field, value in (each.reading.values or {}).items())
        words = (
            "[bold red]in two ways[/]"
            if each.reading.is_ambiguous
            else escape(said) or "[red]by no pattern[/]"
        )
        by = f"  [dim]{escape(each.reading.pattern)}[/]" if each.reading.pattern else ""
        console.print(f"{escape(each.name)}: {words}{by}")
    answer = [
        {
            "name": each.name,
            "pattern": each.reading.pattern or None,
            "values": each.reading.values,
            "ambiguous": each.reading.is_ambiguous,
        }
        for each in results
    ]
    emit({"names": answer}, as_json=json, ok=all(each.reading.values for each in results))


def _lines(file: Path | None) -> list[str]:
    if file is None:
        return []
    if str(file) != "-" and not file.is_file():
        fail(f"There is no file {file}.")
    text = (
        sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8", errors="surrogateescape")
    )
    return [line.strip() for line in text.splitlines() if line.strip()]
