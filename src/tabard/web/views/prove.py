"""Prove it: a receipt being checked step by step, in words that somebody can follow who has to decide about it.

Anyone may hand in a receipt and its entry, which hold no personal data; they are checked without the database and are
neither kept nor logged. The receipt of an event of this log is shown to whoever may take it, and that is in the log.
"""

from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from tabard.custody.adapters import log_signer
from tabard.custody.covering import stamp_over
from tabard.custody.errors import NotYetSequenced, WitnessPolicyUnusable
from tabard.custody.selectors import sheet
from tabard.custody.verify import fingerprint
from tabard.custody.witnesses.quorum import witness_policy
from tabard.disclosure.receipt_walk import SHOWS_NOT, Keys, ReceiptWalk, Timestamp, walk_receipt
from tabard.incidents.log_reading import check_may_take_proof, take_receipt
from tabard.kernel.clock import now
from tabard.merkle.policy import Policy
from tabard.people.authorisation import Viewer
from tabard.web.forms.prove import MOST_REQUEST_BYTES, ProofForm
from tabard.web.pages import Open, page, public_page

_TOO_LARGE = f"Together the files may have at most {MOST_REQUEST_BYTES // 1024} KiB."


@csrf_exempt  # nothing is changed and nobody's session is used; and what is too large must not be read to find a token
@public_page
@require_http_methods(["GET", "HEAD", "POST"])
def prove(request: HttpRequest) -> HttpResponseBase:
    """The form for a receipt, or the check of the one that was handed in."""
    if request.method != "POST":
        return _form(request, ProofForm())
    if int(request.META.get("CONTENT_LENGTH") or 0) > MOST_REQUEST_BYTES:
        return _form(request, ProofForm(), status=413, refusal=_TOO_LARGE)
    form = ProofForm(request.POST, request.FILES)
    if not form.is_valid():
        return _form(request, form, status=400)
    said = form.cleaned_data
    logs, witnesses = said["keys"]
    keys = Keys(logs, witnesses) if logs else own_keys()
    stamp = Timestamp(said["token"], said["chain"]) if said["token"] else None
    walk = walk_receipt(leaf=said["leaf"], proof=said["proof"], keys=keys, timestamp=stamp)
    return _shown(request, walk, keys, are_own=not logs)


@page(Open.TO_SIGNED_IN)
@require_safe
def prove_event(request: HttpRequest, viewer: Viewer, event_id: UUID) -> HttpResponseBase:
    """The check of one event of this log, for who may take its receipt; that it was taken is logged."""
    check_may_take_proof(viewer, event_id)
    found = sheet(event_id)
    try:
        proof = take_receipt(viewer=viewer, event_id=event_id, at=now())
    except NotYetSequenced as waiting:
        return render(request, "log/proof_waiting.html", {"line": found.line, "why": waiting.message})
    keys = own_keys()
    walk = walk_receipt(leaf=found.leaf, proof=proof, keys=keys)
    if walk.checkpoint is not None and (stamped := stamp_over(walk.checkpoint.size)) is not None:
        walk = walk_receipt(leaf=found.leaf, proof=proof, keys=keys, timestamp=Timestamp(*stamped))
    return _shown(request, walk, keys, are_own=True, line=found.line)


def own_keys() -> Keys:
    """What this installation checks receipts with: every key its log ever had, and its witness policy."""
    policy = _policy()
    witnesses = [witness.key for witness in policy.witnesses] if policy else []
    return Keys(log_signer().verifiers, witnesses, policy)


def _policy() -> Policy | None:
    try:
        return witness_policy()
    except WitnessPolicyUnusable:
        # A policy that cannot be read names no witness; the page then says that none is known.
        return None


def _form(request: HttpRequest, form: ProofForm, *, status: int = 200, refusal: str = "") -> HttpResponse:
    vkey = log_signer().vkey
    context = {"form": form, "refusal": refusal, "vkey": vkey, "fingerprint": fingerprint(vkey)}
    return render(request, "log/prove.html", context, status=status)


def _shown(
    request: HttpRequest, walk: ReceiptWalk, keys: Keys, *, are_own: bool, **more: object
) -> HttpResponse:
    context = {
        "walk": walk,
        "shows_not": SHOWS_NOT,
        "keys": [(key.encode(), fingerprint(key.encode())) for key in keys.log],
        "are_own": are_own,
        **more,
    }
    return render(request, "log/proof.html", context, status=200)
