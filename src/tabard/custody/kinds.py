"""What can happen to evidence? Every kind of custody event, and its class under the law.

Names are dotted past tense: subject, then what was done to it. The classes are the six of the Data Protection
Act 2018 s.62(1) (collection, alteration, consultation, disclosure, combination, erasure), and `administration` for
what changes the installation rather than personal data in it. What a leaf's `sha256` is the hash of depends on the
kind: of the file concerned, but in `recording.sealed` over its segments' hashes, and in `segment.packets_indexed` the
root of the segment's packet tree.
"""

from enum import StrEnum


class Section62(StrEnum):
    """The kinds of processing that the Data Protection Act 2018 s.62(1) says must be logged."""

    COLLECTION = "collection"
    ALTERATION = "alteration"
    CONSULTATION = "consultation"
    DISCLOSURE = "disclosure"
    COMBINATION = "combination"
    ERASURE = "erasure"
    ADMINISTRATION = "administration"


class EventKind(StrEnum):
    """Every event that Tabard appends to the custody log."""

    OBJECT_SEALED = "object.sealed"
    OBJECT_CONFLICTED = "object.conflicted"
    OBJECT_DESCRIBED = "object.described"
    OBJECT_SECURED = "object.secured"
    OBJECT_DAMAGED = "object.damaged"
    OBJECT_REPAIRED = "object.repaired"
    OBJECT_SWEPT = "object.swept"
    OBJECT_DECRYPTED = "object.decrypted"
    OBJECT_DECRYPTION_FAILED = "object.decryption_failed"
    ARRIVAL_COMPLETED = "arrival.completed"
    FOLDER_RECONCILED = "folder.reconciled"
    NAME_PATTERN_ADDED = "name_pattern.added"
    NAME_PATTERN_REMOVED = "name_pattern.removed"
    UPLOAD_GIVEN_UP = "upload.given_up"
    ERASE_PERMIT_ISSUED = "erase_permit.issued"
    RECORDING_SEALED = "recording.sealed"
    RECORDING_PROBED = "recording.probed"
    RECORDING_CAME_AGAIN = "recording.came_again"
    RECORDING_TIME_CORRECTED = "recording.time_corrected"
    RECORDING_ATTRIBUTED = "recording.attributed"
    RECORDING_FLAGGED = "recording.flagged"
    RECORDING_FLAG_SETTLED = "recording.flag_settled"
    RECORDING_CATEGORISED = "recording.categorised"
    RECORDING_VIEWED = "recording.viewed"
    RECORDING_PLAYED = "recording.played"
    RECORDING_DOWNLOADED = "recording.downloaded"
    RECORDING_HISTORY_EXPORTED = "recording.history_exported"
    RECORDINGS_SEARCHED = "recordings.searched"
    RECORDING_REVIEWED = "recording.reviewed"
    RECORDING_REVIEW_AGREED = "recording.review_agreed"
    RECORDING_REVIEW_REFUSED = "recording.review_refused"
    RECORDING_DISPOSED = "recording.disposed"
    SEGMENT_PACKETS_INDEXED = "segment.packets_indexed"
    DERIVATIVE_MADE = "derivative.made"
    CLIP_REQUESTED = "clip.requested"
    CLIP_CUT = "clip.cut"
    CLIP_FAILED = "clip.failed"
    CLIP_PLAYED = "clip.played"
    INCIDENT_RECORDED = "incident.recorded"
    INCIDENT_VIEWED = "incident.viewed"
    INCIDENT_LINKED = "incident.linked"
    INCIDENT_UNLINKED = "incident.unlinked"
    INCIDENT_OUTCOME_STATED = "incident.outcome_stated"
    EXHIBIT_PRODUCED = "exhibit.produced"
    EXHIBIT_VIEWED = "exhibit.viewed"
    HOLD_PLACED = "hold.placed"
    HOLD_RELEASED = "hold.released"
    HOLD_REVIEWED = "hold.reviewed"
    HOLD_HANDED_OVER = "hold.handed_over"
    HOLD_REVIEW_CAME_DUE = "hold.review_came_due"
    DISPOSAL_SCHEDULED = "disposal.scheduled"
    DISPOSAL_NOTICED = "disposal.noticed"
    DISPOSAL_NOTICE_SEEN = "disposal.notice_seen"
    DISPOSAL_NOTICE_DISMISSED = "disposal.notice_dismissed"
    DISPOSAL_RUN_ENDED = "disposal_run.ended"
    DISPOSAL_RUN_STOPPED = "disposal_run.stopped"
    DISPOSAL_RUN_APPROVED = "disposal_run.approved"
    DISPOSAL_RUN_REFUSED = "disposal_run.refused"
    POLICY_PROPOSED = "policy.proposed"
    POLICY_APPROVED = "policy.approved"
    POLICY_REFUSED = "policy.refused"
    POLICY_ADOPTED = "policy.adopted"
    EARLY_DISPOSAL_REQUESTED = "early_disposal.requested"
    EARLY_DISPOSAL_APPROVED = "early_disposal.approved"
    EARLY_DISPOSAL_REFUSED = "early_disposal.refused"
    PACK_REQUESTED = "pack.requested"
    PACK_BUILT = "pack.built"
    PACK_FAILED = "pack.failed"
    PACK_DOWNLOADED = "pack.downloaded"
    UNIT_CREATED = "unit.created"
    OFFICER_ENROLLED = "officer.enrolled"
    OFFICER_POSTED = "officer.posted"
    OFFICER_TRAINED = "officer.trained"
    TRAININGS_IMPORTED = "trainings.imported"
    OFFICER_LEFT = "officer.left"
    OFFICERS_IMPORTED = "officers.imported"
    ACCOUNT_CREATED = "account.created"
    ACCOUNT_SIGNED_IN = "account.signed_in"
    ACCOUNT_SIGN_IN_FAILED = "account.sign_in_failed"
    ACCOUNT_SIGNED_OUT = "account.signed_out"
    ROLE_GRANTED = "role.granted"
    ROLE_REVOKED = "role.revoked"
    ACCESS_REFUSED = "access.refused"
    CAMERA_ORDERED = "camera.ordered"
    CAMERA_RECEIVED = "camera.received"
    CAMERA_STATE_CHANGED = "camera.state_changed"
    CAMERA_DESCRIBED = "camera.described"
    CAMERA_ASSIGNED = "camera.assigned"
    CAMERA_RETURNED = "camera.returned"
    CAMERA_SWAPPED = "camera.swapped"
    CAMERA_LOST = "camera.lost"
    CAMERA_LOSS_FOLLOWED = "camera.loss_followed"
    CAMERA_LOSS_CLOSED = "camera.loss_closed"
    STOCKTAKE_BEGUN = "stocktake.begun"
    STOCKTAKE_CLOSED = "stocktake.closed"
    CAMERA_CLOCK_READ = "camera.clock_read"
    CAMERA_FILE_ERASED = "camera.file_erased"
    CAMERA_FILE_KEPT = "camera.file_kept"
    DOCK_INSTALLED = "dock.installed"
    DOCK_DESCRIBED = "dock.described"
    DOCK_KEY_ENROLLED = "dock_key.enrolled"
    DOCK_KEY_REVOKED = "dock_key.revoked"
    FLEET_IMPORTED = "fleet.imported"
    ISSUE_RULES_CHANGED = "issue_rules.changed"
    FORCE_SIMULATED = "force.simulated"
    ROLLOUT_PLAN_IMPORTED = "rollout_plan.imported"
    ROLLOUT_PLAN_CHANGED = "rollout_plan.changed"
    ROLLOUT_UNIT_BLOCKED = "rollout.unit_blocked"
    ROLLOUT_UNIT_UNBLOCKED = "rollout.unit_unblocked"
    ROLLOUT_COUNT_STATED = "rollout.count_stated"
    ROLLOUT_SHIFTS_STATED = "rollout.shifts_stated"
    FIGURE_PUBLISHED = "figure.published"
    FIGURE_WITHDRAWN = "figure.withdrawn"
    DESTINATION_OPENED = "destination.opened"
    DESTINATION_REGISTERED = "destination.registered"
    DESTINATION_RENEWED = "destination.renewed"
    DESTINATION_REVOKED = "destination.revoked"
    FOOTAGE_KEY_MADE = "footage_key.made"
    LOG_VIEWED = "log.viewed"
    LOG_RECEIPT_TAKEN = "log.receipt_taken"
    LOG_KEY_ROTATED = "log.key_rotated"
    LOG_KEY_RETIRED = "log.key_retired"
    STORE_SCRUBBED = "store.scrubbed"
    STORE_RECONCILED = "store.reconciled"
    STORE_MIGRATED = "store.migrated"
    KEY_RING_ROTATED = "key_ring.rotated"
    KEY_RING_RETIRED = "key_ring.retired"
    KEY_DESTRUCTION_REQUESTED = "key_destruction.requested"
    KEY_DESTRUCTION_APPROVED = "key_destruction.approved"
    KEY_DESTROYED = "key.destroyed"
    BACKUP_MADE = "backup.made"
    BACKUP_RESTORED = "backup.restored"


CLASS_OF: dict[EventKind, Section62] = {
    EventKind.OBJECT_SEALED: Section62.COLLECTION,
    EventKind.OBJECT_CONFLICTED: Section62.COLLECTION,
    EventKind.OBJECT_DESCRIBED: Section62.ALTERATION,
    EventKind.OBJECT_SECURED: Section62.ADMINISTRATION,
    EventKind.OBJECT_DAMAGED: Section62.ADMINISTRATION,
    EventKind.OBJECT_REPAIRED: Section62.ALTERATION,
    EventKind.OBJECT_SWEPT: Section62.ERASURE,
    EventKind.OBJECT_DECRYPTED: Section62.ALTERATION,
    EventKind.OBJECT_DECRYPTION_FAILED: Section62.ADMINISTRATION,
    EventKind.ARRIVAL_COMPLETED: Section62.COLLECTION,
    EventKind.FOLDER_RECONCILED: Section62.COLLECTION,
    EventKind.NAME_PATTERN_ADDED: Section62.ADMINISTRATION,
    EventKind.NAME_PATTERN_REMOVED: Section62.ADMINISTRATION,
    EventKind.UPLOAD_GIVEN_UP: Section62.ERASURE,
    EventKind.ERASE_PERMIT_ISSUED: Section62.ERASURE,
    EventKind.RECORDING_SEALED: Section62.COLLECTION,
    EventKind.RECORDING_PROBED: Section62.ADMINISTRATION,
    EventKind.RECORDING_CAME_AGAIN: Section62.COLLECTION,
    EventKind.RECORDING_TIME_CORRECTED: Section62.ALTERATION,
    EventKind.RECORDING_ATTRIBUTED: Section62.ALTERATION,
    EventKind.RECORDING_FLAGGED: Section62.ALTERATION,
    EventKind.RECORDING_FLAG_SETTLED: Section62.ALTERATION,
    EventKind.RECORDING_CATEGORISED: Section62.ALTERATION,
    EventKind.RECORDING_VIEWED: Section62.CONSULTATION,
    EventKind.RECORDING_PLAYED: Section62.CONSULTATION,
    EventKind.RECORDING_DOWNLOADED: Section62.DISCLOSURE,
    EventKind.RECORDING_HISTORY_EXPORTED: Section62.DISCLOSURE,
    EventKind.RECORDINGS_SEARCHED: Section62.CONSULTATION,
    EventKind.RECORDING_REVIEWED: Section62.ALTERATION,
    EventKind.RECORDING_REVIEW_AGREED: Section62.ALTERATION,
    EventKind.RECORDING_REVIEW_REFUSED: Section62.ALTERATION,
    EventKind.RECORDING_DISPOSED: Section62.ERASURE,
    EventKind.SEGMENT_PACKETS_INDEXED: Section62.ADMINISTRATION,
    EventKind.DERIVATIVE_MADE: Section62.ALTERATION,
    EventKind.CLIP_REQUESTED: Section62.ALTERATION,
    EventKind.CLIP_CUT: Section62.ALTERATION,
    EventKind.CLIP_FAILED: Section62.ADMINISTRATION,
    EventKind.CLIP_PLAYED: Section62.CONSULTATION,
    EventKind.INCIDENT_RECORDED: Section62.COLLECTION,
    EventKind.INCIDENT_VIEWED: Section62.CONSULTATION,
    EventKind.INCIDENT_LINKED: Section62.COMBINATION,
    EventKind.INCIDENT_UNLINKED: Section62.ALTERATION,
    EventKind.INCIDENT_OUTCOME_STATED: Section62.ALTERATION,
    EventKind.EXHIBIT_PRODUCED: Section62.ALTERATION,
    EventKind.EXHIBIT_VIEWED: Section62.CONSULTATION,
    EventKind.HOLD_PLACED: Section62.ALTERATION,
    EventKind.HOLD_RELEASED: Section62.ALTERATION,
    EventKind.HOLD_REVIEWED: Section62.ALTERATION,
    EventKind.HOLD_HANDED_OVER: Section62.ALTERATION,
    EventKind.HOLD_REVIEW_CAME_DUE: Section62.ADMINISTRATION,
    EventKind.DISPOSAL_SCHEDULED: Section62.ALTERATION,
    EventKind.DISPOSAL_NOTICED: Section62.COMBINATION,
    EventKind.DISPOSAL_NOTICE_SEEN: Section62.CONSULTATION,
    EventKind.DISPOSAL_NOTICE_DISMISSED: Section62.ALTERATION,
    EventKind.DISPOSAL_RUN_ENDED: Section62.ADMINISTRATION,
    EventKind.DISPOSAL_RUN_STOPPED: Section62.ADMINISTRATION,
    EventKind.DISPOSAL_RUN_APPROVED: Section62.ALTERATION,
    EventKind.DISPOSAL_RUN_REFUSED: Section62.ALTERATION,
    EventKind.POLICY_PROPOSED: Section62.ADMINISTRATION,
    EventKind.POLICY_APPROVED: Section62.ADMINISTRATION,
    EventKind.POLICY_REFUSED: Section62.ADMINISTRATION,
    EventKind.POLICY_ADOPTED: Section62.ADMINISTRATION,
    EventKind.EARLY_DISPOSAL_REQUESTED: Section62.ALTERATION,
    EventKind.EARLY_DISPOSAL_APPROVED: Section62.ALTERATION,
    EventKind.EARLY_DISPOSAL_REFUSED: Section62.ALTERATION,
    EventKind.PACK_REQUESTED: Section62.CONSULTATION,
    EventKind.PACK_BUILT: Section62.DISCLOSURE,
    EventKind.PACK_FAILED: Section62.ADMINISTRATION,
    EventKind.PACK_DOWNLOADED: Section62.DISCLOSURE,
    EventKind.UNIT_CREATED: Section62.ADMINISTRATION,
    EventKind.OFFICER_ENROLLED: Section62.COLLECTION,
    EventKind.OFFICER_POSTED: Section62.ALTERATION,
    EventKind.OFFICER_TRAINED: Section62.ALTERATION,
    EventKind.TRAININGS_IMPORTED: Section62.ALTERATION,
    EventKind.OFFICER_LEFT: Section62.ALTERATION,
    EventKind.OFFICERS_IMPORTED: Section62.COLLECTION,
    EventKind.ACCOUNT_CREATED: Section62.ADMINISTRATION,
    EventKind.ACCOUNT_SIGNED_IN: Section62.ADMINISTRATION,
    EventKind.ACCOUNT_SIGN_IN_FAILED: Section62.ADMINISTRATION,
    EventKind.ACCOUNT_SIGNED_OUT: Section62.ADMINISTRATION,
    EventKind.ROLE_GRANTED: Section62.ADMINISTRATION,
    EventKind.ROLE_REVOKED: Section62.ADMINISTRATION,
    EventKind.ACCESS_REFUSED: Section62.CONSULTATION,
    EventKind.CAMERA_ORDERED: Section62.ADMINISTRATION,
    EventKind.CAMERA_RECEIVED: Section62.ADMINISTRATION,
    EventKind.CAMERA_STATE_CHANGED: Section62.ALTERATION,
    EventKind.CAMERA_DESCRIBED: Section62.ADMINISTRATION,
    EventKind.CAMERA_ASSIGNED: Section62.ALTERATION,
    EventKind.CAMERA_RETURNED: Section62.ALTERATION,
    EventKind.CAMERA_SWAPPED: Section62.ALTERATION,
    EventKind.CAMERA_LOST: Section62.ALTERATION,
    EventKind.CAMERA_LOSS_FOLLOWED: Section62.ADMINISTRATION,
    EventKind.CAMERA_LOSS_CLOSED: Section62.ADMINISTRATION,
    EventKind.STOCKTAKE_BEGUN: Section62.ADMINISTRATION,
    EventKind.STOCKTAKE_CLOSED: Section62.ADMINISTRATION,
    EventKind.CAMERA_CLOCK_READ: Section62.ADMINISTRATION,
    EventKind.CAMERA_FILE_ERASED: Section62.ERASURE,
    EventKind.CAMERA_FILE_KEPT: Section62.ADMINISTRATION,
    EventKind.DOCK_INSTALLED: Section62.ADMINISTRATION,
    EventKind.DOCK_DESCRIBED: Section62.ADMINISTRATION,
    EventKind.DOCK_KEY_ENROLLED: Section62.ADMINISTRATION,
    EventKind.DOCK_KEY_REVOKED: Section62.ADMINISTRATION,
    EventKind.FLEET_IMPORTED: Section62.ALTERATION,
    EventKind.ISSUE_RULES_CHANGED: Section62.ADMINISTRATION,
    EventKind.FORCE_SIMULATED: Section62.ADMINISTRATION,
    EventKind.ROLLOUT_PLAN_IMPORTED: Section62.ADMINISTRATION,
    EventKind.ROLLOUT_PLAN_CHANGED: Section62.ADMINISTRATION,
    EventKind.ROLLOUT_UNIT_BLOCKED: Section62.ADMINISTRATION,
    EventKind.ROLLOUT_UNIT_UNBLOCKED: Section62.ADMINISTRATION,
    EventKind.ROLLOUT_COUNT_STATED: Section62.ADMINISTRATION,
    EventKind.ROLLOUT_SHIFTS_STATED: Section62.ADMINISTRATION,
    EventKind.FIGURE_PUBLISHED: Section62.ADMINISTRATION,
    EventKind.FIGURE_WITHDRAWN: Section62.ADMINISTRATION,
    EventKind.DESTINATION_OPENED: Section62.ADMINISTRATION,
    EventKind.DESTINATION_REGISTERED: Section62.COLLECTION,
    EventKind.DESTINATION_RENEWED: Section62.ADMINISTRATION,
    EventKind.DESTINATION_REVOKED: Section62.ADMINISTRATION,
    EventKind.FOOTAGE_KEY_MADE: Section62.ADMINISTRATION,
    EventKind.LOG_VIEWED: Section62.CONSULTATION,
    EventKind.LOG_RECEIPT_TAKEN: Section62.DISCLOSURE,
    EventKind.LOG_KEY_ROTATED: Section62.ADMINISTRATION,
    EventKind.LOG_KEY_RETIRED: Section62.ADMINISTRATION,
    EventKind.STORE_SCRUBBED: Section62.ADMINISTRATION,
    EventKind.STORE_RECONCILED: Section62.ADMINISTRATION,
    EventKind.STORE_MIGRATED: Section62.ALTERATION,
    EventKind.KEY_RING_ROTATED: Section62.ADMINISTRATION,
    EventKind.KEY_RING_RETIRED: Section62.ADMINISTRATION,
    EventKind.KEY_DESTRUCTION_REQUESTED: Section62.ADMINISTRATION,
    EventKind.KEY_DESTRUCTION_APPROVED: Section62.ADMINISTRATION,
    EventKind.KEY_DESTROYED: Section62.ERASURE,
    EventKind.BACKUP_MADE: Section62.ADMINISTRATION,
    EventKind.BACKUP_RESTORED: Section62.ALTERATION,
}
