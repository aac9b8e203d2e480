"""What keeps a recording, what became of those that nothing kept, and who agreed to what cannot be undone."""

from tabard.retention.models.deciding import Approval, SharedDecision
from tabard.retention.models.decisions import (
    EarlyDisposal,
    EarlyDisposalApproval,
    KeyDestruction,
    KeyDestructionApproval,
    PolicyApproval,
    PolicyVersion,
    RunRelease,
    RunReleaseApproval,
)
from tabard.retention.models.disposals import Disposal
from tabard.retention.models.holds import Hold
from tabard.retention.models.reviews import Review
from tabard.retention.models.runs import DisposalRun, Notice, ScheduledDisposal, SparedDisposal

__all__ = [
    "Approval",
    "Disposal",
    "DisposalRun",
    "EarlyDisposal",
    "EarlyDisposalApproval",
    "Hold",
    "KeyDestruction",
    "KeyDestructionApproval",
    "Notice",
    "PolicyApproval",
    "PolicyVersion",
    "Review",
    "RunRelease",
    "RunReleaseApproval",
    "ScheduledDisposal",
    "SharedDecision",
    "SparedDisposal",
]
