"""Which holds may this person see, what does each cover, and which of them wait for somebody?

Holds are seen by those who place them or look after retention. An officer's is never shown to that officer, whatever
else they are, nor counted where they could see the count.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import islice
from uuid import UUID

from django.db import transaction
from django.db.models import BooleanField, Exists, ExpressionWrapper, OuterRef, Q, QuerySet

from tabard.kernel.errors import NotFound
from tabard.people.authorisation import Viewer, check_can
from tabard.people.models import Account, Posting, RoleGrant
from tabard.people.rules import Action, Role, reach
from tabard.recordings.models import Recording
from tabard.retention import keeping, policies
from tabard.retention.holds import Held, day_of, drafted
from tabard.retention.models import Hold
from tabard.retention.rules import decide
from tabard.retention.selectors import facts_of_many

_PLACING = [role.value for role in Role if reach([role], Action.HOLD_PLACE)]
_NAMES = ("recording__officer", "incident", "officer", "owner", "placed_by", "released_by")
_MOST_NAMED = 50
_BATCH = 1_000
_SPANS = (("now", timedelta()), ("within 7 days", timedelta(days=7)), ("within 31 days", timedelta(days=31)))


@dataclass(frozen=True, slots=True)
class HoldFilter:
    """Which holds to list; what is empty narrows nothing. `standing` is in_force, to_review or released."""

    standing: str = ""
    kind: str = ""
    scope: str = ""
    owner: str = ""


@dataclass(slots=True)
class Rehearsal:
    """What a hold would cover: how many recordings, when they would go without it, and which are gone already."""

    held: int = 0
    size_bytes: int = 0
    kept_already: int = 0
    due: Counter[str] = field(default_factory=Counter)
    gone: list[Recording] = field(default_factory=list)
    gone_count: int = 0

    @property
    def lines(self) -> list[tuple[str, int]]:
        """How many are due when, soonest first."""
        return [(words, self.due[words]) for words in (*(words for words, _ in _SPANS), "later", "never")]


def holds(viewer: Viewer, at: datetime, wanted: HoldFilter | None = None) -> QuerySet[Hold]:
    """The holds that the viewer may see, those to be looked at soonest first, then the released, newest first.

    Each has `has_owner`: whether whoever owns it is still here and may place holds.

    Raises:
        Denied: when the viewer may see none.
    """
    check_can(viewer, Action.HOLD_VIEW)
    return _narrowed(_visible(viewer), wanted or HoldFilter(), at).order_by(
        "-released_at", "review_date", "id"
    )


def get(viewer: Viewer, hold_id: UUID) -> Hold:
    """The hold, with `has_owner`.

    Raises:
        Denied: when the viewer may see none.
        NotFound: when there is none that they may know of.
    """
    check_can(viewer, Action.HOLD_VIEW)
    found = _visible(viewer).filter(id=hold_id).first()
    if found is None:
        raise NotFound("There is no such hold.", hold=str(hold_id))
    return found


def of_recording(viewer: Viewer, recording: Recording) -> QuerySet[Hold]:
    """The holds that cover a recording, or did, newest first, as far as the viewer may see them."""
    return _visible(viewer).filter(id__in=keeping.all_holds_on(recording.id)).order_by("-placed_at", "-id")


def to_review(viewer: Viewer, at: datetime) -> QuerySet[Hold]:
    """The holds about which the viewer is asked: those they own; to a records manager, everybody's."""
    rows = _narrowed(_visible(viewer), HoldFilter("to_review"), at).order_by("review_date", "id")
    return rows if Role.RECORDS_MANAGER in viewer.roles else rows.filter(owner_id=viewer.account_id)


def without_owner(viewer: Viewer) -> QuerySet[Hold]:
    """The holds in force that the viewer may see and whose owner cannot be asked any more."""
    return _visible(viewer).filter(~_owner_is_here(), released_at__isnull=True)


def possible_owners(hold: Hold) -> QuerySet[Account]:
    """The accounts that a hold can be handed over to, by name."""
    able = Account.objects.filter(is_active=True, grants__role__in=_PLACING).distinct()
    if hold.officer_id is not None:
        able = able.filter(Q(officer__isnull=True) | ~Q(officer_id=hold.officer_id))
    if hold.owner_id is not None:
        able = able.exclude(id=hold.owner_id)
    return able.order_by("display_name", "username")


def rehearse(*, on: Held, kind: str, viewer: Viewer, at: datetime) -> Rehearsal:
    """What such a hold would cover; nothing of it remains.

    It is placed, asked what it covers, and taken back, so that the rehearsal cannot differ from the hold.

    Raises:
        Denied, Invalid: as `holds.place`.
    """
    hold = drafted(on=on, kind=kind, viewer=viewer, at=at)
    with transaction.atomic():
        before = keeping.covered(_saved(hold)).select_related("officer")
        found = _rehearsed(before.order_by("filmed_at", "id"), at)
        transaction.set_rollback(True)
    return found


def covers(hold: Hold) -> str:
    """What the hold covers, in words; the days of a period are the force's own, both included."""
    if hold.recording is not None:
        return f"recording {hold.recording.source_name}"
    if hold.incident is not None:
        return f"whatever is linked to {hold.incident.reference}"
    if hold.officer is None or hold.period_from_at is None or hold.period_to_at is None:
        return "everything"
    first, last = days_of(hold)
    return f"what {hold.officer} may have filmed, {first:%d %B %Y} to {last:%d %B %Y}"


def days_of(hold: Hold) -> tuple[date, date]:
    """The first and the last day of a hold on an officer's footage."""
    if hold.period_from_at is None or hold.period_to_at is None:
        raise ValueError("it has no period")
    return day_of(hold.period_from_at), day_of(hold.period_to_at) - timedelta(days=1)


def _visible(viewer: Viewer) -> QuerySet[Hold]:
    if not reach(viewer.roles, Action.HOLD_VIEW):
        return Hold.objects.none()
    rows = Hold.objects.select_related(*_NAMES).annotate(
        has_owner=ExpressionWrapper(_owner_is_here(), output_field=BooleanField())
    )
    return rows if viewer.officer_id is None else rows.exclude(officer_id=viewer.officer_id)


def _owner_is_here() -> Q:
    """Whether the owner can be asked: there is one, who may sign in, may place holds and has not left."""
    able = RoleGrant.objects.filter(account_id=OuterRef("owner_id"), role__in=_PLACING)
    posted = Posting.objects.filter(officer_id=OuterRef("owner__officer_id"), during__upper_inf=True)
    here = Q(owner__is_active=True) & Q(Exists(able)) & (Q(owner__officer__isnull=True) | Q(Exists(posted)))
    return Q(owner__isnull=False) & here


def _narrowed(rows: QuerySet[Hold], wanted: HoldFilter, at: datetime) -> QuerySet[Hold]:
    if wanted.standing:
        rows = rows.filter(released_at__isnull=wanted.standing != "released")
    if wanted.standing == "to_review":
        rows = rows.filter(Q(review_date__isnull=True) | Q(review_date__lte=day_of(at)))
    for name in ("kind", "scope"):
        if value := getattr(wanted, name):
            rows = rows.filter(**{name: value})
    return rows.filter(owner__username=wanted.owner) if wanted.owner else rows


def _saved(hold: Hold) -> Hold:
    hold.reason = "Rehearsed"
    hold.save(force_insert=True)
    return hold


def _rehearsed(covered: QuerySet[Recording], at: datetime) -> Rehearsal:
    gone = covered.filter(disposed_at__isnull=False)
    found = Rehearsal(gone=list(gone[:_MOST_NAMED]), gone_count=gone.count())
    recordings = covered.filter(disposed_at__isnull=True).iterator(_BATCH)
    while batch := list(islice(recordings, _BATCH)):
        _count(found, batch, at)
    return found


def _count(found: Rehearsal, recordings: Sequence[Recording], at: datetime) -> None:
    """Count them; whatever else keeps one is told by a word beside the hold's own."""
    policy, facts = policies.current(at), facts_of_many(recordings)
    for recording in recordings:
        decided = decide(facts[recording.id], policy)
        found.held += 1
        found.size_bytes += recording.size_bytes
        found.kept_already += len(decided.held_by) > 1
        found.due[_when(decided.due_at, at)] += 1


def _when(due_at: datetime | None, at: datetime) -> str:
    if due_at is None:
        return "never"
    return next((words for words, span in _SPANS if due_at <= at + span), "later")
