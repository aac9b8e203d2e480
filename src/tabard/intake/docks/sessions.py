"""Who does a session let in? A dock, by the key that opened it: for an hour, and no longer than the key stands.

Nothing is stored, so any door can check a token; whether its key was revoked is asked of the database every time, and
every second while a body is arriving.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from tabard.fleet import docks
from tabard.fleet.errors import DockNotSignedIn
from tabard.fleet.models import DockKey
from tabard.intake.axis import tokens

_SALT = "tabard.intake.docks.token"
_SCHEME = "bearer "
WATCH_EVERY_S = 1.0
LIFETIME = tokens.LIFETIME
_Given = TypeVar("_Given")


def issue(key: DockKey, at: datetime) -> str:
    """A token for whoever proved to hold the key."""
    return tokens.issue(key.pk, at, salt=_SALT)


def admitted(authorization: str, at: datetime) -> DockKey:
    """The key of the session that an `Authorization` header names.

    Raises:
        NotSignedIn, DockNotSignedIn: there is none, it is over, or its key was revoked.
    """
    if not authorization.lower().startswith(_SCHEME):
        raise DockNotSignedIn("The dock is not signed in.")
    return docks.standing_key(tokens.read(authorization[len(_SCHEME) :].strip(), at, salt=_SALT))


class KeyWatch:
    """Ends what a key was doing within a second of its being revoked, however slow its sender."""

    def __init__(self, revoked: Callable[[set[UUID]], Awaitable[set[UUID]]]) -> None:
        self._revoked = revoked
        self._tasks: dict[asyncio.Task[Any], UUID] = {}
        self._watching: asyncio.Task[None] | None = None

    async def guard(self, key_id: UUID, work: Coroutine[Any, Any, _Given]) -> _Given:
        """What the work gives.

        Raises:
            DockNotSignedIn: the key was revoked before it was done.
        """
        task = asyncio.ensure_future(work)
        self._tasks[task] = key_id
        if self._watching is None or self._watching.done():
            self._watching = asyncio.ensure_future(self._watch())
        try:
            return await task
        except asyncio.CancelledError:
            if task in self._tasks:
                task.cancel()
                with contextlib.suppress(BaseException):
                    await task
                raise
            raise DockNotSignedIn("The dock is not signed in.") from None
        finally:
            self._tasks.pop(task, None)

    async def _watch(self) -> None:
        while self._tasks:
            await asyncio.sleep(WATCH_EVERY_S)
            # What cannot be asked now is asked again; every acknowledgement asks for itself.
            with contextlib.suppress(Exception):
                self._end(await self._revoked(set(self._tasks.values())))

    def _end(self, revoked: set[UUID]) -> None:
        for task, key_id in list(self._tasks.items()):
            if key_id in revoked:
                del self._tasks[task]
                task.cancel()


def revoked_among(key_ids: set[UUID]) -> set[UUID]:
    """Those of the keys that do not stand any more."""
    standing = DockKey.objects.filter(pk__in=key_ids, revoked_at__isnull=True)
    return key_ids - set(standing.values_list("pk", flat=True))
