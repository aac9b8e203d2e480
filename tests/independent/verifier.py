"""A second verifier of the custody log, written from its reference page and the public specifications alone.

It shares no line with the product, so that what the two agree on is what docs/reference/custody-log.md says, and not
what one program happens to do. Read it from top to bottom as a way to write a third: each part needs only those above
it. It needs Python's standard library, `cryptography` for Ed25519, and the `openssl` program for RFC 3161 tokens.

    verifier.py log URL-OR-FOLDER --key VKEY [--policy FILE] [--kept OLD-CHECKPOINT ...]
    verifier.py receipt EVENT.tlog-proof EVENT.leaf.json --key VKEY [--policy FILE] [--details FILE]
    verifier.py consistency PROOF OLD-CHECKPOINT --key VKEY
    verifier.py vkeys URL-OR-FOLDER --key VKEY
    verifier.py timestamp CHECKPOINT TOKEN --chain PEM --key VKEY

Exit status: 0 good, 1 something is wrong (named on standard error), 2 could not run.
"""

import argparse
import base64
import binascii
import json
import re
import subprocess
import sys
import tempfile
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


class Wrong(Exception):
    """What was given is not what it claims to be; the message names what."""


class CannotRun(Exception):
    """Nothing was found out: a file is missing, a server does not answer."""


def demand(condition: object, what: str) -> None:
    if not condition:
        raise Wrong(what)


# --- Canonical JSON: RFC 8785, of which the log uses no floating-point numbers. ---

ESCAPES = {"\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r", '"': '\\"', "\\": "\\\\"}


def canonical(value: object) -> str:
    if isinstance(value, str):
        return '"' + "".join(ESCAPES.get(c) or (c if c >= " " else f"\\u{ord(c):04x}") for c in value) + '"'
    if value is None or isinstance(value, bool):  # before int: to Python, True is one
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int):
        demand(abs(value) < 2**53, "json: a number of 2^53 or more")
        return str(value)
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    demand(isinstance(value, dict), "json: a value that the log does not use")
    # Section 3.2.3: the order is that of UTF-16 code units.
    keys = sorted(value, key=lambda key: key.encode("utf-16-be", "surrogatepass"))
    return "{" + ",".join(f"{canonical(key)}:{canonical(value[key])}" for key in keys) + "}"


def parse_canonical(data: bytes, what: str) -> object:
    """The value of `data`, if writing it back gives the same bytes: so no key twice, no -0, no spare space."""

    def refuse(_: str) -> object:
        raise Wrong(f"{what}: a floating-point number")

    try:
        value = json.loads(data.decode("utf-8"), parse_float=refuse, parse_constant=refuse)
        again = canonical(value).encode("utf-8")
    except (ValueError, RecursionError) as error:  # ValueError: not UTF-8, not JSON, or half a surrogate pair
        raise Wrong(f"{what}: not JSON") from error
    demand(again == data, f"{what}: not in canonical form")
    return value


# --- Leaves. ---

MOST_LEAF_BYTES = 65_535
# Kinds and types of subject are words: version 1 may gain some, and a verifier need not know what each means.
KIND = re.compile(r"[a-z][a-z_]*\.[a-z][a-z_]*")
WORD = re.compile(r"[a-z][a-z_]*")
HEX = re.compile(r"[0-9a-f]{64}")
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
UUID7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
AT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z")


def is_text(pattern: re.Pattern[str], value: object) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None


def parse_leaf(data: bytes) -> dict:
    demand(len(data) <= MOST_LEAF_BYTES, "leaf: too long")
    leaf = parse_canonical(data, "leaf")
    demand(isinstance(leaf, dict), "leaf: not an object")
    demand(
        leaf.keys() - {"sha256"} == {"v", "id", "kind", "at", "subject", "actor", "details"}, "leaf: its keys"
    )
    demand(type(leaf["v"]) is int and leaf["v"] == 1, "leaf: not version 1")
    demand(is_text(UUID7, leaf["id"]), "leaf: id")
    demand(is_text(AT, leaf["at"]), "leaf: at")
    try:
        datetime.strptime(leaf["at"], "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
    except ValueError as error:
        raise Wrong("leaf: at is no time") from error
    demand(is_text(KIND, leaf["kind"]), "leaf: kind")
    for name in ("actor", "details"):
        demand(is_text(HEX, leaf[name]), f"leaf: {name}")
    demand("sha256" not in leaf or is_text(HEX, leaf["sha256"]), "leaf: sha256")
    subject = leaf["subject"]
    demand(isinstance(subject, dict) and subject.keys() == {"type", "id"}, "leaf: subject")
    demand(is_text(WORD, subject["type"]) and is_text(UUID, subject["id"]), "leaf: subject")
    return leaf


def check_opening(leaf: dict, opening: bytes) -> None:
    """Check `{"details": …, "salt": …}`, or the same with `actor`, against the leaf's commitment."""
    shown = parse_canonical(opening, "details")
    demand(isinstance(shown, dict), "details: not an object")
    names = shown.keys() - {"salt"}
    demand(names in ({"details"}, {"actor"}) and is_text(HEX, shown.get("salt")), "details: its keys")
    (name,) = names
    value = shown[name]
    demand(isinstance(value, dict), f"{name}: not an object")
    if name == "actor":
        demand(value.keys() == {"kind", "id", "name"}, "actor: its keys")
        demand(all(isinstance(said, str) for said in value.values()), "actor: not text")
    salted = bytes.fromhex(shown["salt"]) + canonical(value).encode()
    demand(sha256(salted).hexdigest() == leaf[name], f"{name}: not what the leaf commits to")


# --- The tree: RFC 6962 section 2.1, proofs as in RFC 9162 section 2.1. ---


def leaf_hash(data: bytes) -> bytes:
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def root_of(hashes: list[bytes]) -> bytes:
    if not hashes:
        return sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    half = 1 << (len(hashes) - 1).bit_length() - 1  # the largest power of two below the size
    return node_hash(root_of(hashes[:half]), root_of(hashes[half:]))


def check_inclusion(leaf: bytes, index: int, size: int, path: list[bytes], root: bytes) -> None:
    """RFC 9162 section 2.1.3.2."""
    demand(index < size, "proof: the index is not below the size")
    fn, sn, r = index, size - 1, leaf
    for p in path:
        demand(sn > 0, "proof: too many hashes")
        if fn & 1 or fn == sn:
            r = node_hash(p, r)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = node_hash(r, p)
        fn, sn = fn >> 1, sn >> 1
    demand(sn == 0, "proof: too few hashes")
    demand(r == root, "proof: it leads to another root")


def check_consistency(old: tuple[int, bytes], new: tuple[int, bytes], proof: list[bytes]) -> None:
    """RFC 9162 section 2.1.4.2; from nothing, or between equal sizes, the proof is empty (C2SP tlog-witness)."""
    (first, first_root), (second, second_root) = old, new
    demand(first <= second, "consistency: the log has shrunk")
    if first in (0, second):
        demand(not proof, "consistency: hashes where none belong")
        demand(first_root == (root_of([]) if first == 0 else second_root), "consistency: another root")
        return
    path = list(proof)
    if first & (first - 1) == 0:
        path.insert(0, first_root)
    demand(path, "consistency: too few hashes")
    fn, sn = first - 1, second - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = path[0]
    for c in path[1:]:
        demand(sn > 0, "consistency: too many hashes")
        if fn & 1 or fn == sn:
            fr, sr = node_hash(c, fr), node_hash(c, sr)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = node_hash(sr, c)
        fn, sn = fn >> 1, sn >> 1
    demand(sn == 0, "consistency: too few hashes")
    demand((fr, sr) == (first_root, second_root), "consistency: the newer log does not begin with the older")


# --- Notes and checkpoints: C2SP signed-note, tlog-checkpoint, tlog-cosignature. ---

LOG, WITNESS = 1, 4  # the type bytes of keys: Ed25519 over the text; the same, with a time
LARGEST = 2**63 - 1
MOST_BYTES = 1_000_000  # of a note, and of a policy
MOST_SIGNATURES = 100


def unbase64(text: str, what: str) -> bytes:
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, ValueError) as error:
        raise Wrong(f"{what}: not base64") from error
    demand(base64.b64encode(data).decode() == text, f"{what}: not base64 in its one spelling")
    return data


def decimal(text: str, what: str) -> int:
    demand(re.fullmatch(r"0|[1-9][0-9]{0,18}", text) and int(text) <= LARGEST, f"{what}: not a number")
    return int(text)


def hash_line(text: str, what: str) -> bytes:
    data = unbase64(text, what)
    demand(len(data) == 32, f"{what}: not 32 bytes")
    return data


def is_key_name(name: str) -> bool:
    return bool(name) and not any(c == "+" or c < " " or c.isspace() for c in name)


@dataclass(frozen=True)
class Key:
    name: str
    kind: int
    public: bytes

    @property
    def id(self) -> bytes:
        return sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public).digest()[:4]

    @property
    def vkey(self) -> str:
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(bytes([self.kind]) + self.public).decode()}"

    def verifies(self, signature: bytes, text: bytes) -> bool:
        if self.kind == WITNESS:
            time, signature = signature[:8], signature[8:]
            seconds = int.from_bytes(time, "big")
            if seconds > LARGEST:
                return False
            text = b"cosignature/v1\ntime %d\n%b" % (seconds, text)
        if len(signature) != 64:
            return False
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, text)
        except InvalidSignature:
            return False
        return True


def parse_vkey(line: str) -> Key:
    parts = line.split("+", 2)  # the base64 may hold a `+`, the name may not
    demand(len(parts) == 3 and is_key_name(parts[0]), "vkey: not a verifier key")
    material = unbase64(parts[2], "vkey")
    demand(
        len(material) == 33 and material[0] in (LOG, WITNESS), "vkey: neither type 01 nor 04 with 32 bytes"
    )
    key = Key(parts[0], material[0], material[1:])
    demand(parts[1].lower() == key.id.hex(), "vkey: the key id is not that of the key")
    return key


@dataclass(frozen=True)
class Checkpoint:
    origin: str
    size: int
    root: bytes
    text: bytes
    signers: frozenset[Key] = field(
        default_factory=frozenset
    )  # of the keys that were given, those that signed

    @property
    def head(self) -> tuple[int, bytes]:
        return self.size, self.root


def open_checkpoint(note: bytes, trusted: list[Key], known: list[Key]) -> Checkpoint:
    """The checkpoint, signed by one of the `trusted` log keys. A wrong line by any key that is known refuses it."""
    text, lines = _split_note(note)
    words = text.decode().split("\n")[
        :-1
    ]  # after the third line there may be extensions, which we do not use
    demand(len(words) >= 3 and all(words), "checkpoint: its text is not three lines")
    origin, size = words[0], decimal(words[1], "checkpoint's size")
    root = hash_line(words[2], "checkpoint's root")
    signers = set()
    for name, key_id, signature in lines:
        for key in {*trusted, *known}:
            if (key.name, key.id) == (name, key_id):
                demand(
                    key.verifies(signature, text),
                    f"checkpoint: the signature of {name}+{key_id.hex()} is wrong",
                )
                signers.add(key)
    demand(
        any(key.kind == LOG and key.name == origin and key in signers for key in trusted),
        "checkpoint: not signed by a log key that is trusted for its origin",
    )
    return Checkpoint(origin, size, root, text, frozenset(signers))


def _split_note(note: bytes) -> tuple[bytes, list[tuple[str, bytes, bytes]]]:
    demand(len(note) <= MOST_BYTES, "note: too long")
    demand(not any(byte < 0x20 and byte != 0x0A for byte in note), "note: a control character")
    try:
        whole = note.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Wrong("note: not UTF-8") from error
    text, gap, rest = whole.rpartition("\n\n")
    demand(gap and rest.endswith("\n"), "note: no signatures after an empty line")
    demand(rest.count("\n") <= MOST_SIGNATURES, "note: too many signatures")
    lines = []
    for line in rest[:-1].split("\n"):
        words = line.split(" ")
        demand(
            len(words) == 3 and words[0] == "\N{EM DASH}" and is_key_name(words[1]), "note: a signature line"
        )
        data = unbase64(words[2], "note's signature")
        demand(len(data) > 4, "note: a signature without bytes")
        lines.append((words[1], data[:4], data[4:]))
    return (text + "\n").encode(), lines


# --- Policies: C2SP tlog-policy. ---


@dataclass
class Policy:
    logs: list[Key] = field(default_factory=list)
    witnesses: dict[bytes, Key] = field(default_factory=dict)
    groups: dict[bytes, tuple[int, list[bytes]]] = field(default_factory=dict)
    quorum: list[bytes] = field(default_factory=list)
    members: set[bytes] = field(default_factory=set)

    def has(self, name: bytes, signers: frozenset[Key]) -> bool:
        """Whether the witness or group `name` has witnessed what `signers` signed."""
        if name in self.witnesses:
            return self.witnesses[name] in signers
        k, members = self.groups[name]
        return sum(self.has(member, signers) for member in members) >= k

    def check(self, checkpoint: Checkpoint) -> None:
        (name,) = self.quorum
        if self.logs:
            ours = [key for key in self.logs if key.name == checkpoint.origin and key in checkpoint.signers]
            demand(ours, "policy: none of its logs signed the checkpoint")
        demand(name == b"none" or self.has(name, checkpoint.signers), "policy: the quorum has not cosigned")


def parse_policy(data: bytes) -> Policy:
    demand(len(data) <= MOST_BYTES, "policy: too long")
    policy = Policy()
    for number, line in enumerate(data.split(b"\n"), 1):
        words = line.replace(b"\t", b" ").split(b" ")
        words = [word for word in words if word]
        try:
            demand(not any((byte < 0x20 and byte != 0x09) or byte == 0x7F for byte in line), "an octet")
            if words and not words[0].startswith(b"#"):
                _policy_line(policy, words[0], words[1:])
        except (Wrong, UnicodeDecodeError) as error:
            raise Wrong(f"policy: line {number}: {error}") from error
    demand(len(policy.quorum) == 1, "policy: not exactly one quorum")
    return policy


def _policy_line(policy: Policy, keyword: bytes, words: list[bytes]) -> None:
    if keyword == b"log":
        demand(len(words) in (1, 2), "words of a log line")
        key = parse_vkey(words[0].decode())
        demand(key.kind == LOG and key.public not in [other.public for other in policy.logs], "a log's key")
        policy.logs.append(key)
        demand(len(policy.logs) <= 256, "too many logs")
    elif keyword == b"witness":
        demand(len(words) in (2, 3), "words of a witness line")
        _define(policy, words[0])
        key = parse_vkey(words[1].decode())
        others = [other.public for other in policy.witnesses.values()]
        demand(key.kind == WITNESS and key.public not in others, "a witness's key")
        policy.witnesses[words[0]] = key
        demand(len(policy.witnesses) <= 256, "too many witnesses")
    elif keyword == b"group":
        demand(len(words) >= 3, "words of a group line")
        _define(policy, words[0])
        policy.groups[words[0]] = _group(policy, words[1], words[2:])
        demand(len(policy.groups) <= 256, "too many groups")
    else:
        demand(keyword == b"quorum" and len(words) == 1 and not policy.quorum, "a quorum line")
        demand(words[0] == b"none" or words[0] in {*policy.witnesses, *policy.groups}, "an unknown name")
        policy.quorum.append(words[0])


def _define(policy: Policy, name: bytes) -> None:
    demand(name != b"none" and name not in {*policy.witnesses, *policy.groups}, "a name that is taken")


def _group(policy: Policy, k: bytes, members: list[bytes]) -> tuple[int, list[bytes]]:
    for member in members:
        demand(member in {*policy.witnesses, *policy.groups}, "an unknown member")
        demand(member not in policy.members, "a member twice")
        policy.members.add(member)
    shorthands = {b"any": 1, b"all": len(members)}
    number = shorthands[k] if k in shorthands else decimal(k.decode(), "k")
    demand(1 <= number <= len(members), "k is not 1 to the number of members")
    return number, members


def trust(note: bytes, keys: list[Key], policy: Policy | None) -> Checkpoint:
    """Open a checkpoint under the log keys that are trusted, or those of the policy; then ask the policy."""
    listed = [*policy.logs, *policy.witnesses.values()] if policy else []
    checkpoint = open_checkpoint(note, keys or (policy.logs if policy else []), listed)
    if policy:
        policy.check(checkpoint)
    return checkpoint


# --- Receipts (C2SP tlog-proof) and consistency proofs (the body of C2SP tlog-witness's add-checkpoint). ---


def check_receipt(
    receipt: bytes, leaf: bytes, keys: list[Key], policy: Policy | None = None
) -> tuple[int, Checkpoint]:
    """The position of the leaf, and the checkpoint that proves it."""
    head, _, note = receipt.partition(b"\n\n")
    checkpoint = trust(note, keys, policy)
    lines = _ascii_lines(head, "receipt")
    demand(lines[0] == "c2sp.org/tlog-proof@v1", "receipt: its first line")
    if lines[1:] and lines[1].startswith("extra "):
        demand(unbase64(lines.pop(1)[6:], "receipt's extra"), "receipt: an extra line without data")
    demand(lines[1:] and lines[1].startswith("index "), "receipt: no index")
    index = decimal(lines[1][6:], "receipt's index")
    path = [hash_line(line, "receipt's path") for line in lines[2:]]
    check_inclusion(leaf_hash(leaf), index, checkpoint.size, path, checkpoint.root)
    parse_leaf(leaf)
    return index, checkpoint


def check_consistency_text(
    body: bytes, old: Checkpoint, keys: list[Key], policy: Policy | None = None
) -> Checkpoint:
    """The newer checkpoint, proven to begin with the `old` one that we kept."""
    head, _, note = body.partition(b"\n\n")
    new = trust(note, keys, policy)
    demand(new.origin == old.origin, "consistency: another origin")
    lines = _ascii_lines(head, "consistency")
    demand(
        lines[0].startswith("old ") and decimal(lines[0][4:], "old") == old.size,
        "consistency: another old size",
    )
    demand(len(lines) <= 64, "consistency: more than 63 hashes")
    check_consistency(old.head, new.head, [hash_line(line, "consistency") for line in lines[1:]])
    return new


def _ascii_lines(head: bytes, what: str) -> list[str]:
    demand(head.isascii(), f"{what}: not ASCII")
    return head.decode("ascii").split("\n")


# --- Timestamps: RFC 3161, checked by openssl. ---


def check_timestamp(checkpoint: Checkpoint, token: bytes, chain: Path) -> datetime:
    """By when the checkpoint existed. The imprint is of the note's text, without its signatures."""
    with tempfile.TemporaryDirectory() as folder:
        text, file = Path(folder, "text"), Path(folder, "token")
        text.write_bytes(checkpoint.text)
        file.write_bytes(token)
        demand(
            token[:2] == b"\x30\x82" and len(token) == 4 + int.from_bytes(token[2:4], "big"),
            "timestamp: its length",
        )
        says = _openssl("-reply", "-in", str(file), "-text")
        demand("Status: Granted.\n" in says, "timestamp: not granted")
        demand(
            re.search(r"^Hash Algorithm: sha(256|384|512)$", says, re.MULTILINE),
            "timestamp: its imprint's kind",
        )
        stamp = re.search(
            r"^Time stamp: (\w+ +\d+ \d\d:\d\d:\d\d)(?:\.\d+)? (\d{4}) GMT$", says, re.MULTILINE
        )
        demand(stamp, "timestamp: no time")
        time = datetime.strptime(f"{stamp[1]} {stamp[2]}", "%b %d %H:%M:%S %Y").replace(tzinfo=UTC)
        trusted = ("-CAfile", str(chain), "-untrusted", str(chain), "-attime", str(int(time.timestamp())))
        _openssl("-verify", "-data", str(text), "-in", str(file), *trusted)
    return time


def _openssl(*arguments: str) -> str:
    try:
        ran = subprocess.run(["openssl", "ts", *arguments], capture_output=True, text=True, check=False)
    except OSError as error:
        raise CannotRun("openssl is not here") from error
    demand(ran.returncode == 0, f"timestamp: {ran.stderr.strip()}")
    return ran.stdout


# --- The whole log: C2SP tlog-tiles, from a server or a folder. ---


class Source:
    """The published files under a URL's or a folder's prefix."""

    def __init__(self, where: str) -> None:
        self.where = where.rstrip("/")
        self.remote = urllib.parse.urlsplit(where).scheme in ("http", "https")

    def get(self, path: str) -> bytes | None:
        """The file's bytes; None where there is no such file."""
        try:
            if not self.remote:
                return Path(self.where, path).read_bytes()
            with urllib.request.urlopen(f"{self.where}/{path}", timeout=60) as answer:  # noqa: S310
                return answer.read()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except urllib.error.HTTPError as error:
            if error.code in (404, 410):
                return None
            raise CannotRun(f"{path}: {error}") from error
        except OSError as error:
            raise CannotRun(f"{path}: {error}") from error

    def tile(self, level: int | str, index: int, width: int) -> tuple[str, bytes, bool]:
        """A tile or bundle: its path, its bytes, and whether it is the full one that has replaced a partial one."""
        groups = [
            f"{index // 1000**place % 1000:03d}" for place in range(7) if place == 0 or index >= 1000**place
        ]
        path = f"tile/{level}/" + "/".join([*(f"x{group}" for group in groups[:0:-1]), groups[0]])
        partial = f"{path}.p/{width}" if width < 256 else path
        data = self.get(partial)
        if data is None and width < 256:
            data, partial = self.get(path), path
        demand(data is not None, f"{partial}: missing")
        return partial, data, partial == path and width < 256


def spans(count: int) -> Iterator[tuple[int, int]]:
    """Number and width of the tiles that `count` hashes fill."""
    for start in range(0, count, 256):
        yield start // 256, min(256, count - start)


def read_entries(source: Source, size: int) -> list[bytes]:
    entries: list[bytes] = []
    for index, width in spans(size):
        path, data, is_longer = source.tile("entries", index, width)
        at, found = 0, []
        while at < len(data):
            length = int.from_bytes(data[at : at + 2], "big")
            demand(at + 2 + length <= len(data), f"{path}: ends inside an entry")
            found.append(data[at + 2 : at + 2 + length])
            at += 2 + length
        demand(len(found) == (256 if is_longer else width), f"{path}: not as many entries as its name says")
        entries += found[:width]
    return entries


def check_tiles(source: Source, hashes: list[bytes]) -> None:
    """Every tile that the tree calls for; a level's hashes are the roots of the full tiles of the level below."""
    level = 0
    while hashes:
        for index, width in spans(len(hashes)):
            path, data, is_longer = source.tile(level, index, width)
            demand(len(data) == 32 * (256 if is_longer else width), f"{path}: its length")
            wanted = b"".join(hashes[256 * index : 256 * index + width])
            demand(data[: 32 * width] == wanted, f"{path}: other hashes than those of the entries")
        hashes = [root_of(hashes[at : at + 256]) for at in range(0, len(hashes) // 256 * 256, 256)]
        level += 1


@dataclass
class Log:
    checkpoint: Checkpoint
    note: bytes
    leaves: list[dict]
    hashes: list[bytes]


def check_log(
    source: Source,
    keys: list[Key],
    policy: Policy | None = None,
    kept: list[bytes] = (),
    *,
    is_ours: bool = True,
) -> Log:
    """Everything that the newest checkpoint covers, and that it begins with each checkpoint kept from earlier."""
    note = source.get("checkpoint")
    if note is None:
        raise CannotRun("no checkpoint is published there")
    checkpoint = trust(note, keys, policy)
    entries = read_entries(source, checkpoint.size)
    leaves = [_leaf_at(position, data) for position, data in enumerate(entries)] if is_ours else []
    demand(len({leaf["id"] for leaf in leaves}) == len(leaves), "log: two events with one id")
    hashes = [leaf_hash(data) for data in entries]
    demand(root_of(hashes) == checkpoint.root, "log: the entries do not give the checkpoint's root")
    check_tiles(source, hashes)
    for number, old_note in enumerate(kept, 1):
        old = open_checkpoint(old_note, keys or policy.logs, [])
        demand(old.origin == checkpoint.origin, f"kept checkpoint {number}: another origin")
        demand(old.size <= checkpoint.size, f"kept checkpoint {number}: the log has shrunk")
        demand(old.root == root_of(hashes[: old.size]), f"kept checkpoint {number}: the log was rewritten")
    _refuse_retired(checkpoint, leaves)
    return Log(checkpoint, note, leaves, hashes)


def _leaf_at(position: int, data: bytes) -> dict:
    try:
        return parse_leaf(data)
    except Wrong as error:
        raise Wrong(f"event {position}: {error}") from error


def _refuse_retired(checkpoint: Checkpoint, leaves: list[dict]) -> None:
    """A key that the log itself says was destroyed must not be the only one that vouches for it."""
    gone = {leaf["sha256"] for leaf in leaves if leaf["kind"] == "log.key_retired"}
    alive = [
        key
        for key in checkpoint.signers
        if key.kind == LOG and sha256(key.vkey.encode()).hexdigest() not in gone
    ]
    demand(alive, "checkpoint: signed by none but retired keys")


# --- The history of the log's keys. ---


def check_vkeys(listing: bytes, log: Log, keys: list[Key]) -> list[tuple[Key, str]]:
    """The log's keys, oldest first, each change of which is an event of the log that `log` was read from."""
    demand(listing.endswith(b"\n") and listing.isascii(), "vkeys: not lines of text")
    lines = [line.split(" ") for line in reversed(listing.decode().splitlines())]
    demand(all(len(words) == 4 for words in lines), "vkeys: a line is not four words")
    history = [(parse_vkey(vkey), state) for vkey, state, _, _ in lines]
    order = ["retired", "signing", "current"]
    states = [order.index(state) if state in order else -1 for _, state in history]
    demand(
        states == sorted(states) and states.count(2) == 1 and -1 not in states, "vkeys: states out of order"
    )
    every = [key for key, _ in history]
    demand(len(set(every)) == len(every), "vkeys: a key twice")
    demand(all((key.name, key.kind) == (log.checkpoint.origin, LOG) for key in every), "vkeys: another's key")
    demand(set(keys) <= set(every), "vkeys: the trusted key is not listed")
    for words in lines:
        demand((words[2] == "-") == (words[3] == "-"), "vkeys: a size without the other")
    sizes = [[decimal(word, "vkeys") for word in words[2:] if word != "-"] for words in lines]
    demand(all(span == sorted(span) for span in sizes), "vkeys: sizes out of order")
    firsts = [span[0] for span in sizes if span]
    demand(all(one <= two for one, two in pairwise(firsts)), "vkeys: a newer key signed first")
    _check_changes(log, history, sizes)
    signers = open_checkpoint(log.note, keys, every).signers
    for (key, state), span in zip(history, sizes, strict=True):
        if state != "retired" and span and span[0] <= log.checkpoint.size:
            demand(key in signers, f"vkeys: {key.id.hex()} has not signed the checkpoint")
        is_over = state == "retired" and span and span[1] < log.checkpoint.size
        demand(not (is_over and key in signers), f"vkeys: {key.id.hex()} is retired and has signed")
    return history


def _check_changes(log: Log, history: list[tuple[Key, str]], sizes: list[list[int]]) -> None:
    def events(kind: str) -> list[str]:
        return [leaf["sha256"] for leaf in log.leaves if leaf["kind"] == kind]

    hashes = [sha256(key.vkey.encode("ascii")).hexdigest() for key, _ in history]
    rotated, retired = events("log.key_rotated"), events("log.key_retired")
    # A new key signs a moment before its event is in its place, and the list may be newer than the checkpoint. But
    # changes come one at a time: before a key that is followed by another, the log has its event.
    added = hashes[1:]
    demand(rotated == added[: len(rotated)], "vkeys: the log's rotations are other ones")
    late = [span for span in sizes[1 + len(rotated) :] if span and span[0] <= log.checkpoint.size]
    demand(len(late) <= 1, "vkeys: keys sign of which the log does not know")
    gone = [digest for digest, (_, state) in zip(hashes, history, strict=True) if state == "retired"]
    demand(retired == gone[: len(retired)], "vkeys: the log's retirements are other ones")


# --- The command line. ---


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Verify Tabard's custody log without Tabard.")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, operands in {
        "log": ["where"],
        "receipt": ["receipt", "leaf"],
        "consistency": ["proof", "old"],
        "vkeys": ["where"],
        "timestamp": ["checkpoint", "token"],
    }.items():
        command = commands.add_parser(name)
        for operand in operands:
            command.add_argument(operand)
        command.add_argument(
            "--key", action="append", default=[], help="a verifier key of the log that you trust"
        )
        command.add_argument("--policy", type=Path, help="a C2SP policy: which witnesses must have cosigned")
    commands.choices["log"].add_argument(
        "--kept", action="append", default=[], help="a checkpoint kept from earlier"
    )
    commands.choices["log"].add_argument(
        "--raw", action="store_true", help="any log's entries, not Tabard's leaves"
    )
    commands.choices["receipt"].add_argument(
        "--details", action="append", default=[], help="opened details or actor"
    )
    commands.choices["timestamp"].add_argument(
        "--chain", type=Path, required=True, help="PEM certificates, with root"
    )
    return parser.parse_args()


def _run(given: argparse.Namespace) -> str:
    keys = [parse_vkey(line) for line in given.key]
    policy = parse_policy(given.policy.read_bytes()) if given.policy else None
    if not keys and not (policy and policy.logs):
        raise CannotRun("give --key, or a policy that lists the log")
    if given.command == "receipt":
        leaf = Path(given.leaf).read_bytes()
        index, checkpoint = check_receipt(Path(given.receipt).read_bytes(), leaf, keys, policy)
        for name in given.details:
            check_opening(parse_leaf(leaf), Path(name).read_bytes())
        return f"position {index} of {checkpoint.size} events of {checkpoint.origin}"
    if given.command == "consistency":
        old = open_checkpoint(Path(given.old).read_bytes(), keys or policy.logs, [])
        new = check_consistency_text(Path(given.proof).read_bytes(), old, keys, policy)
        return f"{new.size} events, of which the first {old.size} are those kept"
    if given.command == "timestamp":
        checkpoint = trust(Path(given.checkpoint).read_bytes(), keys, policy)
        time = check_timestamp(checkpoint, Path(given.token).read_bytes(), given.chain)
        return f"{checkpoint.size} events existed at {time:%Y-%m-%dT%H:%M:%SZ}"
    source = Source(given.where)
    if given.command == "vkeys":
        log = check_log(source, keys, policy)
        history = check_vkeys(source.get("vkeys") or b"", log, keys)  # asked after the log: never older
        return "\n".join(f"{state} {key.vkey}" for key, state in history)
    kept = [Path(name).read_bytes() for name in given.kept]
    log = check_log(source, keys, policy, kept, is_ours=not given.raw)
    return (
        f"{log.checkpoint.size} events of {log.checkpoint.origin}, {len(kept)} kept checkpoints are prefixes"
    )


def main() -> int:
    try:
        print(_run(_arguments()))
    except Wrong as wrong:
        print(f"WRONG {wrong}", file=sys.stderr)
        return 1
    except (CannotRun, OSError) as error:
        print(f"could not run: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
