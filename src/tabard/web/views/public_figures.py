"""Figures of the rollout: what anyone may read without signing in, and where the force chooses it."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tabard.insight import figures
from tabard.insight.figures import Figure
from tabard.insight.models import PublishedFigure
from tabard.insight.rollout import LONDON
from tabard.kernel.clock import now
from tabard.kernel.errors import Conflict, Invalid
from tabard.people.authorisation import Viewer, can
from tabard.people.rules import Action
from tabard.web.forms.refusals import show_refusal
from tabard.web.forms.rollout import PublishForm
from tabard.web.pages import page, public_page
from tabard.web.rollout_sections import rollout_sections

SHOWN_PAST = 20


@public_page
@require_safe
def public(request: HttpRequest) -> HttpResponseBase:
    """The figures that the force has published, each with the day up to which it counts."""
    return render(request, "rollout/public.html", {"figures": figures.public_figures()})


@public_page
@require_safe
def public_json(_request: HttpRequest) -> HttpResponseBase:
    """The same for programs, also on other sites."""
    said = {
        "force": settings.TABARD_FORCE,
        "figures": [_said(each) for each in figures.public_figures()],
    }
    response = JsonResponse(said)
    response["Access-Control-Allow-Origin"] = "*"
    return response


@page(Action.ROLLOUT_VIEW)
@require_safe
def listed(request: HttpRequest, viewer: Viewer) -> HttpResponseBase:
    """What is public and what was; whoever may publish chooses here."""
    return _list_page(request, viewer, PublishForm(initial={"as_of_date": now().astimezone(LONDON).date()}))


@page(Action.FIGURES_PUBLISH)
@require_http_methods(["POST"])
def published(request: HttpRequest, viewer: Viewer) -> HttpResponseBase:
    """Makes a figure public as it was at the end of a day."""
    form = PublishForm(request.POST)
    if form.is_valid():
        figure = Figure(form.cleaned_data["figure"])
        day = form.cleaned_data["as_of_date"]
        try:
            row = figures.publish(figure=figure, as_of_date=day, by=viewer.actor, at=now())
        except (Invalid, Conflict) as error:
            show_refusal(form, error)
        else:
            messages.success(request, f"{figure.label}: {row.value} is public.")
            return redirect("rollout-figures")
    return _list_page(request, viewer, form)


@page(Action.FIGURES_PUBLISH)
@require_POST
def withdrawn(request: HttpRequest, viewer: Viewer, figure: str) -> HttpResponseBase:
    """Makes a figure public no more."""
    if figure not in Figure.values:
        raise Invalid("There is no such figure.", field="figure")
    figures.withdraw(figure=Figure(figure), by=viewer.actor, at=now())
    messages.success(request, f"{Figure(figure).label} is public no more.")
    return redirect("rollout-figures")


def _list_page(request: HttpRequest, viewer: Viewer, form: PublishForm) -> HttpResponseBase:
    shown = {each.figure: each for each in figures.public_figures()}
    context = {
        **rollout_sections(viewer, "rollout-figures"),
        "figures": [(figure, shown.get(figure)) for figure in Figure],
        "past": PublishedFigure.objects.exclude(withdrawn_at=None).order_by("-withdrawn_at")[:SHOWN_PAST],
        "form": form,
        "may_publish": can(viewer, Action.FIGURES_PUBLISH),
    }
    return render(request, "rollout/figures.html", context, status=400 if form.errors else 200)


def _said(row: PublishedFigure) -> dict[str, Any]:
    return {
        "figure": row.figure,
        "label": row.get_figure_display(),
        "value": row.value,
        "number": row.number,
        "is_about": row.is_about,
        "counts_up_to": row.as_of_date.isoformat(),
        "published_at": row.published_at.isoformat(),
    }
