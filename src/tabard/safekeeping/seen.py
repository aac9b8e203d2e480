"""Who has seen the log, and how far? Checkpoints that others hold: in packs, in files, at witnesses.

Only what one of the log's own keys signed counts; a restored database must know all of it.
"""

import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

import httpx

from tabard.kernel.errors import Integrity, Unavailable
from tabard.merkle.checkpoint import Checkpoint, open_checkpoint
from tabard.merkle.note import VerifierKey
from tabard.merkle.tlog_proof import TlogProof
from tabard.safekeeping.errors import SeenUnreadable

_ANSWER_WITHIN_S = 10.0
_MAX_BYTES = 1_000_000
_PROOF = ".tlog-proof"


class WitnessSilent(Unavailable):
    """A witness that may have seen the log does not answer, so it is not known how far it saw."""

    code = "witness_silent"


@dataclass(frozen=True, slots=True)
class Seen:
    """A checkpoint that somebody holds, where, and the note itself."""

    where: str
    head: Checkpoint
    note: str


def seen_at(source: str, origin: str, verifiers: Sequence[VerifierKey]) -> list[Seen]:
    """Every checkpoint of this log at a place: a file, a pack (zipped or not), or a witness's or log's address.

    Raises:
        SeenUnreadable: the place holds no checkpoint of this log.
        WitnessSilent: the address does not answer.
    """
    if source.startswith(("http://", "https://")):
        note = _asked(source, origin)
        return [] if note is None else [_opened(source, note, verifiers)]
    path = Path(source)
    if not path.exists():
        raise SeenUnreadable(f"{source} is not there.", field="seen")
    found = [_opened(f"{source}: {name}", note, verifiers) for name, note in _notes(path)]
    if not found:
        raise SeenUnreadable(f"{source} holds no checkpoint.", field="seen")
    return found


def _notes(path: Path) -> Iterator[tuple[str, bytes]]:
    """Every note in a file, folder or zip, by its name."""
    if path.is_dir():
        for each in sorted(path.rglob("*")):
            if each.is_file() and (each.suffix == _PROOF or each.name == "checkpoint"):
                yield each.name, _note_in(each.name, each.read_bytes())
    elif zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as pack:
            for name in pack.namelist():
                if name.endswith((_PROOF, "/checkpoint")):
                    yield name, _note_in(name, pack.read(name))
    else:
        yield path.name, _note_in(path.name, path.read_bytes())


def _note_in(name: str, data: bytes) -> bytes:
    """The note itself, or the one that a receipt carries."""
    if not name.endswith(_PROOF):
        return data
    try:
        return TlogProof.parse(data).checkpoint_note
    except Integrity as error:
        raise SeenUnreadable(f"{name} is not a receipt: {error.message}", field="seen") from error


def _opened(where: str, note: bytes, verifiers: Sequence[VerifierKey]) -> Seen:
    try:
        return Seen(where, open_checkpoint(note, verifiers), note.decode())
    except (Integrity, UnicodeDecodeError) as error:
        raise SeenUnreadable(f"{where} is not a checkpoint of this log.", field="seen") from error


def _asked(url: str, origin: str) -> bytes | None:
    """What an address answers: a witness by `/latest?origin=`, a log by `/checkpoint`; None where it knows none."""
    at_log = url.rstrip("/").endswith("/checkpoint")
    address = url if at_log else f"{url.rstrip('/')}/latest"
    try:
        with httpx.Client(timeout=_ANSWER_WITHIN_S, follow_redirects=False) as client:
            answer = client.get(address, params=None if at_log else {"origin": origin})
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise WitnessSilent(f"{url} does not answer: {type(error).__name__}.", url=url) from error
    if answer.status_code == HTTPStatus.NOT_FOUND:
        return None
    if answer.status_code != HTTPStatus.OK or len(answer.content) > _MAX_BYTES:
        raise WitnessSilent(f"{url} answers with status {answer.status_code}.", url=url)
    return answer.content
