"""How fast is the fleet at full size: bringing it in from files, simulating it, and every one of its pages?

    python bench/fleet.py
    python bench/fleet.py --home /tmp/simulated        # pages only, of a force that was simulated there before

First `tabard simulate force` as a process of its own, into an empty home. Then every page below `/fleet/` and
`/rollout/` by Django's test client (middleware, queries and templates; no socket), signed in as BWV administrator, each
asked for many times with other cameras, docks, units, words and pages of lists; pages come by themselves from
`web/urls.py`. Then 30,000 officers and 22,000 cameras from CSV files into another empty home, each beside plain COPY
of the same rows into a bare table in the same run. Homes and databases are temporary unless they are named.
"""

import argparse
import csv
import io
import json
import os
import random
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from tabard.cli.database import database

RUNS = 3
CAMERAS, OFFICERS = 22_000, 30_000
PLACES = re.compile(r"<(?:\w+:)?(\w+)>")
LISTS = {
    "fleet": (
        {}, {"state": "issued"}, {"state": "lost"}, {"mount": "head"}, {"search": "SIMCAM02"}, {"search": "Okafor"},
        {"search": "nobody at all"}, {"cursor": "SIMCAM011000"}, {"cursor": "SIMCAM021900"},
        {"search": "SIM-H120", "state": "issued"},
    ),
    "fleet-overdue": ({}, {"days": "30"}, {"days": "365"}),
}  # fmt: skip


def main() -> None:
    """Measure, and print three tables."""
    asked = arguments()
    with tempfile.TemporaryDirectory(prefix="fleet-") as folder:
        Path(folder).chmod(0o755)  # the database's own user has to get in
        home = asked.home or Path(folder) / "simulated"
        if asked.home is None:
            simulate(home, asked)
        in_another_process("pages", home, asked)
        if asked.home is None:
            in_another_process("imports", Path(folder) / "imported", asked)


def arguments() -> argparse.Namespace:
    """What was asked for; `--part` is how this program calls itself, since Django knows one database a process."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--home", type=Path, help="a home that holds a simulated force")
    parser.add_argument("--recordings", type=int, default=785_000)
    parser.add_argument("--rounds", type=int, default=40, help="how often each page is asked for")
    parser.add_argument("--part", choices=("pages", "imports"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.part:
        {"pages": pages, "imports": imports}[asked.part](asked.rounds)
        sys.exit()
    return asked


def simulate(home: Path, asked: argparse.Namespace, *more: str) -> None:
    """The force, made by the command that people use."""
    command = [sys.executable, "-c", "from tabard.cli.main import run; run()", "simulate", "force", "--json"]
    began = time.perf_counter()
    done = subprocess.run(
        [*command, f"--recordings={asked.recordings}", *more],
        env={**os.environ, "TABARD_HOME": str(home)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    said = json.loads(done.stdout.splitlines()[-1])
    print(f"simulate force, new home and database included: {time.perf_counter() - began:.1f} s")
    print("  " + ", ".join(f"{name} {value}" for name, value in said.items()))


def in_another_process(part: str, home: Path, asked: argparse.Namespace) -> None:
    """One part of the measurement, on its own home."""
    subprocess.run(
        [sys.executable, __file__, f"--part={part}", f"--rounds={asked.rounds}"],
        env={**os.environ, "TABARD_HOME": str(home)},
        check=True,
    )


def pages(rounds: int) -> None:
    """Every page of the fleet and the rollout, by name, with its slowest address."""
    with database():
        from django.conf import settings

        from tabard.config.loading import load_for_good

        settings.ALLOWED_HOSTS = [*settings.ALLOWED_HOSTS, "testserver"]
        settings.SECURE_SSL_REDIRECT = False
        client = signed_in()
        load_for_good()
        print(f"\n{'page':32}{'p50 ms':>9}{'p95 ms':>9}{'most ms':>9}  most of which")
        for name, addresses in addressed(random.Random(1), rounds):  # noqa: S311 - which pages to ask for
            show(name, client, addresses)
        print(f"peak memory of the process: {peak_mib()} MiB")


def signed_in() -> Any:
    """A browser's session of a BWV administrator."""
    from django.test import Client

    from tabard.custody.actors import Actor
    from tabard.kernel.clock import now
    from tabard.people.models import Account
    from tabard.people.rules import Role
    from tabard.people.services import create_account

    account = Account.objects.filter(username="bench").first() or create_account(
        username="bench",
        display_name="Bench",
        password="correct horse battery staple 7",
        roles=[Role.BWV_ADMINISTRATOR],
        by=Actor.system("bench"),
        at=now(),
    )
    client = Client(raise_request_exception=True)
    client.force_login(account)
    return client


def addressed(chance: random.Random, rounds: int) -> Iterator[tuple[str, list[str]]]:
    """Each page's name with the addresses that it is asked for by; a page of a list first without any filter."""
    from tabard.web.urls import urlpatterns

    for pattern in urlpatterns:
        route, name = str(pattern.pattern), getattr(pattern, "name", None)
        if name is None or not route.startswith(("fleet/", "rollout/")):
            continue
        variants = LISTS.get(name, ({},))
        drawn = [places(route, chance) for _ in range(rounds)]
        if None in drawn:
            print(f"{name:32} not asked for: nothing of its kind is simulated")
            continue
        yield name, [address(path, variants[number % len(variants)]) for number, path in enumerate(drawn)]


def address(path: str, query: dict[str, str]) -> str:
    """As a browser asks for it."""
    return f"/{path}?{urlencode(query)}" if query else f"/{path}"


def places(route: str, chance: random.Random) -> str | None:
    """The route with the id of a real thing at each of its places; None where there is no such thing."""
    from tabard.fleet.models import Camera, Dock
    from tabard.people.models import Officer, Unit

    kinds = {"camera_id": Camera, "dock_id": Dock, "unit_id": Unit, "officer_id": Officer}
    for name in PLACES.findall(route):
        kind = kinds.get(name)
        if kind is None:
            return None
        count = kind.objects.count()
        found = kind.objects.order_by("pk").values_list("pk", flat=True)[chance.randrange(count)]
        route = re.sub(rf"<(?:\w+:)?{name}>", str(found), route)
    return route


def show(name: str, client: Any, addresses: Sequence[str]) -> None:
    """One line of the table; a page that answers no GET is named."""
    first = client.get(addresses[0])
    if first.status_code != 200:
        print(f"{name:32} answers {first.status_code} to a GET")
        return
    took = []
    for address in addresses:
        began = time.perf_counter()
        response = client.get(address)
        b"".join(response) if response.streaming else response.content
        took.append(((time.perf_counter() - began) * 1000, address))
    millis = [each for each, _ in took]
    p95 = statistics.quantiles(millis, n=20)[-1]
    print(f"{name:32}{statistics.median(millis):9.1f}{p95:9.1f}{max(millis):9.1f}  {max(took)[1]}")


def imports(_: int) -> None:
    """Both files, and COPY of the same rows."""
    with database():
        prepare_units()
        print(f"\n{'import':32}{'seconds':>9}{'COPY s':>9}{'times':>7}")
        measure("30,000 officers", officers_csv(), import_officers)
        measure("22,000 cameras, each worn", cameras_csv(), import_cameras)
        print(f"peak memory of the process: {peak_mib()} MiB")


def prepare_units() -> None:
    """The units that the files name."""
    from tabard.custody.actors import Actor
    from tabard.kernel.clock import now
    from tabard.people.services import create_unit

    by = Actor.system("bench")
    force = create_unit(kind="force", code="F", name="Force", parent=None, by=by, at=now())
    for number in range(32):
        create_unit(
            kind="borough_command", code=f"B{number}", name=f"Borough {number}", parent=force, by=by, at=now()
        )


def officers_csv() -> str:
    """The officers, one a line."""
    heading = (
        "given_name",
        "family_name",
        "rank",
        "warrant_number",
        "shoulder_number",
        "unit_code",
        "joined_date",
    )
    return sheet(
        heading,
        (("Lena", "Barrow", "PC", f"W{n:06}", f"{n}PL", f"B{n % 32}", "01/02/2020") for n in range(OFFICERS)),
    )


def cameras_csv() -> str:
    """The cameras, each with its wearer."""
    heading = ("serial", "make", "model", "mount", "unit_code", "shoulder_number", "issued_date")
    return sheet(
        heading,
        (
            (f"CAM{n:06}", "Axis", "W120", "chest", f"B{n % 32}", f"{n}PL", "2026-02-01")
            for n in range(CAMERAS)
        ),
    )


def sheet(heading: Sequence[str], rows: Iterator[tuple[str, ...]]) -> str:
    """A CSV file."""
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(heading)
    writer.writerows(rows)
    return file.getvalue()


def import_officers(text: str, **more: Any) -> Any:
    """As the command does."""
    from tabard.people.importing import import_officers as run

    return run(rows_csv=io.StringIO(text), **more)


def import_cameras(text: str, **more: Any) -> Any:
    """As the command does."""
    from tabard.fleet.importing import import_cameras as run

    return run(rows_csv=io.StringIO(text), **more)


def measure(what: str, text: str, run: Callable[..., Any]) -> None:
    """The median of a few imports that are rolled back, then one that stays; and of COPY."""
    from django.db import transaction

    from tabard.custody.actors import Actor
    from tabard.kernel.clock import now

    took = []
    for number in range(RUNS):
        with transaction.atomic():
            began = time.perf_counter()
            report = run(text, by=Actor.system("bench"), at=now())
            took.append(time.perf_counter() - began)
            if not report.ok:
                sys.exit(f"{what}: {report.errors[:3]}")
            transaction.set_rollback(number < RUNS - 1)
    ours, copy = statistics.median(took), statistics.median(copy_alone(text) for _ in range(RUNS))
    print(f"{what:32}{ours:9.2f}{copy:9.3f}{ours / copy:7.0f}")


def copy_alone(text: str) -> float:
    """Seconds for the same lines into a table of text without index, check or event."""
    from django.db import connection, transaction

    columns = text.split("\r\n", 1)[0].split(",")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            f"CREATE TEMPORARY TABLE bare ({', '.join(f'{each} text' for each in columns)}) ON COMMIT DROP"
        )
        began = time.perf_counter()
        with cursor.cursor.copy("COPY bare FROM STDIN (FORMAT csv, HEADER)") as copy:
            copy.write(text)
        return time.perf_counter() - began


def peak_mib() -> int:
    """The most memory that this process had."""
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


if __name__ == "__main__":
    main()
