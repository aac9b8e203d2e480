"""`tabard witness`: watch other people's logs. Needs no database, no Django and no TABARD_HOME."""

import logging
from pathlib import Path
from typing import Annotated

import typer

from tabard.cli.commands.options import Json
from tabard.cli.output import console, emit, fail

HomeFolder = Annotated[Path, typer.Option(help="The witness's own folder: its key, and what it cosigned.")]
_DEFAULT_HOME = Path("witness")

app = typer.Typer(
    help="Be a witness to somebody's custody log: see to it that it only grows, and sign that it did.",
    invoke_without_command=True,
)


@app.callback()
def witness(
    context: typer.Context,
    *,
    home: HomeFolder = _DEFAULT_HOME,
    name: Annotated[
        str,
        typer.Option(help="What the witness is called, such as witness.example/w1; for the first start."),
    ] = "",
    listen: Annotated[
        str, typer.Option(help="Address and port. Put a proxy with TLS before it.")
    ] = "127.0.0.1:8010",
    log: Annotated[
        list[str] | None,
        typer.Option(help="The vkey of a log to watch. Repeat it for other logs and for a log's other keys."),
    ] = None,
    logs: Annotated[Path | None, typer.Option(help="A file with one vkey on each line.")] = None,
) -> None:
    """Run a witness until Ctrl-C: it checks that each log only grows, and cosigns its checkpoints."""
    if context.invoked_subcommand is not None:
        return
    from tabard.witness.app import serve
    from tabard.witness.keys import logs_by_origin, vkeys_in
    from tabard.witness.service import open_witness

    watched = logs_by_origin([*(log or []), *(vkeys_in(logs) if logs else [])])
    if not watched:
        fail("A witness needs a log to watch.", "Give the log's vkey: --log 'example.org/log+98af023b+AQ...'")
    host, port = _address(listen)
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    opened = open_witness(home, watched, name=name)

    def say() -> None:
        for origin in watched:
            console.print(f"Watches {origin}", markup=False)
        console.print(f"Listens on http://{listen}", markup=False)
        typer.echo(opened.vkey.encode())

    serve(opened, host=host, port=port, on_ready=say)


@app.command()
def key(home: HomeFolder = _DEFAULT_HOME, json: Json = False) -> None:
    """Show the witness's verifier key, to be given to those who rely on it."""
    from tabard.witness.keys import read_key

    vkey = read_key(home).vkey
    typer.echo(vkey.encode())
    emit({"name": vkey.name, "vkey": vkey.encode()}, as_json=json)


def _address(listen: str) -> tuple[str, int]:
    """Host and port; an IPv6 address stands in brackets."""
    host, separator, port = listen.rpartition(":")
    if not separator or not port.isdecimal() or not 0 < int(port) < 65536:
        fail(f"{listen} is not an address and a port.", "Write 127.0.0.1:8010 or [::1]:8010.")
    return host.removeprefix("[").removesuffix("]"), int(port)
