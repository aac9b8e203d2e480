"""What should a BWV administrator do about a flag? One sentence for each, for whoever has the work item before them."""

from collections.abc import Mapping

from tabard.recordings.models import Recording

_FLAG = Recording.Flag

NEXT_STEPS: Mapping[Recording.Flag, str] = {
    _FLAG.UNKNOWN_CAMERA: "Receive the camera into the fleet, or say which camera it is.",
    _FLAG.UNKNOWN_OFFICER: "Enrol the officer, or say whose recording it is; until then only force-wide roles see it.",
    _FLAG.UNKNOWN_CATEGORY: "Categorise the recording: the category that the wearer chose is not one of ours.",
    _FLAG.WEARER_DIFFERS: "Ask both officers who wore the camera, then say whose recording it is.",
    _FLAG.CLOCK_SUSPECT: "Compare with what the footage shows; dock the camera, so that its clock is read.",
    _FLAG.CLOCK_WRONG: "Set the camera's clock. The corrected time is used wherever it is known.",
    _FLAG.CLOCK_HOUR_OFF: "Check summer time on the camera, and compare with what the footage shows.",
    _FLAG.CLOCK_JUMPED: "The clock was set or stopped in between; both bounds are shown. Compare with the footage.",
    _FLAG.NO_TIME_ZONE: "Find out which time the camera keeps, and accept it with that as the reason.",
    _FLAG.NO_FOOTAGE: "Ask the dock or the system for the missing files before its camera is given out again.",
    _FLAG.GAP: "Look for the missing file on the camera and at its dock.",
    _FLAG.OVERLAP: "Look at both segments: they tell the same time twice.",
    _FLAG.NUMBERS_MISSING: "Look for the missing files on the camera and at its dock before it is emptied.",
    _FLAG.CONFLICT: "Compare both copies and their hashes. Both are kept; say what explains the difference.",
    _FLAG.LATE_FILE: "Look at the file that came afterwards; it stands beside the recording.",
    _FLAG.CANNOT_DECODE: "The bytes are kept as they came. Try the camera maker's own player on a copy.",
    _FLAG.CANNOT_DECRYPT: "Find the key: it is tried again by itself when it arrives.",
    _FLAG.INCOMPLETE: "Ask the system or the dock what became of the rest.",
}
