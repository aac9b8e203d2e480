"""A log of numbered leaves that signs what it is told, honestly or not."""

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tabard.merkle.checkpoint import Checkpoint, sign_checkpoint
from tabard.merkle.note import Signer, encode_base64
from tabard.merkle.proofs import consistency_proof
from tabard.merkle.tree import extend, leaf_hash, root


class SmallLog:
    """A log whose leaf number n is `n`, from `forks_at` on followed by the history's name."""

    def __init__(
        self,
        origin: str = "log.example",
        *,
        seed: int = 1,
        size: int = 64,
        history: str = "",
        forks_at: int = 0,
    ) -> None:
        self.signer = Signer(origin, Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32))
        names = [f"{number}{history if number >= forks_at else ''}" for number in range(size)]
        leaves = [leaf_hash(name.encode()) for name in names]
        nodes = dict(extend(0, leaves, lambda _: {}))
        self._read = lambda asked: {node: nodes[node] for node in asked}

    @property
    def vkey(self) -> str:
        return self.signer.vkey.encode()

    def head(self, size: int) -> Checkpoint:
        return Checkpoint(self.signer.name, size, root(size, self._read))

    def note(self, size: int) -> bytes:
        return sign_checkpoint(self.head(size), self.signer)

    def proof(self, old: int, new: int) -> list[bytes]:
        return consistency_proof(old, new, self._read) if old else []

    def request(
        self, old: int, new: int, *, proof: list[bytes] | None = None, note: bytes | None = None
    ) -> bytes:
        hashes = self.proof(old, new) if proof is None else proof
        lines = [f"old {old}", *map(encode_base64, hashes), "", ""]
        return "\n".join(lines).encode() + (note or self.note(new))
