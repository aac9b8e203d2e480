"""How does an evidence pack leave? As raw ASGI at `/download/packs/`, decrypted range by range like footage.

A download is a disclosure. A browser may ask for one file in several ranges, so the rule is that of playback: a request
is covered by the same person's logged download of the same pack for the same reason in the last fifteen minutes, else
it is logged before a byte is given.
"""

import re
from datetime import datetime
from uuid import UUID

from django.db import transaction

from tabard.custody.actors import Subject
from tabard.custody.kinds import EventKind
from tabard.custody.selectors import history
from tabard.disclosure import packs, selectors
from tabard.disclosure.errors import PackNotReady
from tabard.disclosure.models import Pack
from tabard.kernel.errors import Denied, NotFound
from tabard.people.authorisation import Viewer, check_can
from tabard.people.models import Account
from tabard.people.refusals import record_refusal
from tabard.people.rules import Action
from tabard.web.playback import Playback
from tabard.web.playback_access import Leave
from tabard.web.playback_events import COVERS
from tabard.web.reasons import Reasons

_PATH = re.compile(r"/download/packs/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")


def leave_for(path: str, viewer: Viewer, at: datetime, reasons: Reasons) -> Leave:
    """The viewer's leave to read the pack that the path names; a refusal is in the log before it is raised.

    Raises:
        NotFound: when there is no such pack.
        Denied: when the viewer may not download it.
        PackNotReady: when it is not built.
        ReasonNeeded: when a reason for opening the exhibit is required and there is none.
    """
    found = _PATH.fullmatch(path)
    if found is None:
        raise NotFound("There is nothing to download here.")
    try:
        pack = selectors.pack(viewer, UUID(found[1]))
        check_can(viewer, Action.PACK_DOWNLOAD, pack)
    except Denied as denied:
        record_refusal(denied=denied, viewer=viewer, at=at)
        raise
    if pack.object is None:
        raise PackNotReady(pack.reason or "The pack is still being built.", pack=str(pack.id))
    reason = reasons.of(Subject("exhibit", pack.exhibit_id))
    return Leave(
        pack.object,
        "application/zip",
        lambda: log_download(pack, viewer, at, reason),
        filename=pack.file_name,
    )


def log_download(pack: Pack, viewer: Viewer, at: datetime, reason: str | None) -> None:
    """The viewer's download of the pack is in the log when this returns, now or within the last fifteen minutes."""
    with transaction.atomic():
        # Ranges of one download come at once; the account's row lets one of them decide.
        Account.objects.select_for_update(no_key=True).get(id=viewer.account_id)
        if not _is_covered(pack, viewer, at, reason):
            packs.download(pack=pack, viewer=viewer, at=at, reason=reason)


def _is_covered(pack: Pack, viewer: Viewer, at: datetime, reason: str | None) -> bool:
    """Whether the viewer's last logged download of the pack covers this request."""
    recent = history([pack.id]).filter(
        kind=EventKind.PACK_DOWNLOADED.value, at__gte=at - COVERS, particulars__actor_id=viewer.actor.id
    )
    if reason is not None:
        recent = recent.filter(particulars__details__reason=reason)
    return recent.exists()


download = Playback(leave_for)
"""The ASGI application for `/download/packs/`. Call its `close` when the server stops."""
