"""What can be wrong with sealed bytes or a wrapped key? Damage is an integrity error: stop, alarm, record."""

from tabard.kernel.errors import Conflict, Integrity, Invalid


class NotSealed(Integrity):
    """The bytes do not start with our magic, or a reserved field is not zero."""

    code = "sealed_not_ours"


class UnknownVersion(Integrity):
    """The object was sealed in a version of the format that this program does not know."""

    code = "sealed_version"


class WrongObject(Integrity):
    """The header names another object than the one asked for."""

    code = "sealed_wrong_object"


class Truncated(Integrity):
    """Bytes are missing: the size fits no sealed object, or the store returned fewer bytes than it holds."""

    code = "sealed_truncated"


class ChunkDamaged(Integrity):
    """A chunk is not what was sealed at its place: changed, swapped, dropped, reordered or spliced."""

    code = "sealed_chunk"


class TrailerDamaged(Integrity):
    """The trailer does not authenticate: header, trailer or chunk count changed, or the key is another's."""

    code = "sealed_trailer"


class DigestMismatch(Integrity):
    """The plain bytes do not hash to the SHA-256 written when they were sealed."""

    code = "sealed_digest"


class KeyNotUnwrapped(Integrity):
    """The wrapped key does not authenticate for this object under this key-encryption key."""

    code = "key_not_unwrapped"


class SealerClosed(Conflict):
    """The sealer has finished, or failed midway; a new object needs a new sealer and a new key."""

    code = "sealer_closed"


class SealingParameter(Invalid):
    """A chunk size, key or key reference is outside what the format allows."""

    code = "sealing_parameter"
