"""Who is at the door? Checks a user name and password, records the outcome, and stops guessing.

Ten failures under one user name within fifteen minutes of the first close that name until the fifteen minutes are
over. That lets a stranger keep an officer out for a quarter of an hour at a time; the custody log shows it.
"""

from datetime import datetime, timedelta
from uuid import NAMESPACE_OID, UUID, uuid5

from django.contrib.auth.hashers import make_password
from django.db import connection, transaction
from django.db.models import Q
from django.utils.crypto import salted_hmac

from tabard.custody import services as custody
from tabard.custody.actors import Actor, ActorKind, Subject
from tabard.custody.kinds import EventKind
from tabard.people.errors import SignInFailed, SignInLocked
from tabard.people.models import Account, SignInAttempts
from tabard.people.services import normal_username

MAX_FAILURES = 10
LOCK_OUT = timedelta(minutes=15)

_STRANGER = Actor(ActorKind.CLIENT, "not-signed-in", "Someone not signed in")

_COUNT = """
    INSERT INTO people_signinattempts AS seen (key, failures, since_at) VALUES (%(key)s, 1, %(at)s)
    ON CONFLICT (key) DO UPDATE SET
        failures = CASE WHEN seen.since_at <= %(expired)s THEN 1 ELSE LEAST(seen.failures + 1, 1000) END,
        since_at = CASE WHEN seen.since_at <= %(expired)s THEN EXCLUDED.since_at ELSE seen.since_at END
    RETURNING failures
"""


def authenticate(username: str, password: str, at: datetime) -> Account:
    """The account that the name and password belong to; success and failure are each one committed custody event.

    One password hash is computed whether the name exists or not, so the time taken does not tell. Neither does the
    lock-out, which counts names that do not exist like those that do.

    Raises:
        SignInFailed: when they do not belong together, or the account is closed.
        SignInLocked: when the name was tried too often in vain, whatever the password.
    """
    key = _key(username)
    tries = _count_try(key, at)
    account = _account_named(username)
    if tries > MAX_FAILURES:
        _record_failure(account, key, "locked", at)
        raise SignInLocked("Too many failed attempts. Try again in 15 minutes.", field="username")
    reason = _fault(account, password)
    if account is None or reason:
        _record_failure(account, key, reason, at)
        raise SignInFailed("The user name or the password is wrong.", field="username")
    _record_success(account, key, at)
    return account


def record_sign_out(*, account: Account, at: datetime) -> None:
    """The custody log says that the account signed out."""
    with transaction.atomic():
        _append(EventKind.ACCOUNT_SIGNED_OUT, account.id, _actor(account), at)


def _key(username: str) -> str:
    """What stands for the typed name: a keyed hash, so that a mistyped password is not kept."""
    return salted_hmac("tabard.people.sign_in", normal_username(username), algorithm="sha256").hexdigest()


def _count_try(key: str, at: datetime) -> int:
    """How many tries there were under the name, this one included; committed before the password is looked at.

    The count is one statement, so that tries made at the same moment each see a different number.
    """
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute(_COUNT, {"key": key, "at": at, "expired": at - LOCK_OUT})
        (tries,) = cursor.fetchone()
    return int(tries)


def _account_named(username: str) -> Account | None:
    """The account of that name; None for a name that no account can have."""
    name = normal_username(username)
    return Account.objects.filter(username=name).first() if name.isprintable() else None


def _fault(account: Account | None, password: str) -> str:
    """Why the sign-in fails, for the log only; empty when it does not. Always costs one hash."""
    if account is None:
        make_password(password)
        return "unknown user name"
    if not account.check_password(password):
        return "wrong password"
    return "" if account.is_active else "closed account"


def _record_failure(account: Account | None, key: str, reason: str, at: datetime) -> None:
    """Commit the failure on its own: it must outlive the error that follows."""
    subject_id = uuid5(NAMESPACE_OID, key) if account is None else account.id
    with transaction.atomic(durable=True):
        _append(EventKind.ACCOUNT_SIGN_IN_FAILED, subject_id, _STRANGER, at, reason=reason)


def _record_success(account: Account, key: str, at: datetime) -> None:
    """Forget the failures of this name, and those of other names that no longer count."""
    with transaction.atomic(durable=True):
        SignInAttempts.objects.filter(Q(key=key) | Q(since_at__lte=at - LOCK_OUT)).delete()
        _append(EventKind.ACCOUNT_SIGNED_IN, account.id, _actor(account), at)


def _actor(account: Account) -> Actor:
    """The account as the custody log names it."""
    return Actor(ActorKind.ACCOUNT, str(account.id), account.display_name)


def _append(kind: EventKind, account_id: UUID, by: Actor, at: datetime, **details: str) -> None:
    """One event about an account, or about the stand-in for a name that has none."""
    custody.append(kind=kind, subject=Subject("account", account_id), at=at, by=by, details=details)
