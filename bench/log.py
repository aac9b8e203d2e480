"""How fast does the custody log take events, prove one, and verify all?

    python bench/log.py                     # a million events, the curve to a million leaves
    python bench/log.py --events 100000 --leaves 10000000

Each row has its peer or its limit from the same run, and the ratio. Everything goes through the product's own `append`,
`append_many`, `sequence`, `receipt` and `verify_log`, on an embedded PostgreSQL in a temporary home; peers use the same
client library, server and durability. The curve of proofs uses a table of nodes alone, which is dropped at the end; its
peer is pymerkle's tree in SQLite over the same leaves, if `pip install pymerkle` was done (it is GPL, so no dependency
of ours).
"""

import argparse
import json
import multiprocessing
import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import psycopg

from tabard.cli.database import database, load_django
from tabard.cli.home import Home, embedded_url

BATCH = 5_000
ROUNDS = 5
PROOFS = 2_000
PEER_LEAVES = 1_000_000  # more would take the peer an hour
PEER_PROOFS = 50
PEER_TABLES = """
    CREATE TABLE plain (id uuid PRIMARY KEY, kind varchar(64), at timestamptz, body bytea);
    CREATE TABLE bulk (id uuid PRIMARY KEY, kind varchar(64), at timestamptz, body bytea);
    CREATE UNLOGGED TABLE bench_node (LIKE custody_node INCLUDING ALL)
"""


def owner() -> psycopg.Connection[Any]:
    """A connection that may make tables, with the product's durability."""
    url = embedded_url(Home.from_environ(), user="tabard_owner")
    return psycopg.connect(url, options="-c synchronous_commit=on")


def append_for(seconds: float) -> int:
    """Acts of one event each, committed one by one; how many in the time."""
    from django.db import transaction

    from tabard.custody.actors import Actor, Subject
    from tabard.custody.kinds import EventKind
    from tabard.custody.services import append
    from tabard.kernel.clock import now
    from tabard.kernel.ids import new_id

    by, subject = Actor.system("bench"), Subject("recording", new_id())
    done, until = 0, time.perf_counter() + seconds
    while time.perf_counter() < until:
        with transaction.atomic():
            append(
                kind=EventKind.RECORDING_VIEWED, subject=subject, at=now(), by=by, details={"number": done}
            )
        done += 1
    return done


def insert_for(seconds: float) -> int:
    """One plain row of an event's size for each commit, through the same client library; how many in the time."""
    from tabard.kernel.clock import now
    from tabard.kernel.ids import new_id

    body, done = os.urandom(420), 0
    with owner() as connection:
        until = time.perf_counter() + seconds
        while time.perf_counter() < until:
            row = (new_id(), "recording.viewed", now(), body)
            connection.execute("INSERT INTO plain VALUES (%s, %s, %s, %b)", row)
            connection.commit()
            done += 1
    return done


def client(seconds: float, together: Any, counted: Any) -> None:
    """One client in a process of its own; all do the same thing at once, and both things in turn."""
    load_django()
    append_for(0.2), insert_for(0.2)
    for _ in range(ROUNDS):
        for name, act in (("plain", insert_for), ("ours", append_for)):
            together.wait()
            counted.put((name, act(seconds)))


def one_by_one(clients: int, seconds: float = 2.0) -> dict[str, Any]:
    """Medians over rounds in which both take turns, so that what else runs here slows both."""
    spawn = multiprocessing.get_context("spawn")
    together, counted = spawn.Barrier(clients), spawn.Queue()
    running = [spawn.Process(target=client, args=(seconds, together, counted)) for _ in range(clients)]
    for each in running:
        each.start()
    rates: dict[str, list[float]] = {"plain": [], "ours": []}
    for number in range(2 * ROUNDS):
        found = [counted.get() for _ in running]  # the barrier keeps each round's answers together
        rates["ours" if number % 2 else "plain"].append(sum(done for _, done in found) / seconds)
    for each in running:
        each.join()
    ours, plain = (statistics.median(rates[name]) for name in ("ours", "plain"))
    what = f"one by one, {clients} client{'s' if clients > 1 else ''}"
    return row(what, ours, "plain row a commit", plain, "events/s")


def in_batches(events: int) -> Iterator[dict[str, Any]]:
    """Thousands a commit, each placed with its nodes stored; then the same through the sequencer's own round."""
    from django.db import connection, transaction

    from tabard.custody import sequencer, services
    from tabard.custody.actors import Actor, Subject
    from tabard.custody.kinds import EventKind
    from tabard.kernel.clock import now
    from tabard.kernel.ids import new_id

    by, subjects = Actor.system("bench"), [Subject("recording", new_id()) for _ in range(100)]

    def append(count: int) -> None:
        planned = (
            services.PlannedEvent(EventKind.RECORDING_DISPOSED, subject, details={"number": number})
            for number, subject in zip(range(count), subjects * (count // 100 + 1), strict=False)
        )
        services.append_many(planned, at=now(), by=by)

    # What follows from the events is not the log's: jobs are not queued here.
    services._router = lambda: lambda _kind, _subject: None  # noqa: SLF001
    connection.ensure_connection()
    backend = connection.connection.info.backend_pid
    began, cpu, server_cpu = time.perf_counter(), time.process_time(), cpu_of(backend)
    for _ in range(events // BATCH):
        with transaction.atomic():
            append(BATCH)
    took, cpu = time.perf_counter() - began, time.process_time() - cpu
    server_cpu = cpu_of(backend) - server_cpu
    assert not sequencer.sequence(), "every event was placed at once"
    plain = copied(min(events, 200_000))
    made = row("in batches: appended, placed, nodes", events / took, "plain COPY", plain, "events/s")
    yield {
        **made,
        "client_cpu_us": round(1e6 * cpu / events, 1),
        "server_cpu_us": round(1e6 * server_cpu / events, 1),
    }

    with psycopg.connect(embedded_url(Home.from_environ())) as other:
        other.execute("SELECT pg_advisory_xact_lock(%s)", [sequencer._LOCK])  # noqa: SLF001
        for _ in range(4):
            with transaction.atomic():
                append(BATCH)
    began = time.perf_counter()
    while sequencer.sequence():
        pass
    yield row(
        "sequencer's round alone", 4 * BATCH / (time.perf_counter() - began), "plain COPY", plain, "events/s"
    )
    connection.close()


def cpu_of(pid: int) -> float:
    """Seconds of processor that a process took so far, to the nanosecond."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


def copied(rows: int) -> float:
    """Rows a second by COPY into a table with nothing but its key."""
    from tabard.kernel.clock import now
    from tabard.kernel.ids import new_id

    at, body = now().isoformat(), r"\\x" + os.urandom(420).hex()
    began = time.perf_counter()
    with owner() as connection:
        for _ in range(rows // BATCH):
            with connection.cursor().copy("COPY bulk FROM STDIN") as copy:
                copy.write("".join(f"{new_id()}\trecording.viewed\t{at}\t{body}\n" for _ in range(BATCH)))
            connection.commit()
    return rows / (time.perf_counter() - began)


def proofs() -> dict[str, Any]:
    """A receipt of a random event from its id on, under the newest checkpoint; the limit is hashing its path."""
    from tabard.custody import selectors
    from tabard.custody.models import Event
    from tabard.custody.sequencer import tree_size

    size = tree_size()
    positions = random.Random(1).sample(range(size), min(PROOFS, size))  # noqa: S311 - which ones, not a secret
    ids = list(Event.objects.filter(position__in=positions).values_list("id", flat=True))
    random.Random(2).shuffle(ids)  # noqa: S311
    took = []
    for event_id in ids:
        began = time.perf_counter()
        selectors.receipt(event_id)
        took.append(1000 * (time.perf_counter() - began))
    hashing = [timed(lambda: path_hashes(size.bit_length())) * 1000 for _ in range(200)]
    p95 = statistics.quantiles(took, n=20)[18]
    made = row(
        f"receipt p95 of {size:,}", p95, f"{size.bit_length()} hashes", statistics.median(hashing), "ms"
    )
    return {**made, "p50": statistics.median(took)}


def path_hashes(count: int) -> None:
    value = bytes(32)
    for _ in range(count):
        value = sha256(b"\x01" + value + value).digest()


def verified() -> dict[str, Any]:
    """Everything recomputed; the limit is hashing each leaf, each node and two commitments an event."""
    from tabard.custody.adapters import log_signer
    from tabard.custody.verify import verify_log
    from tabard.kernel.clock import now

    began = time.perf_counter()
    report = verify_log(log_signer().vkey, now=now(), processes=len(os.sched_getaffinity(0)))
    took = time.perf_counter() - began
    assert report.ok, report.defects[:3]
    leaf = bytes(400)
    limit = timed(lambda: [sha256(leaf).digest() for _ in range(4 * 10_000)]) * report.events / 10_000
    return row(f"verification of {report.events:,}", took, "4 hashes an event", limit, "s")


def curve(most: int) -> Iterator[dict[str, Any]]:
    """An inclusion proof from PostgreSQL in trees of a thousand leaves and ten times more each; then the peer's."""
    from tabard.custody.verification.tree import GrowingTree

    sizes = [10**power for power in range(3, len(str(most)))]
    tree, ours = GrowingTree(), {}
    with owner() as connection:
        for size in sizes:
            store_nodes(connection, tree, size)
            connection.execute("ANALYZE bench_node")
            connection.commit()
            made = proofs_in(connection, size)
            ours[size] = (tree.root(size), made["ours"])
            yield made
        connection.execute("DROP TABLE bench_node")
    yield from peer_curve(ours)


def proofs_in(connection: psycopg.Connection[Any], size: int) -> dict[str, Any]:
    """Proofs of random leaves, by the statement that the product prepares, over the bench's own nodes."""
    from tabard.custody.nodes import WANTED
    from tabard.custody.wire import as_bigint_array
    from tabard.merkle.proofs import inclusion_nodes, inclusion_proof
    from tabard.merkle.tree import NodeId

    server, name = connection.pgconn, f"proof_{size}".encode()
    server.exec_(b"SET plan_cache_mode = auto")
    server.prepare(name, WANTED.replace("custody_node", "bench_node").encode())

    def read(nodes: Any) -> dict[NodeId, bytes]:
        values = [as_bigint_array(numbers) for numbers in zip(*nodes, strict=True)]
        found = server.exec_prepared(name, values, [1, 1], 1)
        return {node: found.get_value(at, 0) or b"" for at, node in enumerate(nodes)}

    chosen = random.Random(size).choices(range(size), k=1_000)  # noqa: S311
    took = [timed(lambda index=index: inclusion_proof(index, size, read)) for index in chosen]
    nodes = statistics.mean(len(inclusion_nodes(index, size)) for index in chosen)
    made = row(
        f"proof in a tree of {size:,}", 1000 * statistics.median(took), "nodes read, mean", nodes, "ms"
    )
    return {**made, "p95": 1000 * statistics.quantiles(took, n=20)[18]}


def peer_curve(ours: dict[int, tuple[bytes, float]]) -> Iterator[dict[str, Any]]:
    """The same by pymerkle from SQLite, whose roots must be ours; nothing where it is not installed.

    Args:
        ours: For each size our root, and our median in milliseconds.
    """
    try:
        from pymerkle import SqliteTree  # type: ignore[import-not-found]
    except ImportError:
        print("pymerkle is not installed: its proofs are not measured")
        return
    with tempfile.TemporaryDirectory() as folder, SqliteTree(str(Path(folder) / "tree.db")) as peer:
        for size in (size for size in sorted(ours) if size <= PEER_LEAVES):
            peer.append_entries([entry(number) for number in range(peer.get_size(), size)])
            assert peer.get_root() == ours[size][0]
            chosen = random.Random(size).choices(range(1, size + 1), k=PEER_PROOFS)  # noqa: S311
            took = [
                timed(lambda index=index, size=size: peer.prove_inclusion(index, size)) for index in chosen
            ]
            made = row(
                f"pymerkle's, SQLite, {size:,}", 1000 * statistics.median(took), "ours", ours[size][1], "ms"
            )
            yield {**made, "p95": 1000 * statistics.quantiles(took, n=20)[18]}


def entry(number: int) -> bytes:
    return number.to_bytes(8, "big")


def store_nodes(connection: psycopg.Connection[Any], tree: Any, wanted: int) -> None:
    """The tree grows to the wanted size, and its nodes are stored by COPY, a block at a time."""
    from tabard.merkle.tree import leaf_hash

    with connection.cursor().copy("COPY bench_node (level, index, hash) FROM STDIN") as copy:
        while tree.size < wanted:
            count = min(8_192, wanted - tree.size)
            for run in tree.grow([leaf_hash(entry(tree.size + number)) for number in range(count)]):
                rows = (
                    f"{run.level}\t{at}\t\\\\x{value.hex()}\n"
                    for at, value in enumerate(run.hashes, run.first)
                )
                copy.write("".join(rows))


def timed(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def row(what: str, ours: float, peer: str, theirs: float, unit: str) -> dict[str, Any]:
    return {
        "what": what,
        "ours": ours,
        "unit": unit,
        "peer": peer,
        "theirs": theirs,
        "ratio": ours / theirs if theirs else 0.0,
    }


def measure(events: int, leaves: int) -> Iterator[dict[str, Any]]:
    from tabard.custody import sequencer
    from tabard.custody.adapters import log_signer
    from tabard.kernel.clock import now

    with owner() as connection:
        connection.execute(PEER_TABLES)
    for clients in (1, 8):
        yield one_by_one(clients)
    while sequencer.sequence():
        pass
    yield from in_batches(events)
    sequencer.sign_checkpoint(at=now(), signer=log_signer())
    yield proofs()
    yield verified()
    yield from curve(leaves)


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--events", type=int, default=1_000_000)
    asked.add_argument("--leaves", type=int, default=1_000_000, help="the largest tree of the curve")
    asked.add_argument("--json", action="store_true")
    given = asked.parse_args()
    with tempfile.TemporaryDirectory(prefix="tabard-bench-") as folder:
        os.environ["TABARD_HOME"] = str(Path(folder))
        found = []
        with database():
            for each in measure(given.events, given.leaves):
                found.append(each)
                more = "".join(
                    f", {name} {each[name]:.3g}"
                    for name in ("p50", "p95", "client_cpu_us", "server_cpu_us")
                    if name in each
                )
                print(
                    f"{each['what']:<40} {each['ours']:>12,.2f} {each['unit']:<9} "
                    f"{each['peer']:<20} {each['theirs']:>12,.2f}   ratio {each['ratio']:.2f}{more}",
                    flush=True,
                )
        if given.json:
            print(json.dumps(found))


if __name__ == "__main__":
    main()
