"""Does this log still say what it said? Asked from outside, over HTTP, by someone who trusts nobody's database.

Each look fetches the newest checkpoint and everything under it that was not seen before, checks signature, leaves,
tiles and root, and looks again at a part of what was seen before. Two signed statements that cannot both be true are
a contradiction: both are kept as evidence, and watching ends. A log that does not answer contradicts nothing; it is
an alarm only once it has been silent for too long.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tabard.kernel.errors import Integrity, NotFound, TabardError, Unavailable
from tabard.merkle.checkpoint import Checkpoint, open_checkpoint
from tabard.merkle.note import SignedNote, VerifierKey, vouched_by
from tabard.merkle.policy import Policy
from tabard.merkle.tiles import (
    TILE_HEIGHT,
    TILE_WIDTH,
    BundleId,
    InvalidTile,
    TileId,
    bundles_of,
    decode_bundle,
    tile_hashes,
    tiles_of,
)
from tabard.merkle.tree import leaf_hash
from tabard.witness.leaf_shape import shape_problem
from tabard.witness.mirror import Mirror
from tabard.witness.published import PublishedLog
from tabard.witness.watch_memory import Seen, WatchMemory
from tabard.witness.watch_tree import WatchTree

RECHECKED_BUNDLES = 64
"""How many bundles of what was seen before are looked at again each time: 16,384 events."""


class Contradiction(Integrity):
    """The log says what cannot be true beside what it signed; `code_word` is what kind, `evidence` the two sides."""

    code = "log_contradiction"

    def __init__(self, code_word: str, message: str, *evidence: str) -> None:
        super().__init__(message, contradiction=code_word)
        self.code_word, self.evidence = code_word, evidence


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something that a person must look at: a code and a sentence."""

    code: str
    words: str


@dataclass(slots=True)
class Look:
    """What one look at the log gave."""

    size: int = 0
    new: int = 0
    rechecked: int = 0
    pinned: str = ""
    outage: str = ""
    alarms: list[Alarm] = field(default_factory=list)
    evidence: Path | None = None

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong, as far as one can tell."""
        return not self.alarms


@dataclass(frozen=True, slots=True)
class WatchOptions:
    """What the watcher was told: trusted keys (none: those pinned, else the log's own), a policy, and patience."""

    vkeys: tuple[str, ...] = ()
    policy: Policy | None = None
    stale_after: timedelta = timedelta(hours=24)
    mirror: Path | None = None
    recheck_all: bool = False


class Watcher:
    """Watches one log; keep one for as long as you watch, for it remembers the tree.

    Raises:
        WatchMemoryBroken: what it remembers is damaged.
    """

    def __init__(self, log: PublishedLog, memory: WatchMemory, options: WatchOptions) -> None:
        self._log, self._memory, self._options = log, memory, options
        self._seen = memory.load()
        size = self._seen.size if self._seen else 0
        self._tree = WatchTree(memory.leaf_hashes(size))
        self._mirror = Mirror(options.mirror) if options.mirror else None
        self._next_recheck = 0

    def look(self, *, at: datetime) -> Look:
        """One look; what it found is durable when this returns."""
        look = Look()
        try:
            self._look(at, look)
        except Unavailable as error:
            look.outage = error.message
        except Contradiction as error:
            look.alarms.append(Alarm(error.code_word, error.message))
            text = "\n".join([f"{error.code_word}: {error.message}\n", *error.evidence])
            look.evidence = self._memory.keep_evidence(error.code_word, at, text)
        look.size = self._tree.size
        self._check_patience(at, look)
        return look

    def _look(self, at: datetime, look: Look) -> None:
        seen = self._keys(look)
        note = self._fetch_note(seen)
        head = self._open(note, seen)
        self._check_not_turned_back(head, note, seen)
        self._check_before(look, head, note, seen)
        if head.size > seen.size:
            self._take_new(head, note, seen, look)
        now = at.astimezone(UTC).isoformat()
        witnessed = self._options.policy is None or self._is_witnessed(note)
        self._seen = replace(
            seen,
            note=note,
            size=head.size,
            changed_at=now if head.size > seen.size or not seen.changed_at else seen.changed_at,
            answered_at=now,
            witnessed_at=now if witnessed else seen.witnessed_at,
            rechecked=self._next_recheck,
        )
        self._memory.keep(self._seen)
        if self._mirror:
            self._mirror.keep_checkpoint(note)

    def _keys(self, look: Look) -> Seen:
        """What is remembered, with the keys to check by; at the first start the log's own key is pinned."""
        seen = self._seen
        if self._options.vkeys:
            return replace(seen or Seen(self._log.url, ()), vkeys=self._options.vkeys)
        if seen is not None:
            return seen
        vkey = self._log.fetch("log.vkey").decode("utf-8", "replace").strip()
        try:
            VerifierKey.parse(vkey)
        except TabardError as error:
            raise Unavailable(f"The log gives no verifier key: {error.message}") from error
        look.pinned = vkey
        return Seen(self._log.url, (vkey,))

    def _fetch_note(self, seen: Seen) -> str:
        try:
            return self._log.fetch("checkpoint").decode("utf-8", "replace")
        except NotFound as error:
            if seen.size:
                raise Contradiction(
                    "rewind",
                    f"The log shows no checkpoint, but it signed one of {seen.size} events.",
                    seen.note,
                ) from error
            raise Unavailable("The log has not signed a checkpoint yet.") from error

    def _open(self, note: str, seen: Seen) -> Checkpoint:
        try:
            return open_checkpoint(note.encode(), [VerifierKey.parse(vkey) for vkey in seen.vkeys])
        except Integrity as error:
            message = f"The checkpoint is not signed by the key we know: {error.message}"
            raise Contradiction("signature", message, seen.note, note) from error

    def _check_not_turned_back(self, head: Checkpoint, note: str, seen: Seen) -> None:
        """The checkpoint agrees with the tree that we grew, as far as that goes, and is not smaller."""
        common = min(head.size, seen.size)
        if head.size <= seen.size and self._tree.root(head.size) != head.root:
            message = f"The log signed two histories of {common} events: it is forked."
            raise Contradiction("fork", message, seen.note, note)
        if head.size < seen.size:
            message = f"The log went back from {seen.size} events to {head.size}."
            raise Contradiction("rewind", message, seen.note, note)

    def _take_new(self, head: Checkpoint, note: str, seen: Seen, look: Look) -> None:
        """Fetch what is new; believe it only if it gives the signed root on top of all that was seen before."""
        leaves = list(self._new_leaves(seen.size, head.size))
        hashes = list(map(leaf_hash, leaves))
        self._tree.grow(hashes)
        try:
            self._check_new(leaves, head, note, seen)
            self._memory.keep_hashes(seen.size, hashes)
        except BaseException:
            self._tree.shrink_back()
            raise
        look.new = len(leaves)

    def _check_new(self, leaves: Sequence[bytes], head: Checkpoint, note: str, seen: Seen) -> None:
        if self._tree.root(head.size) != head.root:
            self._explain(head, note, seen)
        for position, leaf in enumerate(leaves, seen.size):
            if problem := shape_problem(leaf):
                message = f"The leaf at position {position} is none of this format: {problem}."
                raise Contradiction("leaf", message, repr(leaf), note)
        self._check_tiles(self._tree, seen.size, head, note)

    def _new_leaves(self, first: int, end: int) -> Iterator[bytes]:
        for bundle in bundles_of(end):
            begin = bundle.index * TILE_WIDTH
            if begin + bundle.width > first:
                yield from self._bundle(bundle)[max(0, first - begin) :]

    def _bundle(self, bundle: BundleId) -> list[bytes]:
        """The leaves of a bundle; its whole content is mirrored."""
        data = self._fetch_signed(bundle.path)
        try:
            leaves = decode_bundle(data)
        except InvalidTile as error:
            raise Contradiction("bundle", f"{bundle.path} is malformed: {error.message}") from error
        if len(leaves) != bundle.width:
            raise Contradiction("bundle", f"{bundle.path} holds {len(leaves)} leaves, not {bundle.width}.")
        if self._mirror:
            self._mirror.keep(bundle.path, data)
        return leaves

    def _fetch_signed(self, path: str) -> bytes:
        """What a signed checkpoint promises; that it is gone contradicts the checkpoint."""
        try:
            return self._log.fetch(path)
        except NotFound as error:
            message = f"{path} is not published, although a signed checkpoint covers it."
            raise Contradiction("missing", message) from error

    def _explain(self, head: Checkpoint, note: str, seen: Seen) -> None:
        """The new leaves do not give the signed root: say whether something seen before changed, or the log forked."""
        for position, value in self._served_hashes(seen.size):
            if value != self._tree.leaf(position):
                raise self._changed(position, head, note, seen)
        tiles = [tile for tile in tiles_of(head.size) if tile.level == 0]
        for tile in tiles:
            for position, value in enumerate(self._tile(tile), tile.index * TILE_WIDTH):
                if self._tree.leaf(position) != value:
                    message = (
                        f"The leaf at position {position} does not have the hash that the log's tile has."
                    )
                    raise Contradiction("leaf", message, seen.note, note)
        message = (
            f"The {head.size} events that are published do not have the root that was signed: it is forked."
        )
        raise Contradiction("fork", message, seen.note, note)

    def _changed(self, position: int, head: Checkpoint, note: str, seen: Seen) -> Contradiction:
        """What it means that another event is published there now: a second history if that one is signed as well."""
        served = WatchTree([value for _, value in self._served_hashes(head.size)])
        if served.root(head.size) == head.root:
            message = f"The log signed two histories, which part at position {position}: it is forked."
            return Contradiction("fork", message, seen.note, note)
        message = f"The event at position {position} is not the one that was published before."
        return Contradiction("changed", message, seen.note, note)

    def _served_hashes(self, size: int) -> Iterator[tuple[int, bytes]]:
        for bundle in bundles_of(size):
            yield from enumerate(map(leaf_hash, self._bundle(bundle)), bundle.index * TILE_WIDTH)

    def _tile(self, tile: TileId) -> list[bytes]:
        data = self._fetch_signed(tile.path)
        try:
            hashes = tile_hashes(data)
        except InvalidTile as error:
            raise Contradiction("tile", f"{tile.path} is malformed: {error.message}") from error
        if len(hashes) != tile.width:
            raise Contradiction("tile", f"{tile.path} holds {len(hashes)} hashes, not {tile.width}.")
        if self._mirror:
            self._mirror.keep(tile.path, data)
        return hashes

    def _check_tiles(self, tree: WatchTree, first: int, head: Checkpoint, note: str) -> None:
        """Every tile that holds something new has the hashes that the leaves give."""
        for tile in tiles_of(head.size):
            if ((tile.index * TILE_WIDTH + tile.width) << (tile.level * TILE_HEIGHT)) > first:
                self._compare(tile, tree, note)

    def _compare(self, tile: TileId, tree: WatchTree, note: str) -> None:
        served, own = self._tile(tile), tree.tile(tile)
        for offset, (theirs, ours) in enumerate(zip(served, own, strict=True)):
            if theirs != ours:
                node = f"{tile.level * TILE_HEIGHT}/{tile.index * TILE_WIDTH + offset}"
                message = f"{tile.path} has a hash for node {node} that the published leaves do not give."
                raise Contradiction("tile", message, note)

    def _check_before(self, look: Look, head: Checkpoint, note: str, seen: Seen) -> None:
        """Look again at some of what was seen before, at all of it if asked to; begin where the last look ended."""
        bundles = list(bundles_of(seen.size))
        if not bundles:
            self._next_recheck = 0
            return
        count = len(bundles) if self._options.recheck_all else min(RECHECKED_BUNDLES, len(bundles))
        first = 0 if self._options.recheck_all else seen.rechecked % len(bundles)
        chosen = [bundles[(first + number) % len(bundles)] for number in range(count)]
        self._next_recheck = (first + count) % len(bundles)
        for bundle in chosen:
            for position, leaf in enumerate(self._bundle(bundle), bundle.index * TILE_WIDTH):
                if leaf_hash(leaf) != self._tree.leaf(position):
                    raise self._changed(position, head, note, seen)
            self._compare(TileId(0, bundle.index, bundle.width), self._tree, note)
            look.rechecked += bundle.width
        if self._options.recheck_all:
            for tile in tiles_of(seen.size):
                if tile.level:
                    self._compare(tile, self._tree, note)

    def _is_witnessed(self, note: str) -> bool:
        """Whether cosignatures that hold make the policy's quorum."""
        policy = self._options.policy
        if policy is None:
            return True
        keys = [witness.key for witness in policy.witnesses]
        return policy.is_met(vouched_by(SignedNote.parse(note.encode()), keys))

    def _check_patience(self, at: datetime, look: Look) -> None:
        """Whatever should have come by now and did not."""
        seen, patience = self._seen, self._options.stale_after
        if seen is None:
            return
        since = {
            "stale": (seen.changed_at, "The log has signed no new checkpoint since"),
            "silent": (seen.answered_at, "The log has not answered since"),
        }
        if self._options.policy is not None:
            unwitnessed = seen.witnessed_at or seen.changed_at
            since["unwitnessed"] = (
                unwitnessed,
                "No checkpoint with enough witnesses' cosignatures was seen since",
            )
        for code, (moment, words) in since.items():
            if moment and at - datetime.fromisoformat(moment) > patience:
                look.alarms.append(Alarm(code, f"{words} {moment}."))
