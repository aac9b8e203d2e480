"""Which packs may this person see?"""

from uuid import UUID

from django.db.models import QuerySet

from tabard.disclosure.models import Pack
from tabard.kernel.errors import NotFound
from tabard.people.authorisation import Viewer, check_can, scope
from tabard.people.rules import Action


def pack(viewer: Viewer, pack_id: UUID) -> Pack:
    """The pack, if the viewer may see its exhibit; whether they may download it is asked when they do.

    Raises:
        NotFound: when there is none.
        Denied: when the viewer may not see it.
    """
    found = _with_names().filter(id=pack_id).first()
    if found is None:
        raise NotFound("There is no such pack.", pack=str(pack_id))
    check_can(viewer, Action.EXHIBIT_VIEW, found)
    return found


def packs_of(viewer: Viewer, exhibit_id: UUID) -> QuerySet[Pack]:
    """The packs of an exhibit that the viewer may see, newest first."""
    visible = scope(
        viewer, Action.EXHIBIT_VIEW, officer="exhibit__producer_id", unit="exhibit__recording__unit_id"
    )
    return _with_names().filter(visible, exhibit_id=exhibit_id).order_by("-requested_at", "-id")


def _with_names() -> QuerySet[Pack]:
    return Pack.objects.select_related("exhibit__recording", "exhibit__producer", "object", "requested_by")
