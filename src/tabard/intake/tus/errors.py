"""What can go wrong with a dock's upload? Each error reaches the sender as a status; `answers.py` maps it once."""

from tabard.kernel.errors import Conflict, Denied, Integrity, Invalid, NotFound


class MethodUnknown(Invalid):
    """This place knows no such method."""

    code = "method"


class MediaTypeWrong(Invalid):
    """A body of bytes is not announced as `application/offset+octet-stream`."""

    code = "media_type"


class VersionUnknown(Invalid):
    """`Tus-Resumable` is missing, or names a version other than 1.0.0."""

    code = "tus_version"


class UploadTooLarge(Invalid):
    """The file, or what is sent of it, is larger than it may be."""

    code = "upload_too_large"


class ChecksumWrong(Integrity):
    """The bytes that came do not hash to what was announced; none of them count."""

    code = "checksum_differs"


class UploadUnknown(NotFound):
    """There is no such upload."""

    code = "upload_unknown"


class UploadGone(NotFound):
    """The upload expired or was given up; the file must be sent anew."""

    code = "upload_gone"


class UploadNotYours(Denied):
    """It is another dock's upload."""

    code = "upload_not_yours"


class OffsetDiffers(Conflict):
    """The bytes do not begin where the last durable byte ended; `fields["offset"]` says where that is."""

    code = "offset_differs"


class UploadInUse(Conflict):
    """Somebody else is writing to the upload just now."""

    code = "upload_in_use"


class UploadSealed(Denied):
    """The upload is whole and sealed; it cannot be given up any more."""

    code = "upload_sealed"


class TooManyUploads(Conflict):
    """The dock has as many uploads open as it may have."""

    code = "too_many_uploads"
