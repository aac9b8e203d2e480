"""Which reason has this person given for opening this item? Kept in the session, for one item and some hours.

The rule itself is `people.access_reasons`; here it is only asked, and what was given is kept and found again. The item
of a segment, a clip or a history is its recording, that of a pack its exhibit: whoever says why they open an item has
said it for all that belongs to it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import urlencode

from tabard.custody.actors import Subject
from tabard.kernel.clock import now
from tabard.people import access_reasons
from tabard.people.access import rule
from tabard.people.access_reasons import HEADER, Asking, Given, ReasonNeeded, stated
from tabard.web.forms.access import ReasonForm

KEY = "access_reasons"
_MOST = 200


@dataclass(frozen=True, slots=True)
class Reasons:
    """What one request has to say of its reasons: a header that speaks for it alone, else what its session holds."""

    at: datetime
    held: Mapping[str, Any]
    header: str = ""

    def of(self, item: Subject) -> str | None:
        """The reason that holds for the item now, or None where none is needed.

        Raises:
            ReasonNeeded: when one is required and there is none; it names the item.
            Invalid: when the header holds what no reason can be.
        """
        reason = self._given(item)
        try:
            access_reasons.check(rule(), reason)
        except ReasonNeeded as needed:
            raise ReasonNeeded(needed.message, field=HEADER, item_type=item.type, item_id=item.id) from needed
        return reason

    def _given(self, item: Subject) -> str | None:
        if self.header:
            return stated(self.header)
        return access_reasons.standing(_given(self.held.get(_name(item))), self.at)


def reason_for(request: HttpRequest, item: Subject) -> str | None:
    """The reason that the person gave in this session for opening the item.

    Raises:
        ReasonNeeded: when one is required and there is none; the middleware leads to the page that asks for it.
    """
    return Reasons(now(), request.session.get(KEY, {})).of(item)


def give(request: HttpRequest, item: Subject, reason: str, at: datetime) -> None:
    """The reason holds for the item from now on, in this session."""
    kept = {name: held for name, held in request.session.get(KEY, {}).items() if _stands(held, at)}
    newest = sorted(kept.items(), key=lambda one: str(one[1][1]))[-_MOST + 1 :]
    request.session[KEY] = {**dict(newest), _name(item): [reason, at.isoformat()]}


def shown_with(request: HttpRequest, item: Subject, reason: str | None) -> dict[str, Any]:
    """What a page says of the reason: the form that asks for one, or the one that holds and where to change it."""
    asked = rule()
    if asked is Asking.OFF:
        return {}
    context: dict[str, Any] = {"reason_url": asking_url(item, request.get_full_path())}
    if access_reasons.prompts(asked, reason):
        return {**context, "reason_form": ReasonForm(prefix="access"), "reason_next": request.get_full_path()}
    return {**context, "reason_held": reason}


def asking_url(item: Subject, following: str) -> str:
    """The page that asks for the reason, and leads on afterwards."""
    return f"{reverse('access-reason', args=[item.type, item.id])}?{urlencode({'next': following})}"


def session_data(key: str, at: datetime) -> str:
    """The session as it is stored, which changes whenever something is said in it; empty where there is none."""
    stored = Session.objects.filter(session_key=key, expire_date__gt=at).values_list(
        "session_data", flat=True
    )
    return stored.first() or ""


def reasons_in(data: str) -> Mapping[str, Any]:
    """The reasons that a stored session holds."""
    held = SessionStore().decode(data).get(KEY, {}) if data else {}
    return held if isinstance(held, dict) else {}


def header_text(raw: str) -> str:
    """A header's value as its sender wrote it: HTTP servers hand bytes over as Latin-1, programs mostly send UTF-8."""
    try:
        return raw.encode("latin-1").decode()
    except UnicodeError:
        return raw


def _name(item: Subject) -> str:
    return f"{item.type}:{item.id}"


def _given(held: Any) -> Given | None:
    return None if held is None else Given(held[0], datetime.fromisoformat(held[1]))


def _stands(held: Any, at: datetime) -> bool:
    return access_reasons.standing(_given(held), at) is not None
