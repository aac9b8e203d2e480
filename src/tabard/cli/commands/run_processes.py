"""`tabard up`, the three processes it runs, and `tabard check`."""

import resource
from typing import Annotated, Any

import typer
from rich.markup import escape

from tabard.cli.commands.options import Json
from tabard.cli.database import database, load_django
from tabard.cli.door_tls import DoorTls, check_may_listen, door_tls
from tabard.cli.home import Home
from tabard.cli.output import FOUND_WRONG, console, emit
from tabard.cli.postgres import Server
from tabard.cli.processes import HOST, Ports, processes, say_ready
from tabard.cli.supervisor import Event, run_all
from tabard.kernel.clock import now

Port = Annotated[int, typer.Option(help="Where to listen on 127.0.0.1.", min=1, max=65535)]
DoorHost = Annotated[
    str,
    typer.Option(
        envvar="TABARD_DOOR_HOST",
        help="On which address of this machine the door listens; 0.0.0.0 for all of them, which takes TLS.",
    ),
]
NoTls = Annotated[bool, typer.Option("--no-tls", help="Speak plain HTTP though there is a certificate.")]
PlainHttp = Annotated[
    bool,
    typer.Option("--plain-http", help="Listen beyond this machine without TLS: a proxy in front ends it."),
]


def up(
    port: Port = 8000,
    door_port: Annotated[int, typer.Option(help="Where cameras' systems log in.", min=1, max=65535)] = 8001,
    door_host: DoorHost = HOST,
    no_tls: NoTls = False,
    plain_http: PlainHttp = False,
) -> None:
    """Run Tabard on this machine: the database, the pages, the door and a worker. Ctrl-C stops them."""
    tls = _tls(door_host, no_tls=no_tls, plain_http=plain_http)
    ports = Ports(port, door_port, door_host, tls is not None, plain_http)
    with database() as home:
        _require_locks()
        _clean_store()
        raise typer.Exit(serve(home, ports))


def serve(home: Home, ports: Ports) -> int:
    """Run every process until Ctrl-C; the embedded database is brought back should it die."""

    def when_up() -> None:
        console.print(
            f"[bold]Tabard is up.[/] Pages: {ports.web_url}  Door: {ports.door_url}  Ctrl-C stops it."
        )

    return run_all(processes(home, ports), _tell, logs=home.logs, upkeep=Server(home).ensure, when_up=when_up)


def web(port: Port = 8000) -> None:
    """Run the pages, the API and playback alone."""
    load_django()
    _serve_asgi("tabard.config.asgi:application", port, http="httptools")


def door(
    port: Annotated[int, typer.Option(help="Where to listen.", min=1, max=65535)] = 8001,
    host: DoorHost = HOST,
    no_tls: NoTls = False,
    plain_http: PlainHttp = False,
) -> None:
    """Run the door alone: where body-worn systems send footage.

    With TABARD_DOOR_TLS_CERT and TABARD_DOOR_TLS_KEY, or a certificate of `tabard intake door-certificate`, it speaks
    TLS.
    """
    tls = _tls(host, no_tls=no_tls, plain_http=plain_http)
    load_django()
    from tabard.intake.axis.direct import DoorProtocol

    files = {} if tls is None else {"ssl_certfile": tls.certificate, "ssl_keyfile": tls.key}
    _allow_many_connections()
    _serve_asgi("tabard.config.asgi:door", port, host=host, http=DoorProtocol, **files)


def worker(
    concurrency: Annotated[int, typer.Option(help="How many jobs at once.", min=1, max=64)] = 2,
) -> None:
    """Run a worker alone: jobs, and the sequencer of the custody log."""
    load_django()
    from tabard.jobs import worker as jobs_worker

    home = Home.from_environ().create()
    _require_locks()
    jobs_worker.run(concurrency=concurrency, on_ready=lambda: say_ready(home))


def check(json: Json = False) -> None:
    """Say in words what is wrong with this installation, and how to mend it."""
    from tabard.cli.commands.checks import registry

    report = registry(Home.from_environ()).run()
    if not json:
        console.print(report.as_table())
    emit(report.as_json(), as_json=json)
    if not report.ok:
        raise typer.Exit(FOUND_WRONG)


def _tls(host: str, *, no_tls: bool, plain_http: bool) -> DoorTls | None:
    """The certificate and key that the door will use, tried; None for plain HTTP, where that is allowed."""
    tls = None if no_tls else door_tls(Home.from_environ())
    if tls is not None:
        tls.check()
    check_may_listen(host, tls, plain_http=plain_http)
    return tls


def _allow_many_connections() -> None:
    """As many open files as the system lets us have: a few senders that dawdle must not keep cameras out."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _serve_asgi(application: str, port: int, *, http: Any, host: str = HOST, **more: Any) -> None:
    import uvicorn

    uvicorn.run(
        application,
        host=host,
        port=port,
        http=http,
        ws="none",
        loop="uvloop",
        access_log=False,
        log_level="warning",
        timeout_graceful_shutdown=10,
        **more,
    )


def _require_locks() -> None:
    """Nothing starts on stores whose lock was asked for and does not hold; one that is down is not judged now."""
    from tabard.kernel.errors import Unavailable
    from tabard.vault.locks import require_locks

    try:
        require_locks(at=now())
    except Unavailable as error:
        console.print(f"[yellow]The lock of the stores was not tried:[/] {escape(error.message)}")


def _clean_store() -> None:
    """Half-written objects of killed processes go; the store never showed them."""
    from tabard.vault import services as vault

    vault.clean()


def _tell(event: Event) -> None:
    if event.kind in {"died", "killed", "upkeep"}:
        console.print(f"[yellow]{escape(event.name)}: {event.kind}[/] {escape(event.words)}")
