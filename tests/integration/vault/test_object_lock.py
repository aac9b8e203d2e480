"""A lock is believed after a real attempt to break it, on a real S3 server, with the store's own credentials."""

import os
from datetime import timedelta

import httpx
import pytest
from botocore.exceptions import ClientError

from tabard.cli.check import Level
from tabard.cli.commands.store_checks import judge
from tabard.kernel.clock import now
from tabard.safekeeping import securing
from tabard.vault import locks, selectors, services
from tabard.vault.errors import LockDoesNotHold, StoreFailed
from tabard.vault.models import SealedObject
from tabard.vault.stores import configured_stores, store_from_url

pytestmark = pytest.mark.django_db
PREFIX = "TABARD_STORE_B_"


@pytest.fixture
def second(settings, tmp_path, object_server, monkeypatch):
    """Makes the named bucket the second store, with the credentials of `b`; the first is a folder."""
    for name in list(os.environ):
        if name.startswith(("AWS_", PREFIX)):
            monkeypatch.delenv(name)
    settings.TABARD_HOME = tmp_path
    settings.TABARD_STORE_URL = (tmp_path / "a").as_uri()
    settings.TABARD_STORE_LOCK_DAYS = 31

    def configured(bucket, owner="b"):
        settings.TABARD_STORE_B_URL = f"s3://{bucket}/footage"
        for name, value in object_server.environ(owner, PREFIX).items():
            monkeypatch.setenv(name, value)
        return bucket

    return configured


def tried():
    return locks.try_lock(name="b", at=now())


def test_a_lock_that_holds_withstands_every_attempt(second, object_server):
    second(object_server.bucket("b", mode="COMPLIANCE", days=31))
    report = tried()
    assert report.weaknesses == ()
    assert (report.holds, report.days) == (True, 31)
    locks.require_locks(at=now())
    assert list(configured_stores()["b"].entries()) == []  # the object tried upon is hidden


def test_a_bucket_without_a_lock_is_refused(second, object_server):
    second(object_server.bucket("b"))
    assert tried().weaknesses == ("the bucket has no Object Lock",)
    with pytest.raises(LockDoesNotHold, match="no Object Lock"):
        locks.require_locks(at=now())


def test_a_lock_without_a_default_retention_is_refused(second, object_server):
    second(object_server.bucket("b", lock=True))
    assert tried().weaknesses == ("the bucket has Object Lock, but no default retention",)


def test_governance_mode_is_broken_and_refused(second, object_server):
    second(object_server.bucket("b", mode="GOVERNANCE", days=31))
    weaknesses = " ".join(tried().weaknesses)
    assert "governance mode, which an administrator can lift" in weaknesses
    assert "deleted by bypassing governance" in weaknesses
    assert "the locked bytes are gone" in weaknesses
    with pytest.raises(LockDoesNotHold):
        locks.require_locks(at=now())


def test_too_short_a_period_is_refused(second, object_server):
    second(object_server.bucket("b", mode="COMPLIANCE", days=30))
    weaknesses = tried().weaknesses
    assert weaknesses[0] == "its default retention is 30 days where 31 are wanted"
    assert weaknesses[1] == "what was put there is not retained in compliance mode for 31 days"
    assert len(weaknesses) == 2


def test_credentials_that_may_reconfigure_the_bucket_are_refused(second, object_server, monkeypatch):
    second(object_server.bucket("b", mode="COMPLIANCE", days=31))
    mighty = object_server.administrator
    monkeypatch.setenv(f"{PREFIX}AWS_ACCESS_KEY_ID", mighty.access_key)
    monkeypatch.setenv(f"{PREFIX}AWS_SECRET_ACCESS_KEY", mighty.secret_key)
    store_from_url.cache_clear()
    assert tried().weaknesses == ("these credentials may change or remove the bucket's default retention",)
    store_from_url.cache_clear()


def test_a_store_that_is_down_is_neither_believed_nor_refused(second, object_server, monkeypatch):
    second(object_server.bucket("b", mode="COMPLIANCE", days=31))
    monkeypatch.setenv(f"{PREFIX}AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(StoreFailed):
        tried()


def test_folders_cannot_lock_and_say_so(settings, tmp_path, second):
    settings.TABARD_STORE_B_URL = (tmp_path / "b").as_uri()
    with pytest.raises(LockDoesNotHold, match="a local folder cannot lock"):
        locks.require_locks(at=now())
    settings.TABARD_STORE_LOCK_DAYS = 0
    locks.require_locks(at=now())


def test_what_check_says_of_each(second, object_server):
    second(object_server.bucket("b", mode="COMPLIANCE", days=31))
    reports = [locks.try_lock(name=name, at=now()) for name in ("a", "b")]
    found = judge(reports, 31)
    assert found.level is Level.WARNING  # the folder beside it
    assert "every attempt to break its lock of 31 days was refused" in found.words
    assert judge(reports[1:], 31).level is Level.OK
    assert judge(reports[:1], 31).level is Level.PROBLEM


def sealed(plain):
    with services.start() as pending:
        pending.write(plain)
        pending.seal()
    return services.record(pending=pending, at=now())


def test_the_second_store_is_reached_with_its_own_credentials_alone(second, object_server, monkeypatch):
    bucket = second(object_server.bucket("b"))
    for name, value in object_server.environ("a").items():
        monkeypatch.setenv(name, value)  # of the first, which may not use buckets of the second
    monkeypatch.setenv("AWS_SESSION_TOKEN", "of the first")
    obj = sealed(os.urandom(9_000_000))  # more than a part of an upload
    securing.secure(object_id=obj.id, by=securing.Actor.system("test"), at=now())
    assert selectors.is_safe(object_id=obj.id)
    listed = object_server.client(object_server.b).list_objects_v2(Bucket=bucket)["Contents"]
    assert [item["Key"] for item in listed] == [f"footage/{obj.store_key}"]
    with pytest.raises(ClientError):
        object_server.client(object_server.a).get_object(Bucket=bucket, Key=listed[0]["Key"])


def test_both_stores_on_s3_keep_to_their_own_credentials(second, settings, object_server, monkeypatch):
    settings.TABARD_STORE_URL = f"s3://{object_server.bucket('a')}/footage"
    second(object_server.bucket("b"))
    for name, value in object_server.environ("a").items():
        monkeypatch.setenv(name, value)
    obj = sealed(b"seen by both")
    securing.secure(object_id=obj.id, by=securing.Actor.system("test"), at=now())
    assert selectors.is_safe(object_id=obj.id)
    configured_stores()["a"].delete(obj.store_key)
    assert b"".join(services.open_object(obj=obj).read()) == b"seen by both"


def test_a_repair_in_a_locked_bucket_keeps_the_damaged_bytes_as_a_version(second, object_server):
    bucket = second(object_server.bucket("b", mode="COMPLIANCE", days=31))
    obj = sealed(b"kept for the trial" * 100)
    by, at = securing.Actor.system("test"), now()
    securing.secure(object_id=obj.id, by=by, at=at)
    key = f"footage/{obj.store_key}"
    administrator = object_server.client(object_server.administrator)
    administrator.put_object(Bucket=bucket, Key=key, Body=b"rubbish")
    selectors.StoredCopy.objects.filter(store="b").delete()
    securing.secure(object_id=obj.id, by=by, at=at + timedelta(minutes=1))
    assert selectors.is_safe(object_id=obj.id)
    versions = administrator.list_object_versions(Bucket=bucket, Prefix=key)["Versions"]
    assert len(versions) == 3
    assert SealedObject.objects.get().damages.get().repaired_at is not None


def test_the_keeper_tells_an_address_that_answers(object_server):
    assert httpx.get(object_server.endpoint, trust_env=False).status_code in {200, 403}
