"""For how long does leave to play hold? Half a minute, so that seeking costs no repeated judgement.

A player asks for many ranges of one piece of footage. The first request is judged in full: who is it, may they, is
it in the log. Those that follow within thirty seconds ride on that leave, after one look at what must take effect at
once: the session has not been ended or changed (a reason for access may have been given in it), the account has not
been closed, the footage has not been disposed of. A changed role or posting takes effect when the thirty seconds are
over.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from uuid import UUID

from django.db import connection

from tabard.people.authorisation import Viewer
from tabard.vault import services as vault
from tabard.vault.reading import ObjectReader
from tabard.web.playback_access import Leave, session_key, viewer_of_session
from tabard.web.reasons import Reasons, reasons_in, session_data

HOLDS = timedelta(seconds=30)
_MOST = 512
# As SQL: every seek waits for it, and building it from querysets takes ten times as long as asking it.
_STANDS = """
    SELECT EXISTS (SELECT FROM django_session WHERE session_key = %s AND session_data = %s AND expire_date > %s)
       AND EXISTS (SELECT FROM people_account WHERE id = %s AND is_active)
       AND EXISTS (SELECT FROM vault_sealedobject WHERE id = %s AND wrapped_key IS NOT NULL)
"""
LeaveFor = Callable[[str, Viewer, datetime, Reasons], Leave]


@dataclass(slots=True)
class HeldLeave:
    """A leave with the open object, from the moment it was judged; `read` opens and logs at the first call."""

    leave: Leave
    session: str
    session_data: str
    account_id: UUID
    since: datetime
    reader: ObjectReader | None = None

    def read(self) -> ObjectReader:
        """The open object; the act is in the log when this returns.

        Raises:
            KeyDestroyed, Integrity, Unavailable: as the vault says.
        """
        if self.reader is None:
            reader = vault.open_object(obj=self.leave.obj)
            self.leave.log()
            self.reader = reader
        return self.reader

    def stands(self, at: datetime) -> bool:
        """Whether nothing has ended it since: time, sign-out, a closed account, or disposal. One query."""
        if not self.since <= at < self.since + HOLDS:
            return False
        with connection.cursor() as cursor:
            cursor.execute(_STANDS, [self.session, self.session_data, at, self.account_id, self.leave.obj.id])
            return bool(cursor.fetchone()[0])


class Leaves:
    """The leaves of one process. Threads may share it."""

    def __init__(self, leave_for: LeaveFor) -> None:
        self._leave_for = leave_for
        self._held: dict[tuple[str, str, str], HeldLeave] = {}
        self._lock = Lock()

    def of(self, cookies: str, path: str, at: datetime, said: str = "") -> HeldLeave:
        """The leave of whose cookies these are to read what the path names; held, or judged now.

        Args:
            cookies: The request's cookies.
            path: What is asked for.
            at: Now.
            said: A reason for access that the request itself carries.

        Raises:
            ReasonNeeded: when a reason for access is required and there is none.
            NotSignedIn, Denied, NotFound, Conflict: as the judgement says; a refusal is in the log by then.
        """
        session = session_key(cookies)
        known = self._held.get((session, path, said))
        if known is not None and known.stands(at):
            return known
        # Read before the person is worked out: a session that changes in between makes this leave fall, not stay.
        data = session_data(session, at)
        viewer = viewer_of_session(session, at)
        reasons = Reasons(at, reasons_in(data), said)
        held = HeldLeave(self._leave_for(path, viewer, at, reasons), session, data, viewer.account_id, at)
        self._keep((session, path, said), held, at)
        return held

    def _keep(self, key: tuple[str, str, str], held: HeldLeave, at: datetime) -> None:
        """Keep it, and let go of those that no longer hold: each keeps a data key in memory."""
        with self._lock:
            self._held = {name: other for name, other in self._held.items() if at < other.since + HOLDS}
            if len(self._held) < _MOST:
                self._held[key] = held
