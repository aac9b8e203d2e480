"""How long does a disposal take: the plan, the list, the run, and the removal of bytes? Prints a table.

    python bench/disposal.py
    python bench/disposal.py --home /tmp/simulated     # a force that `tabard simulate force --leave-due` put there

A million recordings of a simulated force, of which 460,000 are due. What is due is made as heavy as what a door takes
in: it has its container, keys, what cameras noted, and the events that tell of it. Every second incident is closed.
The run goes as it would in life: it lists, stops itself at so many, two people approve, and it goes on. Only the days
of grace are passed by moving dates. While it disposes, another process locks rows as whoever places a hold does, and
says how long it waited. Beside it, in the same run: a loop that disposes of one at a time, as many rows updated by one
bare statement, and as many files removed and synced by a bare loop. Home and database are temporary unless named.
"""

import argparse
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from fleet import simulate

from tabard.cli.database import database, owner_connection

ONE_BY_ONE = 200
BARE_ROWS = 20_000
FILES, FILE_BYTES = 5_000, 16_384
EVENTS_AT_ONCE = 5_000
PLANS = 5

HEAVIER = (
    """CREATE TEMPORARY TABLE bench_due AS SELECT recording_id AS id FROM pg_temp.found WHERE number <= %(due)s""",
    """ALTER TABLE bench_due ADD PRIMARY KEY (id)""",
    """INSERT INTO intake_container (id, source, collection, name, kind, metadata, created_at, recording_id)
        SELECT gen_random_uuid(), 'folder', 'bench', id::text, 'recording', '{"Place": "51.5, -0.1"}', now(), id
        FROM bench_due""",
    """INSERT INTO intake_receivedobject (id, container_id, name, metadata, object_id, received_at)
        SELECT gen_random_uuid(), container.id, segment.name, '{"Place": "51.5, -0.1"}', segment.object_id, now()
        FROM intake_container container JOIN recordings_segment segment USING (recording_id)
        WHERE container.collection = 'bench'""",
    """UPDATE recordings_segment SET metadata = '{"Place": "51.5, -0.1"}'
        WHERE recording_id IN (SELECT id FROM bench_due)""",
    """UPDATE vault_sealedobject SET wrapped_key = sha256(sha256), key_destroyed_at = NULL, removed_at = NULL
        WHERE id IN (SELECT object_id FROM recordings_segment WHERE recording_id IN (SELECT id FROM bench_due))""",
)
TABLES = ("recordings_recording", "recordings_segment", "vault_sealedobject", "custody_eventparticulars")
# The rows of recordings that are kept, updated in all that a disposal changes of them.
BARE = """UPDATE recordings_recording SET disposed_at = now(), latitude = NULL, longitude = NULL, metadata = '{}'
    WHERE id IN (SELECT id FROM recordings_recording WHERE disposed_at IS NULL ORDER BY id LIMIT %s)"""


def main() -> None:
    """Measure, and print a table."""
    asked = arguments()
    with tempfile.TemporaryDirectory(prefix="disposal-") as folder:
        Path(folder).chmod(0o755)  # the database's own user has to get in
        home = asked.home or Path(folder) / "simulated"
        if asked.home is None:
            simulate(home, asked, "--leave-due")
        subprocess.run(
            [sys.executable, __file__, "--measure", f"--due={asked.due}"],
            env={**os.environ, "TABARD_HOME": str(home)},
            check=True,
        )


def arguments() -> argparse.Namespace:
    """What was asked for; `--measure` is how this program calls itself, as Django knows one database a process."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--home", type=Path, help="a home that holds a simulated force; what is due in it goes"
    )
    parser.add_argument("--recordings", type=int, default=1_000_000)
    parser.add_argument("--due", type=int, default=460_000)
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--wait-in", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.wait_in:
        keep_locking(asked.wait_in)
        sys.exit()
    if asked.measure:
        measure(asked.due)
        sys.exit()
    return asked


def measure(due: int) -> None:
    """Every line of the table, in the order in which things happen in life."""
    with database():
        from tabard.custody.actors import Actor
        from tabard.kernel.clock import now
        from tabard.retention import policies, runs, standing
        from tabard.retention.models import DisposalRun, ScheduledDisposal

        at = now()
        as_of = make_heavier(due, at)
        policy, by = policies.current(at), Actor.system("bench")
        each = [timed(lambda: standing.totals(policy, as_of)) for _ in range(PLANS)]
        found = standing.totals(policy, as_of)
        say("plan", statistics.median(each), found.due, f"most {max(each):.2f} s; {found.held:,} held")
        whole = timed(lambda: plan_by_command(as_of))
        say("`tabard retention plan --json`, whole", whole, found.due)

        stopped = runs.run(as_of=as_of, by=by, at=at)
        print(f"  the run {stopped.state}: {stopped.stop_reason}")
        approve(stopped, at)
        listing = timed(lambda: runs.run(as_of=as_of, by=by, at=at))
        listed = ScheduledDisposal.objects.count()
        say("listed, and notices given", listing, listed)
        ScheduledDisposal.objects.filter(due_at__lte=as_of).update(scheduled_at=as_of, executes_at=as_of)

        one_by_one(ONE_BY_ONE, by, at)
        memory: list[int] = []

        def progress(run: DisposalRun) -> None:
            memory.append(peak_mib())
            if len(memory) % 20 == 0:
                print(f"  {run.disposed:,} disposed of", file=sys.stderr)

        with locking() as waits:
            spent = timed(
                lambda: runs.run(as_of=as_of, by=by, at=at + timedelta(seconds=1), progress=progress)
            )
        run = DisposalRun.objects.order_by("-started_at").first()
        assert run is not None
        assert not run.stop, run.stop_reason
        say("disposed of", spent, run.disposed, f"{run.spared} spared")
        print(f"  peak memory after a tenth {memory[len(memory) // 10]} MiB, at the end {memory[-1]} MiB")
        print(f"  {waits()}")
        bare_update(BARE_ROWS)
        remove_files()


def make_heavier(due: int, at: datetime) -> datetime:
    """What is due is as heavy as what comes in by a door; returns the instant at which so many are due."""
    from django.db import connection, transaction

    from tabard.retention import policies, standing

    close_incidents(at)
    standing.gather(policies.current(at), at)
    with connection.cursor() as cursor:
        cursor.execute("SELECT due_at FROM pg_temp.found WHERE number = %s", [due])
        (as_of,) = cursor.fetchone()
        for statement in HEAVIER:
            cursor.execute(statement, {"due": due} if "%(due)s" in statement else None)
        cursor.execute("SELECT id FROM bench_due")
        ids = [row[0] for row in cursor.fetchall()]
    for first in range(0, len(ids), EVENTS_AT_ONCE):
        with transaction.atomic():
            tell(ids[first : first + EVENTS_AT_ONCE], at)
    with owner_connection(), connection.cursor() as cursor:
        for table in TABLES:  # as rows lie that came in and were never changed
            cursor.execute(f"VACUUM FULL {table}")
        cursor.execute("VACUUM ANALYZE")
    found: datetime = as_of
    return found


def close_incidents(at: datetime) -> None:
    """Every second incident ended undetected."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO incidents_outcome
                (id, incident_id, kind, decided_date, in_custody, reason, stated_at, stated_by_id)
            SELECT gen_random_uuid(), id, 'undetected', %(at)s::date, false, 'Bench', %(at)s, %(by)s
            FROM (SELECT id, row_number() OVER (ORDER BY id) AS number FROM incidents_incident) AS incident
            WHERE number %% 2 = 0""",
            {"at": at, "by": account("bench-1", at).account_id},
        )


def tell(ids: list[Any], at: datetime) -> None:
    """The events of a recording's coming in, whose details a disposal erases."""
    from tabard.custody import services as custody
    from tabard.custody.actors import Actor, Subject
    from tabard.custody.drafting import PlannedEvent
    from tabard.custody.kinds import EventKind
    from tabard.recordings.models import Segment

    objects = Segment.objects.filter(recording__in=ids).values_list("object_id", flat=True)
    noted = {"metadata": {"Place": "51.5, -0.1", "Trigger": "manual"}}
    sealed = [
        PlannedEvent(EventKind.OBJECT_SEALED, Subject("object", each), details=noted) for each in objects
    ]
    told = [
        PlannedEvent(EventKind.RECORDING_SEALED, Subject("recording", each), details=noted) for each in ids
    ]
    custody.append_many([*sealed, *told], at=at, by=Actor.system("bench"))


def account(name: str, at: datetime) -> Any:
    """Somebody who may approve a run."""
    from tabard.custody.actors import Actor
    from tabard.people.models import Account
    from tabard.people.rules import Role
    from tabard.people.selectors import viewer_of
    from tabard.people.services import create_account

    found = Account.objects.filter(username=name).first() or create_account(
        username=name,
        display_name=name,
        password="correct horse battery staple 7",
        roles=[Role.RECORDS_MANAGER],
        by=Actor.system("bench"),
        at=at,
    )
    return viewer_of(found, at)


def approve(run: Any, at: datetime) -> None:
    """Two people have looked at what the run found."""
    from tabard.retention import releases

    for name in ("bench-1", "bench-2"):
        releases.approve(run_id=run.pk, reason="Measured", viewer=account(name, at), at=at)


def plan_by_command(as_of: datetime) -> None:
    """The command that people use, as a process of its own."""
    day = f"{as_of:%Y-%m-%d}"
    command = [sys.executable, "-c", "from tabard.cli.main import run; run()", "retention", "plan"]
    subprocess.run(
        [*command, f"--as-of={day}", "--json"], env=os.environ, stdout=subprocess.DEVNULL, check=True
    )


def one_by_one(count: int, by: Any, at: datetime) -> None:
    """A loop that locks, decides, disposes and commits one recording at a time."""
    from django.db import transaction

    from tabard.retention import policies, selectors
    from tabard.retention.disposing import Ground, dispose_of, locked
    from tabard.retention.models import ScheduledDisposal
    from tabard.retention.rules import decide

    policy = policies.current(at)
    ids = list(ScheduledDisposal.objects.order_by("executes_at", "pk").values_list("pk", flat=True)[:count])

    def loop() -> None:
        for recording_id in ids:
            with transaction.atomic():
                decided = decide(selectors.facts_of(locked(recording_id)), policy)
                assert decided.due_at is not None
                ground = Ground(decided.rule, decided.reason, decided.due_at, {"rule": decided.rule})
                ScheduledDisposal.objects.filter(pk=recording_id).delete()
                dispose_of(grounds={recording_id: ground}, by=by, at=at)

    say("disposed of, one at a time", timed(loop), count)


@contextmanager
def locking() -> Iterator[Callable[[], str]]:
    """While it lasts, another process locks rows; what it gives says how long that process waited."""
    with tempfile.TemporaryDirectory() as folder:
        there = Path(folder)
        process = subprocess.Popen([sys.executable, __file__, f"--wait-in={there}"], env=os.environ)
        said: list[str] = []
        while not (there / "ready").exists() and process.poll() is None:
            time.sleep(0.05)
        try:
            yield lambda: said[0]
        finally:
            (there / "stop").touch()
            process.wait(60)
            said.append((there / "waits").read_text())


def keep_locking(folder: Path) -> None:
    """Lock the row of a recording that waits on the list, as whoever holds it does, until told to stop."""
    with database():
        from django.db import transaction

        from tabard.recordings.models import Recording
        from tabard.retention.models import ScheduledDisposal

        waits, chance = [0.0], random.Random(1)  # noqa: S311 - which rows to lock
        (folder / "ready").touch()
        while not (folder / "stop").exists():
            # among those whose turn comes in this batch or the next
            soon = ScheduledDisposal.objects.order_by("executes_at", "pk").values_list("pk", flat=True)[
                :4_000
            ]
            chosen = chance.choice(list(soon) or [None])
            if chosen is None:
                break
            began = time.perf_counter()
            with transaction.atomic():
                Recording.objects.select_for_update().filter(pk=chosen).first()
                waits.append(time.perf_counter() - began)
            time.sleep(0.05)
        waits.sort()
        p99 = waits[int(len(waits) * 0.99)]
        (folder / "waits").write_text(
            f"a row's lock was waited for {len(waits):,} times: p50 {waits[len(waits) // 2] * 1000:.0f} ms, "
            f"p99 {p99 * 1000:.0f} ms, most {waits[-1] * 1000:.0f} ms"
        )


def bare_update(count: int) -> None:
    """As many rows as one bare statement updates in a second: the least that PostgreSQL can do; rolled back."""
    from django.db import connection, transaction

    with transaction.atomic(), connection.cursor() as cursor:
        say("rows of recordings in one bare UPDATE", timed(lambda: cursor.execute(BARE, [count])), count)
        transaction.set_rollback(True)


def remove_files() -> None:
    """Objects removed from a local store beside a bare loop over as many files in as many folders."""
    from tabard.vault.adapters.local import LocalStore

    with tempfile.TemporaryDirectory(dir=os.environ["TABARD_HOME"]) as folder:
        store = LocalStore(Path(folder) / "store")
        keys = [f"{number % 256:02x}/{number}" for number in range(FILES)]
        for key in keys:
            with store.create(key) as writer:
                writer.write(bytes(FILE_BYTES))
                writer.commit()
        with ThreadPoolExecutor(8) as threads:
            spent = timed(lambda: list(threads.map(store.delete, keys)))
        say("objects removed from a local store", spent, FILES)
        bare = Path(folder) / "bare"
        paths = [bare / key for key in keys]
        for path in paths:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(bytes(FILE_BYTES))
        os.sync()
        say("files removed, folders synced, by a bare loop", timed(lambda: unlink(paths)), FILES)


def unlink(paths: list[Path]) -> None:
    """Each file removed and its folder synced, one after the other."""
    for path in paths:
        path.unlink()
        there = os.open(path.parent, os.O_RDONLY)
        os.fsync(there)
        os.close(there)


def timed(work: Callable[[], object]) -> float:
    """How many seconds the work takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def peak_mib() -> int:
    """The most memory that this process ever held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def say(what: str, spent_s: float, count: int, more: str = "") -> None:
    """One line of the table."""
    print(f"{what:46}{spent_s:>9.2f} s{count:>10,}{count / spent_s:>12,.0f}/s  {more}", flush=True)


if __name__ == "__main__":
    main()
