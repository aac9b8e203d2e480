"""What can go wrong with a recording or with what is said about it?"""

from tabard.kernel.errors import Conflict, Invalid


class CategoryUnknown(Invalid):
    """There is no such category."""

    code = "category_unknown"


class RecordingExists(Conflict):
    """This source has registered a recording of this name before."""

    code = "recording_exists"
