"""Where does what stand in a pack, and which bytes do BagIt's own files have? Pure.

Pack and check use the same words for both.

BagIt 1.0 (RFC 8493): `bagit.txt` declares, `manifest-sha256.txt` lists the payload, `tagmanifest-sha256.txt` everything
else, `bag-info.txt` says what the bag is. Names in a pack are plain ASCII, so no manifest needs an escape.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tabard.disclosure.errors import FactsBroken

PACK_VERSION = "2"
INDEX_VERSION = 1
DECLARATION = "bagit.txt"
BAG_INFO = "bag-info.txt"
PAYLOAD_MANIFEST = "manifest-sha256.txt"
TAG_MANIFEST = "tagmanifest-sha256.txt"
README = "README.txt"
TAG_FILES = frozenset({DECLARATION, BAG_INFO, PAYLOAD_MANIFEST, README})

PAYLOAD = "data/"
EXHIBITS = "data/exhibits/"
FACTS = "facts.json"
SCHEDULE_CSV = "data/schedules/exhibits.csv"
SCHEDULE_PDF = "data/schedules/exhibits.pdf"
PROOFS = "data/proofs/"
INDEX = "data/proofs/index.json"
LEAF_SUFFIX = ".leaf.json"
PROOF_SUFFIX = ".tlog-proof"
DETAILS_SUFFIX = ".details.json"
PACKETS_SUFFIX = ".packets.json"
KEYS = "data/keys/"
LOG_VKEY = "data/keys/log.vkey"
WITNESS_POLICY = "data/keys/witness-policy.txt"
TSA_CHAIN = "data/keys/tsa-chain.pem"
STAMP_SUFFIX = ".tsr"
TIMESTAMPS = "Tabard-Timestamps"

DECLARATION_BYTES = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
MOST_NAME_CHARACTERS = 100

_OTHER = re.compile(r"[^A-Za-z0-9._-]+")
_LINE = re.compile(r"([0-9a-f]{64})  ([^\r\n]+)")
_LABEL = re.compile(r"([A-Za-z0-9-]+): (.*)")
_DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Oxum:
    """How much payload there is: BagIt's "octetstream sum", written `<bytes>.<files>`."""

    size_bytes: int
    files: int

    def __str__(self) -> str:
        return f"{self.size_bytes}.{self.files}"


def plain_name(text: str) -> str:
    """A file name that every system can hold, as near to `text` as plain ASCII allows; never empty."""
    ascii_only = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    name = _OTHER.sub("-", ascii_only).strip(".-") or "file"
    stem, dot, suffix = name.rpartition(".")
    if dot and len(suffix) <= 16:
        name = f"{stem[: MOST_NAME_CHARACTERS - len(suffix) - 1].rstrip('.-')}.{suffix}"
    name = name[:MOST_NAME_CHARACTERS].strip(".-")
    # Windows opens a device instead of a file of such a name; `facts.json` beside the files is ours.
    return f"_{name}" if _DEVICE.fullmatch(name) or name.casefold() == FACTS else name


def plain_names(texts: Iterable[str]) -> list[str]:
    """A plain name for each text, in order; a name that is taken, in any case, gets a number before its suffix."""
    taken: set[str] = set()
    names = []
    for text in texts:
        name = wanted = plain_name(text)
        stem, dot, suffix = wanted.rpartition(".")
        number = 1
        while name.casefold() in taken:
            number += 1
            name = f"{stem}-{number}.{suffix}" if dot else f"{wanted}-{number}"
        taken.add(name.casefold())
        names.append(name)
    return names


def exhibit_folder(reference: str) -> str:
    """The folder of an exhibit's files: `data/exhibits/LB-1/` for LB/1."""
    return f"{EXHIBITS}{plain_name(reference.replace('/', '-'))}/"


def packets_path(file: str) -> str:
    """Where the proof of an excerpt's packets stands, by the name of the excerpt's file."""
    return f"{PROOFS}{file}{PACKETS_SUFFIX}"


def witness_paths(names: Iterable[str]) -> list[str]:
    """Where the verifier key of each witness stands, by the names of the keys, in order."""
    return [f"{KEYS}witness-{name}.vkey" for name in plain_names(names)]


def token_path(number: int) -> str:
    """Where a timestamp over the checkpoint stands; counted from 1."""
    return f"{PROOFS}checkpoint-{number}{STAMP_SUFFIX}"


def manifest(digests: Mapping[str, str]) -> bytes:
    """A manifest of paths with their SHA-256 in hex, ordered by path."""
    return "".join(f"{digests[path]}  {path}\n" for path in sorted(digests)).encode()


def parse_manifest(data: bytes) -> dict[str, str]:
    """The SHA-256 of each path of a manifest.

    Raises:
        FactsBroken: a line is not a hash, two spaces and a path, or a path is listed twice.
    """
    listed: dict[str, str] = {}
    for line in _lines(data):
        found = _LINE.fullmatch(line)
        if found is None or found[2] in listed:
            raise FactsBroken("A manifest has a line that is not a hash and a path, or lists a path twice.")
        listed[found[2]] = found[1]
    return listed


def bag_info(fields: Sequence[tuple[str, str]]) -> bytes:
    """`bag-info.txt`: one label and value to a line; line breaks in a value become spaces."""
    return "".join(f"{label}: {' '.join(value.split())}\n" for label, value in fields).encode()


def parse_bag_info(data: bytes) -> dict[str, str]:
    """The value of each label, which a pack's has once.

    Raises:
        FactsBroken: a line is not a label, a colon, a space and a value, or a label is there twice.
    """
    fields: dict[str, str] = {}
    for line in _lines(data):
        found = _LABEL.fullmatch(line)
        if found is None or found[1] in fields:
            raise FactsBroken("bag-info.txt has a line that is not one label and its value.")
        fields[found[1]] = found[2]
    return fields


def _lines(data: bytes) -> list[str]:
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise FactsBroken("A file that should be text is not UTF-8.") from error
    if not text.endswith("\n"):
        raise FactsBroken("A text file of the pack does not end its last line.")
    return text[:-1].split("\n")
