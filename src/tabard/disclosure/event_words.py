"""What happened, in words for somebody who was not there? One sentence for each kind of event. Pure."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from tabard.custody.kinds import EventKind

WORDS: Mapping[EventKind, str] = {
    EventKind.OBJECT_SEALED: "A file was received, hashed, encrypted and stored",
    EventKind.OBJECT_CONFLICTED: "A second, different file came under a name that was taken; both are kept",
    EventKind.OBJECT_DESCRIBED: "What the camera's system says about a file was changed",
    EventKind.OBJECT_SECURED: "A stored file was read back from every store and its hash was right",
    EventKind.OBJECT_DAMAGED: "A stored copy of a file was found damaged or missing",
    EventKind.OBJECT_REPAIRED: "A damaged copy was replaced from a good one with the same hash",
    EventKind.OBJECT_SWEPT: "Stored bytes that no recording knows were removed",
    EventKind.OBJECT_DECRYPTED: "A file that the camera had encrypted was decrypted; the file as it came is kept",
    EventKind.OBJECT_DECRYPTION_FAILED: "A file that the camera had encrypted could not be decrypted; it is kept",
    EventKind.UPLOAD_GIVEN_UP: "A file that had come in part was given up; its sender still has it",
    EventKind.ERASE_PERMIT_ISSUED: "A dock was permitted to erase the camera's own copy of a file",
    EventKind.ARRIVAL_COMPLETED: "All files of a recording had come in from a dock or a folder",
    EventKind.FOLDER_RECONCILED: "A card or an export was read in, and every file of it was accounted for",
    EventKind.NAME_PATTERN_ADDED: "A pattern by which file names are read was added",
    EventKind.NAME_PATTERN_REMOVED: "A pattern by which file names are read was removed",
    EventKind.RECORDING_SEALED: "The recording was complete and sealed",
    EventKind.RECORDING_PROBED: "The recording was examined in the decoder jail",
    EventKind.RECORDING_CAME_AGAIN: "The same footage came in again; nothing new was made of it",
    EventKind.RECORDING_TIME_CORRECTED: "The true time was worked out anew; the camera's own time stays as it came",
    EventKind.RECORDING_ATTRIBUTED: "The recording was attributed to an officer or a camera",
    EventKind.RECORDING_FLAGGED: "What should be looked into was found anew",
    EventKind.RECORDING_FLAG_SETTLED: "Something that had to be looked into was settled",
    EventKind.RECORDING_CATEGORISED: "The recording was given a category",
    EventKind.RECORDING_VIEWED: "The recording's page was looked at",
    EventKind.RECORDING_PLAYED: "The recording was played",
    EventKind.RECORDING_DOWNLOADED: "An original file was downloaded",
    EventKind.RECORDING_HISTORY_EXPORTED: "The recording's history was taken out as a document",
    EventKind.RECORDINGS_SEARCHED: "Recordings were searched",
    EventKind.RECORDING_REVIEWED: "At the end of its period somebody decided to keep it, or proposed to let it go",
    EventKind.RECORDING_REVIEW_AGREED: "A second person agreed to let the recording go",
    EventKind.RECORDING_REVIEW_REFUSED: "It was refused to let the recording go",
    EventKind.RECORDING_DISPOSED: "The recording was disposed of: its keys were destroyed",
    EventKind.SEGMENT_PACKETS_INDEXED: "Every coded picture and sound was listed, and the list's hash was logged",
    EventKind.DERIVATIVE_MADE: "A copy for viewing was made; the original was not touched",
    EventKind.CLIP_REQUESTED: "A clip was asked for",
    EventKind.CLIP_CUT: "A clip was cut; the original was not touched",
    EventKind.CLIP_FAILED: "A clip could not be cut",
    EventKind.CLIP_PLAYED: "A clip was played",
    EventKind.INCIDENT_RECORDED: "An incident was made known here",
    EventKind.INCIDENT_VIEWED: "An incident's page was looked at",
    EventKind.INCIDENT_LINKED: "The recording was linked to an incident",
    EventKind.INCIDENT_UNLINKED: "A link to an incident was taken back",
    EventKind.INCIDENT_OUTCOME_STATED: "It was stated how an incident ended",
    EventKind.EXHIBIT_PRODUCED: "An exhibit was produced",
    EventKind.EXHIBIT_VIEWED: "An exhibit's page was looked at",
    EventKind.HOLD_PLACED: "A hold from disposal was placed",
    EventKind.HOLD_REVIEWED: "A hold was looked at again, and kept on",
    EventKind.HOLD_HANDED_OVER: "A hold was handed over to another owner",
    EventKind.HOLD_REVIEW_CAME_DUE: "A hold's review date came",
    EventKind.HOLD_RELEASED: "A hold was released",
    EventKind.DISPOSAL_SCHEDULED: "Recordings were put on the list of what will be disposed of",
    EventKind.DISPOSAL_NOTICED: "Officers were told of recordings that overlap what they attended, before they go",
    EventKind.DISPOSAL_NOTICE_SEEN: "Somebody saw the notices about recordings that are about to go",
    EventKind.DISPOSAL_NOTICE_DISMISSED: "It was said that the recording is not of the incident of a notice",
    EventKind.DISPOSAL_RUN_ENDED: "A disposal run ended",
    EventKind.DISPOSAL_RUN_STOPPED: "A disposal run stopped itself and asked two people",
    EventKind.DISPOSAL_RUN_APPROVED: "Somebody approved that a stopped disposal run goes on",
    EventKind.DISPOSAL_RUN_REFUSED: "It was refused that a stopped disposal run goes on",
    EventKind.POLICY_PROPOSED: "A retention policy was proposed",
    EventKind.POLICY_APPROVED: "A retention policy was approved by one more person",
    EventKind.POLICY_REFUSED: "A retention policy was not adopted",
    EventKind.POLICY_ADOPTED: "A retention policy was adopted",
    EventKind.EARLY_DISPOSAL_REQUESTED: "Disposal before its time was asked for",
    EventKind.EARLY_DISPOSAL_APPROVED: "Disposal before its time was approved",
    EventKind.EARLY_DISPOSAL_REFUSED: "Disposal before its time was refused",
    EventKind.PACK_REQUESTED: "An evidence pack was asked for",
    EventKind.PACK_BUILT: "An evidence pack was built",
    EventKind.PACK_FAILED: "An evidence pack could not be built",
    EventKind.PACK_DOWNLOADED: "An evidence pack was downloaded",
    EventKind.UNIT_CREATED: "A unit was added",
    EventKind.OFFICER_ENROLLED: "An officer was enrolled",
    EventKind.OFFICER_POSTED: "An officer was posted to another unit",
    EventKind.OFFICER_TRAINED: "An officer's training for cameras was recorded",
    EventKind.OFFICER_LEFT: "An officer left",
    EventKind.TRAININGS_IMPORTED: "A list of who was trained for cameras was imported",
    EventKind.OFFICERS_IMPORTED: "A list of officers was imported",
    EventKind.ACCOUNT_CREATED: "An account was made",
    EventKind.ACCOUNT_SIGNED_IN: "Someone signed in",
    EventKind.ACCOUNT_SIGN_IN_FAILED: "Someone tried in vain to sign in",
    EventKind.ACCOUNT_SIGNED_OUT: "Someone signed out",
    EventKind.ROLE_GRANTED: "A role was granted",
    EventKind.ROLE_REVOKED: "A role was taken away",
    EventKind.ACCESS_REFUSED: "Someone was refused",
    EventKind.CAMERA_ORDERED: "A camera was ordered",
    EventKind.CAMERA_RECEIVED: "A camera was received",
    EventKind.CAMERA_STATE_CHANGED: "A camera's state changed",
    EventKind.CAMERA_DESCRIBED: "What is known of a camera was corrected",
    EventKind.CAMERA_ASSIGNED: "A camera was given to an officer",
    EventKind.CAMERA_RETURNED: "A camera was given back",
    EventKind.CAMERA_LOST: "A camera was reported lost or stolen",
    EventKind.CAMERA_LOSS_FOLLOWED: "Something was done about a lost camera",
    EventKind.CAMERA_LOSS_CLOSED: "A lost camera was found or given up",
    EventKind.STOCKTAKE_BEGUN: "A stocktake of a unit's cameras was begun",
    EventKind.STOCKTAKE_CLOSED: "A stocktake of a unit's cameras was closed",
    EventKind.CAMERA_SWAPPED: "A camera was given back, and its wearer was given another in its place",
    EventKind.CAMERA_CLOCK_READ: "A camera's clock was compared with ours",
    EventKind.CAMERA_FILE_ERASED: "The camera's own copy was erased, under a permit",
    EventKind.CAMERA_FILE_KEPT: "The camera's own copy was not erased, though there was a permit",
    EventKind.DOCK_INSTALLED: "A dock was installed",
    EventKind.DOCK_DESCRIBED: "It was noted on which day a dock is installed",
    EventKind.DOCK_KEY_ENROLLED: "A key that a dock signs in with was enrolled",
    EventKind.DOCK_KEY_REVOKED: "A key that a dock signed in with was revoked",
    EventKind.FLEET_IMPORTED: "A list of cameras was imported",
    EventKind.ISSUE_RULES_CHANGED: "The rules by which cameras are given out were changed",
    EventKind.FORCE_SIMULATED: "A simulated force was put into the empty installation",
    EventKind.ROLLOUT_PLAN_IMPORTED: "A new version of the rollout plan was imported",
    EventKind.ROLLOUT_PLAN_CHANGED: "A wave of the rollout plan was changed, in a new version",
    EventKind.ROLLOUT_UNIT_BLOCKED: "It was noted what keeps a unit from its wave of the rollout",
    EventKind.ROLLOUT_UNIT_UNBLOCKED: "What kept a unit from its wave of the rollout was over",
    EventKind.ROLLOUT_COUNT_STATED: "It was noted how many cameras a unit had by a day, and who says so",
    EventKind.ROLLOUT_SHIFTS_STATED: "It was noted how many cameras of a unit come back at which change of shifts",
    EventKind.FIGURE_PUBLISHED: "A figure of the rollout was made public",
    EventKind.FIGURE_WITHDRAWN: "A figure of the rollout ceased to be public",
    EventKind.DESTINATION_OPENED: "A body-worn system was let in",
    EventKind.DESTINATION_REGISTERED: "A body-worn system sent its list of users and devices",
    EventKind.DESTINATION_RENEWED: "A body-worn system got a new connection file",
    EventKind.DESTINATION_REVOKED: "A body-worn system was shut out",
    EventKind.FOOTAGE_KEY_MADE: "A new key was made for cameras to encrypt footage to",
    EventKind.LOG_VIEWED: "The custody log was looked into",
    EventKind.LOG_RECEIPT_TAKEN: "A receipt from the custody log was taken",
    EventKind.LOG_KEY_ROTATED: "The custody log got a new signing key",
    EventKind.LOG_KEY_RETIRED: "An old signing key of the custody log was retired",
    EventKind.STORE_SCRUBBED: "Stored files were read through and compared with their hashes",
    EventKind.STORE_RECONCILED: "What is stored was compared with what should be",
    EventKind.STORE_MIGRATED: "Stored files were moved to another store",
    EventKind.KEY_RING_ROTATED: "A new key-encryption key was taken into use",
    EventKind.KEY_RING_RETIRED: "An old key-encryption key was retired",
    EventKind.KEY_DESTRUCTION_REQUESTED: "The destruction of a key was asked for",
    EventKind.KEY_DESTRUCTION_APPROVED: "The destruction of a key was approved",
    EventKind.KEY_DESTROYED: "A key was destroyed",
    EventKind.BACKUP_MADE: "A backup was made",
    EventKind.BACKUP_RESTORED: "The installation was restored from a backup",
}
NO_REASON = "no reason given"
# What the titles of pages and lists say already.
_SAID_ELSEWHERE = ("started_at", "stopped_at", "ordinal", "camera")


def words_of(kind: EventKind) -> str:
    """The kind in a sentence without its full stop; a kind that has none yet says its name."""
    return WORDS.get(kind, kind.value.replace(".", " ").replace("_", " ").capitalize())


def said(details: Mapping[str, Any]) -> str:
    """The details that say something to a reader: plain values that are no ids, and that a reason is missing."""
    told = (
        str(value) if _is_id(name) else f"{name.replace('_', ' ')}: {value}"
        for name, value in details.items()
        if isinstance(value, str | int)
        and not isinstance(value, bool)
        and value != ""
        and name not in _SAID_ELSEWHERE
        and not _is_id(value)
    )
    missing = [NO_REASON] if "reason" in details and details["reason"] is None else []
    return ", ".join(dict.fromkeys([*told, *missing]))


def _is_id(value: object) -> bool:
    try:
        UUID(str(value))
    except ValueError:
        return False
    return True
