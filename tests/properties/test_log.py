"""No honest history is ever accused, and one tampering with any of them is always found and named."""

import os
import random

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from tests.integration.tampering.log_under_attack import append, sql

from tabard.custody import sequencer, services
from tabard.custody.actors import Actor, Subject
from tabard.custody.adapters import FileSigner
from tabard.custody.canonical import canonical
from tabard.custody.kinds import EventKind
from tabard.custody.models import Event
from tabard.custody.signing.keys import LogKeys
from tabard.custody.verify import LogReport, verify_log
from tabard.kernel.clock import now
from tabard.kernel.ids import new_id

CLEAN_RUNS = int(os.environ.get("TABARD_CLEAN_RUNS", "25"))
BY = Actor.system("worker")
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
STEPS = st.sampled_from(
    ["append", "many", "many_unplaced", "sequence", "few", "sign", "erase", "rotate", "retire"]
)


class History:
    """A log that honest processes write, step by step."""

    def __init__(self, folder) -> None:
        self._path = folder / "log-key"
        self._path.write_text(LogKeys.begun("log.example/property").encode())
        self.signer = FileSigner(self._path)
        self.random = random.Random(7)  # noqa: S311 - choices of a test

    def do(self, step: str, details: dict) -> None:
        getattr(self, f"_{step}")(details)

    def _append(self, details: dict) -> None:
        with transaction.atomic():
            services.append(
                kind=EventKind.RECORDING_VIEWED,
                subject=Subject("recording", new_id()),
                at=now(),
                by=Actor.system("".join(map(str, details))[:60] or "worker"),
                details=details,
            )

    def _many(self, details: dict) -> None:
        with transaction.atomic():
            services.append_many(self._planned(details), at=now(), by=BY)

    def _many_unplaced(self, details: dict) -> None:
        append(self.random.randint(1, 5))

    def _planned(self, details: dict) -> list[services.PlannedEvent]:
        return [
            services.PlannedEvent(EventKind.CAMERA_RECEIVED, Subject("camera", new_id()), None, details)
            for _ in range(self.random.randint(1, 9))
        ]

    def _sequence(self, details: dict) -> None:
        sequencer.sequence()

    def _few(self, details: dict) -> None:
        sequencer.sequence(limit=3)

    def _sign(self, details: dict) -> None:
        sequencer.sign_checkpoint(at=now(), signer=self.signer)

    def _erase(self, details: dict) -> None:
        ids = list(Event.objects.values_list("subject_id", flat=True))
        with transaction.atomic():
            services.erase_details(subject_ids=self.random.sample(ids, len(ids) // 2), kinds=list(EventKind))

    def _rotate(self, details: dict) -> None:
        self._replace(self.signer.keys().rotated())

    def _retire(self, details: dict) -> None:
        if len(self.signer.keys().signers) > 1:
            self._replace(self.signer.keys().without_oldest())

    def _replace(self, keys: LogKeys) -> None:
        staged = self._path.with_name("staged")
        staged.write_text(keys.encode())
        staged.replace(self._path)

    def verify(self) -> LogReport:
        last = self.signer.last_signed()
        vkeys = [key.encode() for key in self.signer.verifiers]
        return verify_log(*vkeys, also_signed=[last] if last else [], now=now())


HISTORIES = st.lists(st.tuples(STEPS, st.dictionaries(TEXT, VALUES, max_size=3)), min_size=1, max_size=14)
# Each with a condition on which event it needs, what must be named, and of which event.
TAMPERINGS = (
    ("UPDATE custody_event SET kind = 'recording.disposed' WHERE id = '{id}'", "column"),
    ("UPDATE custody_event SET at = at + interval '1 second' WHERE id = '{id}'", "column"),
    ("UPDATE custody_event SET subject_id = gen_random_uuid() WHERE id = '{id}'", "column"),
    ("UPDATE custody_event SET leaf = '\\x7b7d' WHERE id = '{id}'", "leaf"),
    ("UPDATE custody_eventparticulars SET actor_name = actor_name || 'x' WHERE event_id = '{id}'", "actor"),
    ("UPDATE custody_eventparticulars SET actor_salt = sha256('x') WHERE event_id = '{id}'", "actor"),
    ("DELETE FROM custody_eventparticulars WHERE event_id = '{id}'", "particulars_missing"),
    ("DELETE FROM custody_event WHERE id = '{id}'", "particulars_unexpected"),
)


class TestHistories(TestCase):
    """Each example in a transaction of its own."""

    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path_factory):
        self.folders = tmp_path_factory

    @settings(max_examples=CLEAN_RUNS, deadline=None, suppress_health_check=list(HealthCheck))
    @given(HISTORIES)
    def test_an_honest_history_is_never_accused(self, steps):
        history = History(self.folders.mktemp("keys"))
        for step, details in steps:
            history.do(step, details)
        assert history.verify().defects == []

    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(HISTORIES, st.integers(0, 2**16), st.sampled_from(TAMPERINGS))
    def test_one_tampering_with_any_history_is_found_and_named(self, steps, which, tampering):
        history = History(self.folders.mktemp("keys"))
        history.do("append", {})
        for step, details in steps:
            history.do(step, details)
        ids = list(Event.objects.order_by("id").values_list("id", flat=True))
        (statement, code), culprit = tampering, str(ids[which % len(ids)])

        class NoLog:
            events, waiting = (), ()

        sql(statement.replace("{id}", culprit))(NoLog())
        assert (code, culprit) in {(defect.code, defect.where) for defect in history.verify().defects}


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(TEXT, VALUES, max_size=4))
def test_the_quick_canonical_form_is_the_judges(value):
    import rfc8785

    assert canonical(value) == rfc8785.dumps(value)
