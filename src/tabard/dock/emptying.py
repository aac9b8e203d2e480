"""How is one card emptied? Round after round: list it, and take each file as far as it can go now.

A round begins by making sure that it is still the same card, and works from nothing but what is there and what is
remembered. So it can end at any moment (card pulled, line down, machine off) and the next round goes on.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from tabard.dock.cards import Card, Found, check_same, footage
from tabard.dock.delivery import deliver, note_status
from tabard.dock.describing import describe, recording_of
from tabard.dock.erasures import Erasures
from tabard.dock.errors import (
    CardGone,
    ChecksumDiffers,
    DoorAway,
    DoorRefuses,
    FileChanged,
    MemoryUnusable,
    UploadGone,
)
from tabard.dock.line import steady_s
from tabard.dock.memory import Known
from tabard.dock.reading import check_unchanged, glance, hash_file, opened, pieces, read_span
from tabard.dock.rules import Do, FileFacts, ServerState, Stage, Step, WaitsFor, next_step
from tabard.dock.sending import Outgoing
from tabard.dock.station import Station
from tabard.dock.watching import (
    ON_THE_SERVER,
    Hold,
    Tally,
    Watched,
    hold_for,
    most_telling,
    stage_of,
)
from tabard.kernel.errors import TabardError

_AFTER_DOUBT_S = 60.0
_PAUSE_S = 1.0
_MOST_STEPS = 8
_AHEAD = timedelta(minutes=5)


class Emptying:
    """One card, from the moment it was docked; for one thread.

    Args:
        station: The agent's parts.
        card: The card.
        say: Told in a line what happened.
    """

    def __init__(self, station: Station, card: Card, say: Callable[[str], None]) -> None:
        self._station, self._card, self._say = station, card, say
        self._files: dict[Found, Watched] = {}
        self._groups: Mapping[Found, list[Found]] = {}
        self._ask_again_at_s = 0.0
        self._erasures = Erasures(station, card, say)
        self._meter = station.board.dock(card)

    def round(self) -> Tally:
        """Every file of the card has gone as far as it can now.

        Raises:
            CardGone: the card was pulled; whatever was done is noted.
            Stopped: the agent was asked to stop.
        """
        check_same(self._card, self._station.configuration.layouts)
        self._list()
        self._erasures.settle({(found.shown, found.size_bytes) for found in self._present()})
        if self._station.door.line.is_up():
            self._erasures.tell()
        waits: Counter[WaitsFor] = Counter()
        for file in list(self._files.values()):
            if not file.is_erased:
                step = self._go_on(file)
                waits[step.waits_for] += 1
                file.step = step
        return self._tally(waits)

    def _list(self) -> None:
        """What is on the card now is watched, and what was erased; nothing else."""
        found = footage(self._card)
        now_s = steady_s()
        watched = {each: file for each, file in self._files.items() if file.is_erased or each in found}
        for each in found:
            if each not in watched or watched[each].is_erased:  # also one that was put back
                watched[each] = Watched(each, since_s=now_s)
        self._files = watched
        groups = defaultdict(list)
        for each in found:
            groups[recording_of(self._card, each)].append(each)
        self._groups = {each: group for group in groups.values() for each in group}
        self._show_found(found)

    def _show_found(self, found: list[Found]) -> None:
        newest_ns = max((each.modified_ns for each in found), default=0)
        ahead = datetime.fromtimestamp(newest_ns / 1e9, UTC) - self._station.door.clock.best()
        faults = []
        if ahead > _AHEAD:
            faults.append(f"Its newest file is {ahead} in the future: the camera's clock is ahead.")
        if self._card.is_read_only:
            faults.append("Its card is read-only; nothing can be erased.")
        if not self._card.serial:
            faults.append("Its card does not say which camera it is of.")
        self._station.board.show(
            self._card,
            files=len(self._files),
            size_bytes=sum(each.size_bytes for each in self._files),
            left_bytes=sum(each.size_bytes for each in found),
            faults=tuple(faults),
        )

    def _present(self) -> Iterator[Found]:
        return (found for found, file in self._files.items() if not file.is_erased)

    def _go_on(self, file: Watched) -> Step:
        """Take the file as far as it goes now; the step that it waits at."""
        for _ in range(_MOST_STEPS):
            step = self._paused(file.holding() or self._next(file))
            if step.do in {Do.WAIT, Do.NOTHING}:
                return step
            self._station.board.show(self._card, doing=f"{_DOING[step.do]} {file.found.name}", waits_for="")
            with self._troubles(file):
                self._do(step.do, file)
            self._count()
            if file.is_erased:
                return Step(Do.NOTHING)
        return Step(Do.WAIT, WaitsFor.LINE, "It will be tried again.")

    def _paused(self, step: Step) -> Step:
        """One "not yet" of the server does for all files of the card, for a moment: there may be hundreds."""
        if step.do is Do.ASK and steady_s() < self._ask_again_at_s:
            return Step(Do.WAIT, WaitsFor.SERVER, "The server has sealed it and is making sure of it.")
        return step

    def _next(self, file: Watched) -> Step:
        settled = steady_s() - file.since_s >= self._station.configuration.settle_s
        if settled:
            with self._troubles(file):
                self._remember(file)
            if held := file.holding():
                return held
        known = file.known
        facts = FileFacts(has_settled=settled)
        if known is not None:
            facts = FileFacts(
                has_settled=settled,
                is_hashed=bool(known.sha256),
                is_spooled=bool(known.spooled),
                state=known.state,
                has_camera=bool(self._card.serial),
                is_recording_sealed=self._is_recording_sealed(file),
                differs=known.differs,
            )
        return next_step(
            facts,
            self._station.circumstances(
                size_bytes=file.found.size_bytes, is_read_only=self._card.is_read_only
            ),
        )

    def _remember(self, file: Watched) -> None:
        memory = self._station.memory
        if file.known is None:
            short = glance(self._card, file.found)
            file.known = memory.know(self._card.key, file.found, short, at=self._station.now())
        else:
            file.known = memory.get(file.known.id)

    def _is_recording_sealed(self, file: Watched) -> bool:
        together = [self._files[each].known for each in self._groups.get(file.found, [])]
        return all(known is not None and known.state in ON_THE_SERVER for known in together)

    def _do(self, do: Do, file: Watched) -> None:
        match do:
            case Do.HASH:
                self._hash(file)
            case Do.SPOOL:
                self._spool(file)
            case Do.SEND:
                self._send(file)
            case Do.ASK:
                self._ask(file)
            case Do.ERASE:
                self._erase(file)

    def _hash(self, file: Watched) -> None:
        sha256 = hash_file(self._card, file.found, self._station.stop)
        self._note(file, sha256=sha256)

    def _spool(self, file: Watched) -> None:
        known, station = _sure(file.known), self._station
        facts = {
            "card": self._card.key,
            "path": known.path,
            "size_bytes": known.size_bytes,
            "modified_ns": known.modified_ns,
            "glance": glance(self._card, file.found),
            "metadata": describe(self._card, file.found, self._groups[file.found]),
        }
        with opened(self._card, file.found) as open_file:
            entry = station.spool.put(facts, pieces(open_file, station.stop))
            try:
                check_unchanged(open_file, file.found)
            except FileChanged:
                station.spool.remove(entry.id)
                raise
        self._note(file, sha256=entry.sha256, spooled=entry.id)
        self._say(f"{file.found.shown}: in the spool")

    def _send(self, file: Watched) -> None:
        known = _sure(file.known)
        metadata = describe(self._card, file.found, self._groups[file.found])
        metered, before = self._meter.following(), self._sent_bytes()

        def on_sent(sent_bytes: int) -> None:
            metered(sent_bytes)
            percent = 100 * sent_bytes // max(1, known.size_bytes)
            doing = f"sending {file.found.name} {percent} %"
            self._station.board.show(self._card, doing=doing, sent_bytes=before + sent_bytes)

        with opened(self._card, file.found) as open_file:

            def read(start: int, end: int) -> bytes:
                return read_span(open_file, start, end)

            outgoing = Outgoing(known.size_bytes, known.sha256, metadata, read)
            file.known = deliver(self._station, known, outgoing, on_sent=on_sent)
        self._say(f"{file.found.shown}: sealed")

    def _ask(self, file: Watched) -> None:
        known = _sure(file.known)
        status = self._station.sender.status(known.upload)
        file.known = note_status(self._station, known, status)
        if status.state is ServerState.SEALED:
            waits_for = ", ".join(status.waits_for)
            words = f"Sealed; the server waits for {waits_for}." if waits_for else "Sealed."
            file.hold(Hold(file.next_ask_s(), WaitsFor.SERVER, words))
            self._ask_again_at_s = steady_s() + _PAUSE_S

    def _erase(self, file: Watched) -> None:
        file.known = self._erasures.erase(_sure(file.known), file.found)
        file.is_erased = bool(file.known.erased_at)

    def _note(self, file: Watched, **values: str) -> None:
        file.known = self._station.memory.note(_sure(file.known), at=self._station.now(), **values)

    @contextmanager
    def _troubles(self, file: Watched) -> Iterator[None]:
        """What goes wrong with one file holds up that file, and says why; a card that is gone ends the round."""
        try:
            yield
        except (CardGone, MemoryUnusable):
            raise
        except UploadGone:
            self._note(file, upload="", state="")
        except ChecksumDiffers as error:
            self._doubt(file, error)
        except TabardError as error:
            hold = hold_for(error)
            file.hold(hold)
            if hold.waits_for is WaitsFor.PERSON:
                self._say(f"{file.found.shown}: {hold.words}")

    def _doubt(self, file: Watched, error: ChecksumDiffers) -> None:
        """The server hashed other bytes: read again, give the upload up, and begin with whatever the card says now."""
        known = _sure(file.known)
        sha256 = hash_file(self._card, file.found, self._station.stop)
        again = (
            "The card gives other bytes each time it is read." if sha256 != known.sha256 else error.message
        )
        self._give_up(known)
        self._note(file, sha256=sha256, upload="", state="", object_id="")
        self._say(f"{file.found.shown}: {again}")
        file.hold(Hold(_AFTER_DOUBT_S, WaitsFor.PERSON, again))

    def _give_up(self, known: Known) -> None:
        try:
            self._station.sender.give_up(known.upload)
        except (DoorAway, DoorRefuses, UploadGone):
            return  # it expires by itself

    def _sent_bytes(self) -> int:
        return sum(each.size_bytes for each, file in self._files.items() if stage_of(file) >= Stage.SEALED)

    def _count(self) -> None:
        self._station.board.count(self._card, Counter(map(stage_of, self._files.values())))

    def _tally(self, waits: Counter[WaitsFor]) -> Tally:
        files = list(self._files.values())
        tally = Tally(
            Counter(map(stage_of, files)),
            waits,
            differing=sum(1 for file in files if file.known is not None and file.known.differs),
            troubled=waits[WaitsFor.PERSON],
        )
        words = most_telling(files)
        board = self._station.board
        board.count(self._card, tally.stages)
        board.show(
            self._card,
            doing="",
            waits_for=words,
            sent_bytes=self._sent_bytes(),
            differing=tally.differing,
            troubled=tally.troubled,
        )
        return tally


_DOING = {
    Do.HASH: "reading",
    Do.SPOOL: "spooling",
    Do.SEND: "sending",
    Do.ASK: "asking about",
    Do.ERASE: "erasing",
}


def _sure(known: Known | None) -> Known:
    if known is None:
        raise FileChanged("The file was not looked at yet.")
    return known
