"""What storage will take: what is there falls away when it is due, what comes in stays for its own period."""

from datetime import UTC, datetime, timedelta

from tabard.retention.figures import Intake, forecast, month_ends

AT = datetime(2026, 11, 21, tzinfo=UTC)
ENDS = [AT + timedelta(days=30 * number) for number in (1, 2, 3)]


def test_what_is_stored_falls_away_when_it_is_due():
    found = forecast(AT, 100, [10, 0, 50], ENDS, [])
    assert [each.today_bytes for each in found] == [100, 90, 90, 40]
    assert {each.new_bytes for each in found} == {0}


def test_what_comes_in_stays_for_its_period_and_for_good_where_a_person_decides():
    found = forecast(AT, 0, [0, 0, 0], ENDS, [Intake(2.0, 31), Intake(1.0, None)])
    assert [each.new_bytes for each in found] == [0, 90, 62 + 60, 62 + 90]


def test_the_ends_of_months_go_on_over_the_year():
    ends = month_ends(AT)
    assert (ends[0], ends[1], len(ends)) == (
        datetime(2026, 12, 1, tzinfo=UTC),
        datetime(2027, 1, 1, tzinfo=UTC),
        12,
    )
