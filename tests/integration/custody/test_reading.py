"""A long log is looked at by several processes, and they find what one finds."""

import pytest
from django.db import transaction
from tests.integration.tampering.log_under_attack import sql

from tabard.custody import sequencer, services
from tabard.custody.actors import Actor, Subject
from tabard.custody.adapters import log_signer
from tabard.custody.errors import VerificationStopped
from tabard.custody.kinds import EventKind
from tabard.custody.models import Event
from tabard.custody.verification import reading, tree
from tabard.custody.verify import verify_log
from tabard.kernel.clock import now
from tabard.kernel.ids import new_id

BY = Actor.system("worker")


class NoNames:
    """Attacks here name their events by position alone."""

    events, waiting = (), ()


@pytest.fixture
def log(transactional_db, monkeypatch):
    """Four blocks of 256 positions, the last not full, under one checkpoint; each is worth a process."""
    monkeypatch.setattr(tree, "BLOCK_EVENTS", 256)
    monkeypatch.setattr(reading, "WORTH_PROCESSES", 1)
    planned = [
        services.PlannedEvent(
            EventKind.RECORDING_VIEWED, Subject("recording", new_id()), None, {"number": number}
        )
        for number in range(900)
    ]
    with transaction.atomic():
        services.append_many(planned, at=now(), by=BY)
    sequencer.sign_checkpoint(at=now(), signer=log_signer())


def found(processes):
    report = verify_log(log_signer().vkey, now=now(), processes=processes)
    return (
        report.root,
        report.events,
        report.tiles,
        sorted((each.code, each.where) for each in report.defects),
    )


@pytest.mark.slow
def test_several_processes_find_what_one_finds(log):
    assert found(2) == found(1)
    assert found(2)[3] == []
    sql(
        "UPDATE custody_event SET kind = 'recording.played' WHERE position = 3",
        "UPDATE custody_event SET at = at - interval '1 day' WHERE position = 700",
        "UPDATE custody_eventparticulars SET details = NULL, details_salt = NULL WHERE event_id ="
        " (SELECT id FROM custody_event WHERE position = 5)",
        "UPDATE custody_eventparticulars SET actor_name = 'Someone else' WHERE event_id ="
        " (SELECT id FROM custody_event WHERE position = 899)",
        "UPDATE custody_event SET leaf = sha256('x') WHERE position = 300",
        "UPDATE custody_node SET hash = sha256('x') WHERE level = 2 AND index = 100",
    )(NoNames())
    several = found(2)
    assert several == found(1)
    ids = dict(Event.objects.values_list("position", "id"))
    wanted = {
        ("column", ids[3]),
        ("back_dated", ids[700]),
        ("actor", ids[899]),
        ("leaf", ids[300]),
        ("node", "2/100"),
    }
    assert {(code, str(where)) for code, where in wanted} <= set(several[3])


def test_a_process_that_is_ended_is_no_finding(log, monkeypatch):
    monkeypatch.setattr(reading, "begin", exit)
    with pytest.raises(VerificationStopped):
        found(2)
