"""What is done with notices that a recording which is about to go overlaps an incident."""

from tests.disposals import noticed, stopped_run
from tests.integration.api.access_world import DONE_AT
from tests.integration.logged.acts_on_recordings import film
from tests.integration.logged.registry import AT, BY, Call, Stage, act

from tabard.custody.kinds import EventKind as E
from tabard.retention import notice_answers, notices
from tabard.retention.models import Notice
from tabard.retention.policy import default_policy


def told(stage: Stage) -> Notice:
    """Of a recording of the asker's that nothing keeps, and an incident that they recorded."""
    return noticed(film(), stage.own.unlinked_incident, DONE_AT)


@act("retention.notices.give", E.DISPOSAL_NOTICED)
def give(stage: Stage) -> Call:
    told(stage)
    Notice.objects.all().delete()
    run = stopped_run(DONE_AT)
    return lambda: notices.give(run=run, policy=default_policy(), by=BY, at=AT) and run.pk


@act("retention.notices.note_seen", E.DISPOSAL_NOTICE_SEEN)
def note_seen(stage: Stage) -> Call:
    notice, viewer = told(stage), stage.viewer
    shown = {"incident_ids": [notice.incident_id], "viewer": viewer, "at": AT}
    return lambda: notices.note_seen(**shown) and viewer.account_id


def answer(stage: Stage) -> dict:
    notice = told(stage)
    which = {"incident_id": notice.incident_id, "recording_ids": [notice.recording_id]}
    return {**which, "viewer": stage.viewer, "at": AT}


@act("retention.notice_answers.link_all", E.INCIDENT_LINKED)
def link_all(stage: Stage) -> Call:
    which = answer(stage)
    return lambda: notice_answers.link_all(**which)[0].pk


@act("retention.notice_answers.categorise_all", E.RECORDING_CATEGORISED)
def categorise_all(stage: Stage) -> Call:
    which = answer(stage)
    return lambda: notice_answers.categorise_all(**which, category="crime")[0].pk


@act("retention.notice_answers.dismiss_all", E.DISPOSAL_NOTICE_DISMISSED)
def dismiss_all(stage: Stage) -> Call:
    which = answer(stage)
    return lambda: notice_answers.dismiss_all(**which)[0].pk
