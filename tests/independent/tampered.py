"""What must be refused: each case spoils one thing of a good receipt, policy, consistency proof, log or timestamp."""

import base64
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tabard.merkle.note import CosignatureSigner, SignedNote, Signer
from tests.independent.published_log import POLICY, WITNESSES, PublishedFiles
from tests.integration.web.staged import FILMED_AT


@dataclass(frozen=True)
class Handed:
    """What somebody hands in to have a receipt checked."""

    leaf: bytes
    receipt: bytes
    details: bytes
    keys: tuple[str, ...]
    policy: bytes


Spoil = Callable[[Handed, PublishedFiles], Handed]


def good(files: PublishedFiles) -> Handed:
    """A receipt that holds, of an event in the middle."""
    name = files.event
    return Handed(
        files.leaves[name], files.receipts[name], files.details[name], tuple(files.keys), POLICY.encode()
    )


def receipt(change: Callable[[str], str]) -> Spoil:
    return lambda handed, _: replace(handed, receipt=change(handed.receipt.decode()).encode())


def leaf(change: Callable[[str], str]) -> Spoil:
    """The leaf is another; the receipt proves that one, under a checkpoint that the log itself signed."""

    def spoil(handed: Handed, _: PublishedFiles) -> Handed:
        changed = change(handed.leaf.decode()).encode()
        assert changed != handed.leaf
        signer = Signer("log.example", Ed25519PrivateKey.from_private_bytes(bytes(32)))
        root = base64.b64encode(hashlib.sha256(b"\0" + changed).digest()).decode()
        text = f"log.example\n1\n{root}\n"
        note = SignedNote(text, (signer.sign(text), *(each.sign(text, at=FILMED_AT) for each in WITNESSES)))
        proof = b"c2sp.org/tlog-proof@v1\nindex 0\n\n" + note.encode()
        return replace(handed, leaf=changed, receipt=proof, keys=(signer.vkey.encode(),))

    return spoil


def field(name: str, value: object) -> Spoil:
    """A leaf in canonical form whose field is something else; None leaves it out."""

    def change(text: str) -> str:
        said = {**json.loads(text), name: value}
        if value is None:
            del said[name]
        return json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    return leaf(change)


def policy(change: Callable[[str], str]) -> Spoil:
    return lambda handed, _: replace(handed, policy=change(handed.policy.decode()).encode())


def details(change: Callable[[str], str]) -> Spoil:
    return lambda handed, _: replace(handed, details=change(handed.details.decode()).encode())


def line(number: int, change: Callable[[str], str]) -> Spoil:
    """One line of the receipt is another."""

    def other(text: str) -> str:
        lines = text.split("\n")
        lines[number] = change(lines[number])
        return "\n".join(lines)

    return receipt(other)


def flip(text: str) -> str:
    """Another character of base64 in its middle."""
    at = len(text) // 2
    return text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :]


def second_line_by_a_witness(text: str) -> str:
    """Beside a cosignature that holds, one under the same name and id that does not."""
    head, _, note = text.partition("\n\n")
    parsed = SignedNote.parse(note.encode())
    wrong = WITNESSES[0].sign("another.example\n1\n" + "A" * 43 + "=\n", at=FILMED_AT)
    return f"{head}\n\n{parsed.with_signatures(wrong).encode().decode()}"


def as_witness(text: str) -> str:
    """Cosigned by the log's own name with a witness's key; the log's own line is gone."""
    head, _, note = text.partition("\n\n")
    parsed = SignedNote.parse(note.encode())
    origin = parsed.text.split("\n")[0]
    fake = CosignatureSigner(origin, WITNESSES[2].private_key).sign(parsed.text, at=FILMED_AT)
    others = tuple(each for each in parsed.signatures if each.name != origin)
    return f"{head}\n\n{SignedNote(parsed.text, (*others, fake)).encode().decode()}"


def no_line_of(name: str) -> Callable[[str], str]:
    return lambda text: "\n".join(each for each in text.split("\n") if not each.startswith(f"— {name}"))


_OTHER_LOG = Signer("other.example", Ed25519PrivateKey.from_private_bytes(bytes([7]) * 32)).vkey.encode()
_W1 = WITNESSES[0].vkey.encode()

RECEIPTS: Mapping[str, Spoil] = {
    "another leaf": lambda h, f: replace(h, leaf=next(iter(f.leaves.values()))),
    "a leaf with one letter changed": lambda h, _: replace(h, leaf=h.leaf.replace(b"object", b"objecz", 1)),
    "a leaf and a newline": leaf(lambda text: text + "\n"),
    "a leaf with white space": leaf(lambda text: text.replace(":", ": ", 1)),
    "a leaf with a key twice": leaf(lambda text: text.replace('"v":1', '"v":1,"v":1')),
    "a leaf with an escaped letter": leaf(lambda text: text.replace('"object"', '"\\u006fbject"')),
    "version 2": field("v", 2),
    "version true": field("v", True),
    "version 1.0": leaf(lambda text: text.replace('"v":1', '"v":1.0')),
    "a key too many": field("vv", 1),
    "no actor": field("actor", None),
    "an id of version 4": field("id", "01980000-0000-4000-8000-000000000000"),
    "a time without its zone": field("at", "2026-11-21T09:30:02.250000"),
    "a thirteenth month": field("at", "2026-13-21T09:30:02.250000Z"),
    "a sixtieth second": field("at", "2026-12-31T23:59:60.000000Z"),
    "a time in other digits": field("at", "٢٠٢٦-11-21T09:30:02.250000Z"),
    "a hash in upper case": field("sha256", "AB" * 32),
    "a hash that is null": leaf(lambda text: re.sub(r'"sha256":"[0-9a-f]*"', '"sha256":null', text)),
    "a commitment that is none": field("details", "ab"),
    "a kind that is no word": field("kind", "Object Sealed"),
    "a subject with more": field("subject", {"id": "0" * 8, "type": "object", "x": 1}),
    "a leaf past its length": field("kind", f"object.{'s' * 65_535}"),
    "another first line": line(0, lambda text: text.replace("v1", "v2")),
    "another index": line(1, lambda text: f"index {int(text.split()[1]) + 1}"),
    "an index with a leading zero": line(1, lambda text: text.replace("index ", "index 0")),
    "an index beyond the log": line(1, lambda _: "index 99999"),
    "a path with a bit turned": line(3, flip),
    "a path too short": receipt(lambda text: re.sub(r"\n[^\n]*\n\n", "\n\n", text, count=1)),
    "a path too long": receipt(lambda text: text.replace("\n\n", f"\n{'A' * 43}=\n\n", 1)),
    "a hash in another spelling": line(3, lambda text: text[:-2] + chr(ord(text[-2]) + 1) + "="),
    "an extra line without data": receipt(lambda text: text.replace("\nindex", "\nextra \nindex")),
    "another size": receipt(
        lambda text: re.sub(r"\n\n([^\n]+)\n(\d+)", lambda m: f"\n\n{m[1]}\n{int(m[2]) + 1}", text)
    ),
    "a size with a plus": receipt(lambda text: re.sub(r"\n\n([^\n]+)\n", r"\n\n\1\n+", text, count=1)),
    "carriage returns": receipt(lambda text: text.replace("\n", "\r\n")),
    "no newline at the end": receipt(lambda text: text[:-1]),
    "a signature with a bit turned": receipt(
        lambda text: re.sub(r"(— tabard[^ ]+ )(\S+)", lambda m: m[1] + flip(m[2]), text)
    ),
    "nobody's line that is no line": receipt(lambda text: text + "— nobody.example\n"),
    "a hundred and one signatures": receipt(lambda text: text + "— nobody.example AAAAAAAA\n" * 98),
    "a witness in the log's name": receipt(as_witness),
    "no key that signed": lambda h, f: replace(h, keys=(f.keys[0],)),
    "a key whose id is another's": lambda h, _: replace(
        h, keys=(re.sub(r"\+[0-9a-f]{8}\+", "+00000000+", h.keys[1]),)
    ),
    "one witness short of the quorum": receipt(no_line_of("witness.example/w2")),
    "a cosignature with its time changed": receipt(
        lambda text: re.sub(
            r"(— witness.example/w1 \w{8})(\w)", lambda m: m[1] + ("B" if m[2] != "B" else "C"), text
        )
    ),
    "a second line by a witness that is wrong": receipt(second_line_by_a_witness),
    "a policy about another log": policy(lambda text: f"log {_OTHER_LOG}\n{text}"),
    "a policy with a witness twice": policy(lambda text: f"witness again {_W1}\n{text}"),
    "a policy without a quorum": policy(lambda text: text.replace("quorum most\n", "")),
    "a policy with two quorums": policy(lambda text: text + "quorum none\n"),
    "a group of more than there are": policy(lambda text: text.replace("most 2", "most 4")),
    "a group of none": policy(lambda text: text.replace("most 2", "most 0")),
    "a group with a number of two spellings": policy(lambda text: text.replace("most 2", "most 02")),
    "a member twice": policy(lambda text: text.replace("w1 w2 w3\n", "w1 w2 w2\n")),
    "a group before its members": policy(lambda text: "group early any w1\n" + text),
    "a carriage return in a policy": policy(lambda text: text.replace("\n", "\r\n")),
    "a word that no policy has": policy(lambda text: "allow all\n" + text),
    "a log's key for a witness": policy(lambda text: f"witness log {_OTHER_LOG}\n{text}"),
    "other details": lambda h, f: replace(h, details=f.details[next(iter(f.details))]),
    "another salt": details(lambda text: re.sub(r'"salt":"..', '"salt":"zz', text)),
    "details with white space": details(lambda text: text + " "),
    "details with more beside them": details(lambda text: text.replace('"salt"', '"more":1,"salt"')),
}

Served = dict[str, bytes]


def file(path: str, change: Callable[[bytes], bytes]) -> Callable[[Served], Served]:
    def spoil(served: Served) -> Served:
        assert change(served[path]) != served[path]
        return {**served, path: change(served[path])}

    return spoil


def without(path: str) -> Callable[[Served], Served]:
    return lambda served: {name: data for name, data in served.items() if name != path}


def turned(data: bytes) -> bytes:
    return data[:100] + bytes([data[100] ^ 1]) + data[101:]


def another_root(note: bytes) -> bytes:
    origin, size, root, rest = note.split(b"\n", 3)
    return b"\n".join([origin, size, flip(root.decode()).encode(), rest])


LOGS: Mapping[str, Callable[[Served], Served]] = {
    "a leaf with a bit turned": file("tile/entries/000", turned),
    "a bundle cut short": file("tile/entries/001", lambda data: data[:-1]),
    "a bundle with one leaf too many": file("tile/entries/001", lambda data: data + b"\0\1x"),
    "a bundle of zeroes": file("tile/entries/001", lambda data: bytes(len(data))),
    "two bundles exchanged": lambda served: {**served, "tile/entries/000": served["tile/entries/001"]},
    "a bundle that is gone": without("tile/entries/001"),
    "a tile with a bit turned": file("tile/0/000", turned),
    "a tile cut short": file("tile/0/001", lambda data: data[:-32]),
    "a tile of half hashes": file("tile/0/001", lambda data: data[:-16]),
    "a tile of the next level with a bit turned": file(
        "tile/1/000.p/2", lambda data: data[:-1] + bytes([data[-1] ^ 1])
    ),
    "a tile that is gone": without("tile/1/000.p/2"),
    "a checkpoint of another root": file("checkpoint", another_root),
    "a checkpoint that nobody signed": file("checkpoint", lambda data: data.partition(b"\n\n")[0] + b"\n"),
}
