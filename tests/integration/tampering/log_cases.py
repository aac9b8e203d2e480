# ruff: noqa: S608 - statements are what the attacks are made of
"""What can be done to the log behind the application's back, and what each deed is found and named as.

Each case says what verification must call it (`code`), of what (`where`: an event, a position, a node, a size), and who
can tell: `verify` alone, from the database and the file of what was signed last, or only with what somebody else kept.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from tests.integration.tampering.log_under_attack import (
    Deed,
    both,
    forge_leaf,
    put_in,
    rebuild,
    sign_again,
    sql,
    take_out,
    without_foreign_keys,
)

VERIFY, SEEN, TSA = "verify", "verify --seen", "verify with TABARD_TSA_CHAIN"


@dataclass(frozen=True)
class Case:
    """One deed; `where` may name an event as `{e3}`."""

    name: str
    deed: Deed
    code: str
    where: str
    detected_by: str = VERIFY


def log_cases() -> list[Case]:
    """Every case."""
    return [
        *_events(),
        *_particulars(),
        *_orders(),
        *_nodes(),
        *_checkpoints(),
        *_cosignatures(),
        *_tokens(),
        *_rebuilt(),
        *_stolen_key(),
        *_dates(),
    ]


def _events() -> Iterator[Case]:
    """Every column of an event, at the first, an inner and the last signed position, and one not yet signed."""
    columns = {
        "kind": "kind = 'recording.played'",
        "time a day back": "at = at - interval '1 day'",
        "time a day on": "at = at + interval '1 day'",
        "time a microsecond on": "at = at + interval '1 microsecond'",
        "subject's type": "subject_type = 'incident'",
        "subject": "subject_id = gen_random_uuid()",
    }
    for at in (0, 7, 19, 21):
        for what, change in columns.items():
            yield Case(
                f"event {at}: {what}",
                sql(f"UPDATE custody_event SET {change} WHERE position = {at}"),
                "column",
                f"{{e{at}}}",
            )
        yield Case(
            f"event {at}: one bit of its leaf",
            sql(
                f"UPDATE custody_event SET leaf = set_byte(leaf, 30, get_byte(leaf, 30) # 1) WHERE position = {at}"
            ),
            "altered",
            f"{{e{at}}}",
        )
        yield Case(
            f"event {at}: its leaf is no JSON",
            sql(f"UPDATE custody_event SET leaf = '\\x00' WHERE position = {at}"),
            "leaf",
            f"{{e{at}}}",
        )
        yield Case(
            f"event {at}: removed, its particulars left",
            sql(f"DELETE FROM custody_event WHERE position = {at}"),
            "particulars_unexpected",
            f"{{e{at}}}",
        )
        yield Case(
            f"event {at}: its place taken from it",
            sql(f"UPDATE custody_event SET position = NULL WHERE position = {at}"),
            "reordered",
            f"{{e{at}}}",
        )
    for at in (0, 7, 19):
        yield Case(f"event {at}: removed", take_out(at), "missing", f"{at}")
    yield Case("event 21: removed before it was signed", take_out(21), "nodes_unexpected", "0/21")
    yield Case(
        "event 7: another id",
        sql(
            "UPDATE custody_event SET id = '01980000-0000-7000-8000-000000000000' WHERE position = 7",
            "UPDATE custody_eventparticulars SET event_id = '01980000-0000-7000-8000-000000000000'"
            " WHERE event_id = '{e7}'",
        ),
        "column",
        "01980000-0000-7000-8000-000000000000",
    )
    for what, change in columns.items():
        yield Case(
            f"waiting event: {what}",
            sql(f"UPDATE custody_event SET {change} WHERE id = '{{w0}}'"),
            "column",
            "{w0}",
        )


def _particulars() -> Iterator[Case]:
    """Every column of the personal side, of a signed event, an unsigned one, and one that waits."""
    columns = {
        "kind of actor": ("actor_kind = 'client'", "actor"),
        "actor's id": ("actor_id = 'someone'", "actor"),
        "actor's name": ("actor_name = 'Someone else'", "actor"),
        "actor's salt": ("actor_salt = sha256('x')", "actor"),
        "details": ("details = '{\"number\": 99}'", "details"),
        "details gain a key": ("details = details || '{\"more\": null}'", "details"),
        "details become null": ("details = 'null'", "details"),
        "details become a list": ("details = '[]'", "details"),
        "details' salt": ("details_salt = sha256('x')", "details"),
    }
    for event in ("{e0}", "{e13}", "{e21}", "{w1}"):
        for what, (change, code) in columns.items():
            yield Case(
                f"particulars of {event}: {what}",
                sql(f"UPDATE custody_eventparticulars SET {change} WHERE event_id = '{event}'"),
                code,
                event,
            )
        yield Case(
            f"particulars of {event}: removed",
            sql(f"DELETE FROM custody_eventparticulars WHERE event_id = '{event}'"),
            "particulars_missing",
            event,
        )
    swap = (
        "UPDATE custody_eventparticulars SET event_id = '00000000-0000-0000-0000-000000000001' WHERE event_id = '{e3}'",
        "UPDATE custody_eventparticulars SET event_id = '{e3}' WHERE event_id = '{e13}'",
        (
            "UPDATE custody_eventparticulars SET event_id = '{e13}'"
            " WHERE event_id = '00000000-0000-0000-0000-000000000001'"
        ),
    )
    yield Case("particulars of two events exchanged", sql(*swap), "actor", "{e13}")
    yield Case(
        "particulars of an event that never was",
        sql(
            "INSERT INTO custody_eventparticulars (event_id, actor_kind, actor_id, actor_name, actor_salt)"
            " VALUES ('00000000-0000-0000-0000-000000000001', 'account', 'x', 'Nobody', sha256('x'))"
        ),
        "particulars_unexpected",
        "00000000-0000-0000-0000-000000000001",
    )


def _places(*moves: tuple[int, int]) -> Deed:
    """Events change position, all at once."""
    return sql(
        *(f"UPDATE custody_event SET position = {1000 + new} WHERE position = {old}" for old, new in moves),
        "UPDATE custody_event SET position = position - 1000 WHERE position BETWEEN 1000 AND 1999",
    )


def _orders() -> Iterator[Case]:
    """Swaps, moves, gaps, repeats and insertions, without touching the tree."""
    yield Case("two neighbours exchanged", _places((3, 4), (4, 3)), "reordered", "{e3}")
    yield Case("first and last exchanged", _places((0, 19), (19, 0)), "reordered", "{e19}")
    yield Case("signed and unsigned exchanged", _places((5, 21), (21, 5)), "reordered", "{e21}")
    yield Case("three rotated", _places((6, 7), (7, 8), (8, 6)), "reordered", "{e8}")
    yield Case("five reversed", _places(*((at, 14 - at) for at in range(5, 10))), "reordered", "{e5}")
    yield Case("one moved far beyond the end", _places((2, 102)), "reordered", "{e2}")
    yield Case(
        "one moved to the largest position",
        sql("UPDATE custody_event SET position = 9223372036854775807 WHERE position = 2"),
        "reordered",
        "{e2}",
    )
    yield Case(
        "one moved below zero",
        sql(
            "ALTER TABLE custody_event DROP CONSTRAINT custody_event_position_not_negative",
            "UPDATE custody_event SET position = -1 WHERE position = 2",
        ),
        "reordered",
        "{e2}",
    )
    for at in (3, 20):
        copied = (
            "INSERT INTO custody_event (id, kind, at, subject_type, subject_id, leaf, position)"
            " SELECT '01980000-0000-7000-8000-000000000009', kind, at, subject_type, subject_id, leaf, {}"
            f" FROM custody_event WHERE position = {at}"
        )
        new = "01980000-0000-7000-8000-000000000009"
        yield Case(f"event {at} repeated at the end", sql(copied.format(22)), "duplicated", new)
        yield Case(f"event {at} repeated, waiting", sql(copied.format("NULL")), "column", new)
        yield Case(
            f"event {at} repeated at its own position",
            sql("DROP INDEX custody_event_position_once", copied.format(at)),
            "duplicated",
            new,
        )
    yield Case(
        "one event's leaf overwritten with another's",
        sql(
            "UPDATE custody_event SET leaf = (SELECT leaf FROM custody_event WHERE position = 3) WHERE position = 9"
        ),
        "duplicated",
        "{e9}",
    )
    yield Case(
        "the leaves of two events exchanged",
        sql(
            "UPDATE custody_event AS one SET leaf = other.leaf FROM custody_event AS other"
            " WHERE (one.position, other.position) IN ((3, 9), (9, 3))"
        ),
        "reordered",
        "{e3}",
    )
    for at in (0, 10, 20):
        yield Case(f"a forged event put in at {at}", put_in(at), "inserted", f"{{e{22}}}")
    yield Case("a forged event placed after the last", put_in(22), "inserted", "{e22}")
    yield Case("the first four cut off", take_out(0, 1, 2, 3), "missing", "0")
    yield Case("four in the middle cut out", take_out(5, 6, 7, 8), "missing", "8")
    yield Case("the last four signed cut off", take_out(16, 17, 18, 19), "missing", "16")
    yield Case("everything from 10 on cut off", take_out(*range(10, 22)), "missing", "10")
    yield Case("every event removed", take_out(*range(22)), "missing", "0")
    moves = [(at, at - 1) for at in range(6, 22)]
    yield Case("one removed and the gap closed", both(take_out(5), _places(*moves)), "missing", "5")


def _nodes() -> Iterator[Case]:
    """Every level of the stored tree: changed, cut short, removed, exchanged, and added to."""
    for level, index in ((0, 0), (0, 13), (0, 19), (1, 4), (2, 2), (3, 1), (4, 0)):
        where = f"level = {level} AND index = {index}"
        name = f"{level}/{index}"
        yield Case(
            f"node {name} changed",
            sql(f"UPDATE custody_node SET hash = sha256('x') WHERE {where}"),
            "node",
            name,
        )
        yield Case(
            f"node {name} cut short",
            sql(f"UPDATE custody_node SET hash = substring(hash FROM 1 FOR 31) WHERE {where}"),
            "node",
            name,
        )
        yield Case(f"node {name} removed", sql(f"DELETE FROM custody_node WHERE {where}"), "node", name)
    for level, index in ((0, 22), (1, 11), (2, 5), (4, 1), (5, 0), (20, 7)):
        yield Case(
            f"node {level}/{index} put in",
            sql(f"INSERT INTO custody_node (level, index, hash) VALUES ({level}, {index}, sha256('x'))"),
            "nodes_unexpected",
            f"{level}/{index}",
        )
    for level in (0, 1, 2):
        yield Case(
            f"two nodes of level {level} exchanged",
            sql(
                "UPDATE custody_node AS one SET hash = other.hash FROM custody_node AS other"
                f" WHERE one.level = {level} AND other.level = {level} AND (one.index, other.index) IN ((1, 2), (2, 1))"
            ),
            "node",
            f"{level}/2",
        )
    yield Case("level 2 removed", sql("DELETE FROM custody_node WHERE level = 2"), "node", "2/0")
    yield Case("every node removed", sql("DELETE FROM custody_node"), "node", "0/0")


def _checkpoints() -> Iterator[Case]:
    """Every column of a checkpoint, and what its note says."""
    for size in (4, 11, 20):
        where = f"WHERE size = {size}"
        yield Case(
            f"checkpoint {size}: its root",
            sql(f"UPDATE custody_checkpoint SET root = sha256('x') {where}"),
            "checkpoint_row",
            str(size),
        )
        yield Case(
            f"checkpoint {size}: the size in its note",
            sql(
                f"UPDATE custody_checkpoint SET note = replace(note, E'\\n{size}\\n', E'\\n{size + 1}\\n') {where}"
            ),
            "checkpoint_signature",
            str(size),
        )
        yield Case(
            f"checkpoint {size}: the last byte of its signature",
            sql(
                f"UPDATE custody_checkpoint SET note = overlay(note PLACING 'A' FROM length(note) - 9) {where}"
            ),
            "checkpoint_signature",
            str(size),
        )
        yield Case(
            f"checkpoint {size}: its note emptied",
            sql(f"UPDATE custody_checkpoint SET note = '' {where}"),
            "checkpoint_signature",
            str(size),
        )
        yield Case(
            f"checkpoint {size}: signed a day earlier",
            sql(f"UPDATE custody_checkpoint SET signed_at = signed_at - interval '1 day' {where}"),
            "checkpoint_time",
            str(size),
        )
        yield Case(
            f"checkpoint {size}: signed a day later",
            sql(f"UPDATE custody_checkpoint SET signed_at = signed_at + interval '1 day' {where}"),
            "checkpoint_time",
            str(size),
        )
    yield Case(
        "checkpoint 4: filed under another size",
        sql("UPDATE custody_checkpoint SET size = 5 WHERE size = 4"),
        "checkpoint_row",
        "5",
    )
    yield Case(
        "checkpoint 4: holds the note of checkpoint 11",
        sql(
            "UPDATE custody_checkpoint SET note = (SELECT note FROM custody_checkpoint WHERE size = 11)"
            " WHERE size = 4"
        ),
        "checkpoint_row",
        "4",
    )
    for size in (11, 20):
        removed = sql(f"DELETE FROM custody_checkpoint WHERE size = {size}")
        yield Case(
            f"checkpoint {size} removed, its cosignatures left",
            without_foreign_keys(removed),
            "checkpoint_missing",
            str(size),
        )
    yield Case(
        "checkpoint 4 removed",
        sql("DELETE FROM custody_checkpoint WHERE size = 4"),
        "checkpoint_missing",
        "4",
        SEEN,
    )


def _cosignatures() -> Iterator[Case]:
    """Every column of a cosignature."""
    one = "WHERE checkpoint_id = 20 AND witness = 'witness.example/north'"
    changes = {
        "its line": "line = overlay(line PLACING 'AAAA' FROM length(line) - 12)",
        "its line is no signature": "line = 'nothing'",
        "its witness": "witness = 'witness.example/east'",
        "its time": "cosigned_at = cosigned_at - interval '1 second'",
        "taken from another checkpoint": "checkpoint_id = 4",
    }
    for what, change in changes.items():
        size = "4" if "checkpoint_id" in change else "20"
        yield Case(
            f"cosignature: {what}",
            sql(f"UPDATE custody_cosignature SET {change} {one}"),
            "cosignature",
            size,
        )
    yield Case(
        "cosignatures of two witnesses exchanged",
        sql(
            "UPDATE custody_cosignature AS one SET line = other.line FROM custody_cosignature AS other"
            " WHERE one.checkpoint_id = 11 AND other.checkpoint_id = 11 AND one.id <> other.id"
        ),
        "cosignature",
        "11",
    )


def _tokens() -> Iterator[Case]:
    """Every column of a time stamp that can lie."""
    changes = {
        "one bit": "token = set_byte(token, length(token) - 5, get_byte(token, length(token) - 5) # 1)",
        "emptied": "token = ''",
        "its time": "stamped_at = stamped_at - interval '1 day'",
    }
    for what, change in changes.items():
        changed = sql(f"UPDATE custody_timestamptoken SET {change} WHERE checkpoint_id = 20")
        yield Case(f"time stamp: {what}", changed, "timestamp", "20", TSA)
    yield Case(
        "time stamps of two checkpoints exchanged",
        sql(
            "UPDATE custody_timestamptoken AS one SET token = other.token, stamped_at = other.stamped_at"
            " FROM custody_timestamptoken AS other WHERE one.id <> other.id"
        ),
        "timestamp",
        "11",
        TSA,
    )


_HISTORIES: dict[str, tuple[Deed, str]] = {
    "an event altered": (forge_leaf(7, "recording.viewed", "recording.played"), "11"),
    "the first event altered": (forge_leaf(0, "recording.viewed", "recording.played"), "4"),
    "an event taken out": (take_out(7), "11"),
    "the first event taken out": (take_out(0), "4"),
    "the first checkpoint's events taken out": (take_out(0, 1, 2, 3), "4"),
    "an event put in": (put_in(7), "11"),
    "a back-dated event put in": (put_in(7, days=2), "11"),
    "two events exchanged": (_places((7, 9), (9, 7)), "11"),
    "an event moved to the end": (_places((7, 30)), "11"),
    "the last signed event altered": (forge_leaf(19, "recording.viewed", "recording.played"), "20"),
}


def _rebuilt() -> Iterator[Case]:
    """The whole tree made anew over another history by who owns the database but not the log's key."""
    for what, (deed, size) in _HISTORIES.items():
        yield Case(f"tree rebuilt: {what}", both(deed, rebuild), "root", size)
    cut = both(take_out(*range(18, 22)), rebuild)
    yield Case("tree rebuilt: the tail cut off", cut, "events_missing", "20")
    all_traces = both(
        cut,
        sql(
            "DELETE FROM custody_cosignature WHERE checkpoint_id = 20",
            "DELETE FROM custody_checkpoint WHERE size = 20",
        ),
    )
    yield Case("the tail cut off with its checkpoint", all_traces, "events_missing", "20")
    everything = both(
        take_out(*range(22)),
        sql("DELETE FROM custody_cosignature", "DELETE FROM custody_checkpoint", "DELETE FROM custody_node"),
    )
    yield Case("the whole log emptied", everything, "events_missing", "20")


def _stolen_key() -> Iterator[Case]:
    """Another history signed with the log's own key: only who kept a checkpoint can tell."""
    for what, (deed, size) in _HISTORIES.items():
        again = both(deed, rebuild, sign_again)
        if "back-dated" in what:  # an event that bears its own contradiction needs nobody else to be found
            yield Case(f"key stolen, signed again: {what}", again, "back_dated", "{e22}")
        else:
            yield Case(f"key stolen, signed again: {what}", again, "fork", size, SEEN)
    cut = both(take_out(*range(18, 22)), rebuild, sign_again)
    yield Case("key stolen, turned back: the tail cut off", cut, "events_missing", "20", SEEN)
    cut = both(take_out(*range(22)), rebuild, sign_again)
    yield Case("key stolen, turned back to nothing", cut, "events_missing", "20", SEEN)


def _dates() -> Iterator[Case]:
    """Events that say they happened when they cannot have."""
    yield Case("a back-dated event placed last", put_in(22, days=2), "back_dated", "{e22}")
    yield Case("a post-dated event placed last", put_in(22, days=-2), "post_dated", "{e22}")
