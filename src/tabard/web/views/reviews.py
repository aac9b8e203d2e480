"""Reviews on screen: the queue, the facts of one recording with the decision, and the second person's word."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tabard.custody.actors import Subject
from tabard.kernel.clock import now
from tabard.kernel.errors import Conflict, Invalid
from tabard.people.authorisation import Viewer, can
from tabard.people.rules import Action
from tabard.recordings import selectors as recordings
from tabard.recordings.models import Recording
from tabard.recordings.viewing import record_view
from tabard.retention import policies, review_queue, reviews
from tabard.retention.models import Review
from tabard.retention.review_questions import SOURCE
from tabard.web.forms.early_disposals import CloseForm
from tabard.web.forms.refusals import show_refusal
from tabard.web.forms.reviews import QueueForm, ReviewForm
from tabard.web.numbered import part_of
from tabard.web.pages import page
from tabard.web.reasons import reason_for, shown_with


@page(Action.REVIEW_VIEW)
@require_safe
def listed(request: HttpRequest, viewer: Viewer) -> HttpResponseBase:
    """What waits for a person's decision, longest over first."""
    at = now()
    names = {rule.code: rule.name for rule in policies.current(at).rules}
    form = QueueForm(request.GET, rules=names)
    wanted = form.wanted()
    counted = review_queue.counts(viewer, at, wanted)
    part = part_of(request, sum(counted.values()))
    items = review_queue.page(viewer, at, wanted, first=part.first)
    context = {
        "filter_form": form,
        "counts": [(code, names.get(code, code), number) for code, number in counted.items()],
        "total": sum(counted.values()),
        "items": [(item, names.get(item.rule, item.rule)) for item in items],
        "part": part,
        "is_filtered": bool(wanted.rule or wanted.unit_ids is not None),
    }
    return render(request, "reviews/list.html", context)


@page(Action.REVIEW_VIEW)
@require_http_methods(["GET", "HEAD", "POST"])
def shown(request: HttpRequest, viewer: Viewer, recording_id: UUID) -> HttpResponseBase:
    """The facts of one recording, and the form that decides; the look is in the log."""
    recording = recordings.get(viewer, recording_id, Action.REVIEW_VIEW)
    if request.method != "POST":
        return _shown(request, viewer, recording)
    recordings.get(viewer, recording_id, Action.REVIEW_DECIDE)
    form = ReviewForm(request.POST)
    if form.is_valid():
        try:
            made = _decide(recording, viewer, form.cleaned_data)
        except (Invalid, Conflict) as error:
            show_refusal(form, error)
        else:
            messages.success(request, _DONE[Review.Choice(made.choice)])
            return redirect("recording-review", recording_id)
    return _shown(request, viewer, recording, form)


@page(Action.REVIEW_DECIDE)
@require_POST
def agree(request: HttpRequest, viewer: Viewer, review_id: UUID) -> HttpResponseBase:
    """A second person agrees to let it go."""
    review = review_queue.get(viewer, review_id, Action.REVIEW_DECIDE)
    try:
        reviews.agree(review_id=review_id, viewer=viewer, at=now())
    except Conflict as error:
        form = CloseForm({"reason": ""})
        form.errors.clear()
        form.add_error(None, error.message)
        return _shown(request, viewer, review.recording, form, name="refuse_form")
    messages.success(request, "Agreed. The recording goes with the next disposal run.")
    return redirect("recording-review", review.recording_id)


@page(Action.REVIEW_DECIDE)
@require_POST
def refuse(request: HttpRequest, viewer: Viewer, review_id: UUID) -> HttpResponseBase:
    """What was proposed is off."""
    review = review_queue.get(viewer, review_id, Action.REVIEW_DECIDE)
    form = CloseForm(request.POST)
    if form.is_valid():
        try:
            reviews.refuse(review_id=review_id, **form.cleaned_data, viewer=viewer, at=now())
        except (Invalid, Conflict) as error:
            show_refusal(form, error)
        else:
            messages.success(request, "Refused. The recording stays.")
            return redirect("recording-review", review.recording_id)
    return _shown(request, viewer, review.recording, form, name="refuse_form")


_DONE = {
    Review.Choice.KEEP: "The recording is kept. It comes back to this list after that day.",
    Review.Choice.LET_GO: "Proposed. The recording stays until another person agrees.",
}


def _decide(recording: Recording, viewer: Viewer, typed: dict[str, Any]) -> Review:
    given = {"recording": recording, "reason": typed["reason"], "yes": typed["yes"]}
    if typed["choice"] == Review.Choice.KEEP:
        return reviews.keep(**given, until_date=typed["until_date"], viewer=viewer, at=now())
    return reviews.let_go(**given, viewer=viewer, at=now())


def _shown(
    request: HttpRequest, viewer: Viewer, recording: Recording, typed: Any = None, name: str = "form"
) -> HttpResponseBase:
    item, at = Subject("recording", recording.id), now()
    sheet = review_queue.sheet(viewer, recording, at)
    reason = reason_for(request, item)
    record_view(recording=recording, viewer=viewer, at=at, reason=reason)
    decides = can(viewer, Action.REVIEW_DECIDE, recording)
    proposal = sheet.proposal
    context = {
        "sheet": sheet,
        "recording": recording,
        "source": SOURCE,
        "form": ReviewForm(initial={"until_date": sheet.suggested_date})
        if decides and sheet.is_due and proposal is None
        else None,
        "refuse_form": CloseForm() if decides and proposal is not None else None,
        "is_proposer": proposal is not None and proposal.decided_by_id == viewer.account_id,
        **shown_with(request, item, reason),
        **({name: typed} if typed is not None else {}),
        "typed": typed,
    }
    return render(request, "reviews/review.html", context, status=200 if typed is None else 400)
