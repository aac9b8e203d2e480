"""What may this person do about something that several people must agree to? The services decide it again."""

from typing import Any

from tabard.people.authorisation import Viewer
from tabard.retention import agreeing
from tabard.retention.quorum import State
from tabard.web.forms.early_disposals import CloseForm


def acts(viewer: Viewer, asked: agreeing.Request, *, approves: bool) -> dict[str, Any]:
    """What a page shows of it: how many approvals are missing, and the forms of what the viewer may do.

    Args:
        viewer: Who looks at the page.
        asked: What was asked for.
        approves: Whether the viewer may approve such a thing at all.
    """
    is_requester = asked.requested_by_id == viewer.account_id
    decides = asked.is_open and approves and not is_requester
    has_approved = viewer.account_id in {each.approved_by_id for each in asked.approvals.all()}
    return {
        "missing": agreeing.still_missing(asked),
        "may_approve": decides and not has_approved and asked.state == State.REQUESTED,
        "refuse_form": CloseForm(prefix="refuse") if decides else None,
        "withdraw_form": CloseForm(prefix="withdraw") if asked.is_open and is_requester else None,
    }
