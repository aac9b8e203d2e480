"""What runs past the cursor behaves as a cursor does: in transactions, in errors, and when the server is lost."""

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction
from django.db.transaction import TransactionManagementError

from tabard.custody.models import Node
from tabard.custody.prepared import Prepared
from tabard.custody.wire import as_bigint, as_smallint

ADD = Prepared("test_add", "INSERT INTO custody_node (level, index, hash) VALUES ($1, $2, $3)")
ASK = Prepared("test_ask", "SELECT $1::bigint + 1")


def add(level: int, index: int) -> None:
    ADD.run([as_smallint(level), as_bigint(index), bytes(32)])


@pytest.mark.django_db(transaction=True)
def test_it_begins_the_transaction_and_is_rolled_back_with_it():
    def act():
        with transaction.atomic():
            add(0, 0)
            add(0, 1)
            raise InterruptedError

    with pytest.raises(InterruptedError):
        act()
    assert not Node.objects.exists()
    with transaction.atomic():
        add(0, 0)
    assert Node.objects.count() == 1


@pytest.mark.django_db
def test_a_violated_constraint_is_the_error_that_a_cursor_raises():
    def act():
        with transaction.atomic():
            add(0, -1)

    with pytest.raises(IntegrityError) as caught:
        act()
    assert caught.value.__cause__.diag.constraint_name == "custody_node_not_negative"
    assert ASK.run([as_bigint(41)]).get_value(0, 0) == as_bigint(42)  # after the savepoint all goes on


@pytest.mark.django_db(transaction=True)
def test_a_lost_server_is_an_operational_error_and_the_next_connection_prepares_anew():
    assert ASK.run([as_bigint(1)]).get_value(0, 0) == as_bigint(2)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    other.close()
    with pytest.raises(OperationalError):
        ASK.run([as_bigint(1)])
    connection.close()
    assert ASK.run([as_bigint(2)]).get_value(0, 0) == as_bigint(3)


@pytest.mark.django_db
def test_after_an_error_that_was_swallowed_nothing_more_is_written():
    with transaction.atomic():
        transaction.set_rollback(True)
        with pytest.raises(TransactionManagementError):
            add(0, 0)
    assert not Node.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_went_stale_between_requests_is_made_anew():
    ASK.run([as_bigint(1)])
    connection.connection.close()
    connection.health_check_enabled, connection.health_check_done = True, False
    assert ASK.run([as_bigint(2)]).get_value(0, 0) == as_bigint(3)
