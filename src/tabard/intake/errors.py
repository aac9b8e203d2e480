"""What can go wrong at a door? Every error here reaches the sender as a status; `axis/answers.py` maps it once."""

from tabard.kernel.errors import Conflict, Denied, Integrity, Invalid, NotFound, Unavailable


class RequestUnknown(Invalid):
    """The door knows no such method, or no such place."""

    code = "request_unknown"


class NameRefused(Invalid):
    """A container or object name could harm whoever writes it to a file or shows it."""

    code = "name_refused"


class PathTooDeep(Invalid):
    """An account holds containers, and a container objects; there is nothing below."""

    code = "path_too_deep"


class MetadataTooLong(Invalid):
    """A request carries more metadata than any camera has."""

    code = "metadata_too_long"


class BodyIncomplete(Invalid):
    """The body is not as long as its `Content-Length` says; nothing of it was kept."""

    code = "body_incomplete"


class ChecksumDiffers(Invalid):
    """The bytes that arrived do not hash to the MD5 that the sender named; nothing of them was kept."""

    code = "checksum_differs"


class ConnectionFileInvalid(Invalid):
    """A body-worn system would refuse this connection file."""

    code = "connection_file"


class ContentBroken(Integrity):
    """What a key opens is not what was encrypted: it was the wrong key, or bytes are missing."""

    code = "content_broken"


class CertificateInvalid(Invalid):
    """A certificate cannot be made or read as asked."""

    code = "certificate"


class NotSignedIn(Denied):
    """No credentials, wrong ones, or a token that is unknown, expired or withdrawn."""

    code = "not_signed_in"


class AccountNotYours(Denied):
    """The token is good, but for another account."""

    code = "account_not_yours"


class WriteOnly(Denied):
    """Nothing that was put into the door can be got out of it again."""

    code = "write_only"


class ContainerUnknown(NotFound):
    """The account holds no such container."""

    code = "container_unknown"


class ObjectUnknown(NotFound):
    """The container holds no such object."""

    code = "object_unknown"


class DestinationUnknown(NotFound):
    """There is no such destination."""

    code = "destination_unknown"


class UsernameTaken(Conflict):
    """Another destination has this user name."""

    code = "username_taken"


class AlreadyComplete(Conflict):
    """The transfer has ended, and its recording stands."""

    code = "already_complete"


class DestinationRevoked(Conflict):
    """The destination was revoked; nothing lets it in again."""

    code = "destination_revoked"


class FootageKeyUnsafe(Unavailable):
    """The file of a footage key is readable by others, or cannot be understood; nothing is decrypted with it."""

    code = "footage_key_unsafe"


class DoorBusy(Unavailable):
    """As many uploads are under way as the door takes at a time."""

    code = "door_busy"


class StoreLow(Unavailable):
    """The store would fall below its low-water mark; what is under way still has room."""

    code = "store_low"


class SenderStalled(Unavailable):
    """The sender fell silent in the middle of a body; nothing of it was kept."""

    code = "sender_stalled"


class SenderGone(Unavailable):
    """The sender hung up in the middle of a body; nothing of it was kept, and nobody is there to be told."""

    code = "sender_gone"
