"""Who may do what? One table: role x action x relation to the item. What is not in it is refused.

A relation says how the person stands to the item: it is their own, it belongs to a unit they work in or above,
it was disclosed to them, or it is merely in the same force. A verdict always carries its reason.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """The roles an account may hold."""

    OFFICER = "officer"
    SUPERVISOR = "supervisor"
    INVESTIGATOR = "investigator"
    DISCLOSURE_OFFICER = "disclosure_officer"
    BWV_ADMINISTRATOR = "bwv_administrator"
    RECORDS_MANAGER = "records_manager"
    PROFESSIONAL_STANDARDS = "professional_standards"
    AUDITOR = "auditor"
    KIOSK = "kiosk"
    PROSECUTOR = "prosecutor"
    DEFENCE = "defence"

    @property
    def label(self) -> str:
        """The role as screens show it."""
        return self.value.replace("_", " ").capitalize().replace("Bwv", "BWV")


class Relation(StrEnum):
    """How a person stands to an item."""

    OWN = "own"
    UNIT = "unit"
    SHARED = "shared"
    FORCE = "force"

    @property
    def words(self) -> str:
        """The relation in a sentence: the item is "your own"."""
        return _RELATION_WORDS[self]


_RELATION_WORDS: Mapping[Relation, str] = {
    Relation.OWN: "your own",
    Relation.UNIT: "your unit's",
    Relation.SHARED: "disclosed to you",
    Relation.FORCE: "your force's",
}


class Action(StrEnum):
    """Everything a person can do that authorisation decides."""

    RECORDING_VIEW = "recording.view"
    RECORDING_PLAY = "recording.play"
    RECORDING_DOWNLOAD = "recording.download"
    RECORDING_CATEGORISE = "recording.categorise"
    CLIP_CUT = "clip.cut"
    INCIDENT_VIEW = "incident.view"
    INCIDENT_RECORD = "incident.record"
    INCIDENT_LINK = "incident.link"
    OUTCOME_STATE = "outcome.state"
    EXHIBIT_VIEW = "exhibit.view"
    EXHIBIT_PRODUCE = "exhibit.produce"
    PACK_BUILD = "pack.build"
    PACK_DOWNLOAD = "pack.download"
    HOLD_VIEW = "hold.view"
    HOLD_PLACE = "hold.place"
    RETENTION_VIEW = "retention.view"
    REVIEW_VIEW = "review.view"
    REVIEW_DECIDE = "review.decide"
    POLICY_VIEW = "policy.view"
    POLICY_PROPOSE = "policy.propose"
    POLICY_APPROVE = "policy.approve"
    EARLY_DISPOSAL_VIEW = "early_disposal.view"
    EARLY_DISPOSAL_REQUEST = "early_disposal.request"
    EARLY_DISPOSAL_APPROVE = "early_disposal.approve"
    KEY_DESTRUCTION_REQUEST = "key_destruction.request"
    KEY_DESTRUCTION_APPROVE = "key_destruction.approve"
    WORK_ITEM_VIEW = "work_item.view"
    WORK_ITEM_SETTLE = "work_item.settle"
    FLEET_VIEW = "fleet.view"
    FLEET_MANAGE = "fleet.manage"
    KIOSK_USE = "kiosk.use"
    ROLLOUT_VIEW = "rollout.view"
    ROLLOUT_EDIT = "rollout.edit"
    FIGURES_PUBLISH = "figures.publish"
    PEOPLE_MANAGE = "people.manage"
    LOG_VIEW = "log.view"
    HISTORY_EXPORT = "history.export"


_OWN = frozenset({Relation.OWN})
_UNIT = frozenset({Relation.OWN, Relation.UNIT})
_SHARED = frozenset({Relation.SHARED})
_FORCE = frozenset({Relation.OWN, Relation.UNIT, Relation.FORCE})

ACCESS: Mapping[Role, Mapping[Action, frozenset[Relation]]] = {
    Role.OFFICER: {
        Action.RECORDING_VIEW: _OWN,
        Action.RECORDING_PLAY: _OWN,
        Action.RECORDING_CATEGORISE: _OWN,
        Action.CLIP_CUT: _OWN,
        Action.INCIDENT_VIEW: _UNIT,
        Action.INCIDENT_RECORD: _UNIT,
        Action.INCIDENT_LINK: _OWN,
        Action.EXHIBIT_VIEW: _OWN,
        Action.EXHIBIT_PRODUCE: _OWN,
    },
    Role.SUPERVISOR: {
        Action.RECORDING_VIEW: _UNIT,
        Action.RECORDING_PLAY: _UNIT,
        Action.RECORDING_CATEGORISE: _UNIT,
        Action.INCIDENT_VIEW: _UNIT,
        Action.INCIDENT_RECORD: _UNIT,
        Action.INCIDENT_LINK: _UNIT,
        Action.OUTCOME_STATE: _UNIT,
        Action.EXHIBIT_VIEW: _UNIT,
        Action.FLEET_VIEW: _UNIT,
        Action.KIOSK_USE: _UNIT,
        Action.ROLLOUT_VIEW: _FORCE,
    },
    Role.INVESTIGATOR: {
        Action.RECORDING_VIEW: _FORCE,
        Action.RECORDING_PLAY: _FORCE,
        Action.RECORDING_CATEGORISE: _UNIT,
        Action.CLIP_CUT: _FORCE,
        Action.INCIDENT_VIEW: _FORCE,
        Action.INCIDENT_RECORD: _FORCE,
        Action.INCIDENT_LINK: _FORCE,
        Action.OUTCOME_STATE: _FORCE,
        Action.EXHIBIT_VIEW: _FORCE,
        Action.EXHIBIT_PRODUCE: _FORCE,
        Action.PACK_BUILD: _UNIT,
        Action.PACK_DOWNLOAD: _UNIT,
        Action.HISTORY_EXPORT: _UNIT,
        Action.HOLD_VIEW: _FORCE,
        Action.HOLD_PLACE: _FORCE,
    },
    Role.DISCLOSURE_OFFICER: {
        Action.RECORDING_VIEW: _FORCE,
        Action.RECORDING_PLAY: _FORCE,
        Action.RECORDING_DOWNLOAD: _FORCE,
        Action.CLIP_CUT: _FORCE,
        Action.INCIDENT_VIEW: _FORCE,
        Action.OUTCOME_STATE: _FORCE,
        Action.EXHIBIT_VIEW: _FORCE,
        Action.PACK_BUILD: _FORCE,
        Action.PACK_DOWNLOAD: _FORCE,
        Action.HISTORY_EXPORT: _FORCE,
        Action.HOLD_VIEW: _FORCE,
        Action.HOLD_PLACE: _FORCE,
        Action.EARLY_DISPOSAL_VIEW: _FORCE,
        Action.EARLY_DISPOSAL_REQUEST: _FORCE,
    },
    Role.BWV_ADMINISTRATOR: {
        Action.RECORDING_VIEW: _FORCE,
        Action.FLEET_VIEW: _FORCE,
        Action.FLEET_MANAGE: _FORCE,
        Action.KIOSK_USE: _FORCE,
        Action.ROLLOUT_VIEW: _FORCE,
        Action.ROLLOUT_EDIT: _FORCE,
        Action.FIGURES_PUBLISH: _FORCE,
        Action.WORK_ITEM_VIEW: _FORCE,
        Action.WORK_ITEM_SETTLE: _FORCE,
        Action.PEOPLE_MANAGE: _FORCE,
        Action.KEY_DESTRUCTION_REQUEST: _FORCE,
    },
    Role.RECORDS_MANAGER: {
        Action.RECORDING_VIEW: _FORCE,
        Action.RECORDING_CATEGORISE: _FORCE,
        Action.INCIDENT_VIEW: _FORCE,
        Action.OUTCOME_STATE: _FORCE,
        Action.EXHIBIT_VIEW: _FORCE,
        Action.HOLD_VIEW: _FORCE,
        Action.HOLD_PLACE: _FORCE,
        Action.RETENTION_VIEW: _FORCE,
        Action.REVIEW_VIEW: _FORCE,
        Action.REVIEW_DECIDE: _FORCE,
        Action.POLICY_VIEW: _FORCE,
        Action.POLICY_PROPOSE: _FORCE,
        Action.POLICY_APPROVE: _FORCE,
        Action.EARLY_DISPOSAL_VIEW: _FORCE,
        Action.EARLY_DISPOSAL_REQUEST: _FORCE,
        Action.EARLY_DISPOSAL_APPROVE: _FORCE,
        Action.KEY_DESTRUCTION_APPROVE: _FORCE,
    },
    Role.PROFESSIONAL_STANDARDS: {
        Action.RECORDING_VIEW: _FORCE,
        Action.RECORDING_PLAY: _FORCE,
        Action.INCIDENT_VIEW: _FORCE,
        Action.EXHIBIT_VIEW: _FORCE,
        Action.HOLD_VIEW: _FORCE,
        Action.HOLD_PLACE: _FORCE,
        Action.REVIEW_VIEW: _FORCE,
        Action.REVIEW_DECIDE: _FORCE,
        Action.POLICY_VIEW: _FORCE,
        Action.POLICY_APPROVE: _FORCE,
        Action.EARLY_DISPOSAL_VIEW: _FORCE,
        Action.EARLY_DISPOSAL_REQUEST: _FORCE,
        Action.EARLY_DISPOSAL_APPROVE: _FORCE,
        Action.KEY_DESTRUCTION_APPROVE: _FORCE,
        Action.WORK_ITEM_VIEW: _FORCE,
        Action.LOG_VIEW: _FORCE,
        Action.HISTORY_EXPORT: _FORCE,
    },
    Role.AUDITOR: {
        Action.RECORDING_VIEW: _FORCE,
        Action.INCIDENT_VIEW: _FORCE,
        Action.EXHIBIT_VIEW: _FORCE,
        Action.HOLD_VIEW: _FORCE,
        Action.RETENTION_VIEW: _FORCE,
        Action.REVIEW_VIEW: _FORCE,
        Action.POLICY_VIEW: _FORCE,
        Action.EARLY_DISPOSAL_VIEW: _FORCE,
        Action.FLEET_VIEW: _FORCE,
        Action.ROLLOUT_VIEW: _FORCE,
        Action.WORK_ITEM_VIEW: _FORCE,
        Action.LOG_VIEW: _FORCE,
        Action.HISTORY_EXPORT: _FORCE,
    },
    # A screen at a station's desk that anybody may touch: it gives out and takes back its unit's cameras, and no more.
    Role.KIOSK: {Action.KIOSK_USE: _UNIT},
    Role.PROSECUTOR: {Action.EXHIBIT_VIEW: _SHARED, Action.PACK_DOWNLOAD: _SHARED},
    Role.DEFENCE: {Action.EXHIBIT_VIEW: _SHARED, Action.PACK_DOWNLOAD: _SHARED},
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether it is allowed, and why, in a sentence that may be shown and logged."""

    allowed: bool
    reason: str


def reach(roles: Iterable[Role], action: Action) -> frozenset[Relation]:
    """The relations under which any of the roles may do the action; empty means never."""
    granted = (ACCESS.get(role, {}).get(action, frozenset()) for role in roles)
    return frozenset[Relation]().union(*granted)


def judge(roles: Iterable[Role], action: Action, relations: frozenset[Relation]) -> Verdict:
    """The verdict on one action by someone with these roles who stands to the item in these relations."""
    held = sorted(roles)
    allowing = reach(held, action)
    if allowing & relations:
        return Verdict(allowed=True, reason=f"{action} is allowed for {', '.join(held)}")
    if allowing:
        where = " or ".join(relation.words for relation in sorted(allowing))
        return Verdict(allowed=False, reason=f"{action} is allowed only where the item is {where}")
    return Verdict(allowed=False, reason=f"None of your roles allows {action}")
