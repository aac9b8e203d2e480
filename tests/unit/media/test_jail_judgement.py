import pytest

from tabard.kernel.errors import Invalid, Unavailable
from tabard.media.jail.errors import JailIncomplete
from tabard.media.jail.limits import Limits
from tabard.media.jail.walls import ATTEMPTS, MEANS, judge


def test_a_wall_is_held_by_any_of_its_means_and_says_which():
    states = judge({"namespace": "Operation not permitted"}, [])
    assert states["network"].held
    assert states["network"].words == (
        "held by a system-call filter; without an empty network namespace (Operation not permitted)"
    )
    assert states["files"].words == "held by Landlock and a system-call filter"


def test_a_wall_without_any_of_its_means_is_missing():
    states = judge({"landlock": "not supported", "calls": "not supported"}, [])
    assert not states["files"].held
    assert (
        states["files"].words
        == "without Landlock (not supported); without a system-call filter (not supported)"
    )
    assert states["network"].held


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_an_attempt_that_passes_shows_the_wall_missing_whatever_the_means(attempt):
    states = judge({}, [attempt])
    assert [wall for wall, state in states.items() if not state.held] == [ATTEMPTS[attempt]]
    assert states[ATTEMPTS[attempt]].words == f"{attempt} succeeded"


def test_a_wall_with_its_only_means_refused_is_missing():
    for wall, means in MEANS.items():
        if len(means) == 1:
            assert not judge(dict.fromkeys(means, "refused"), [])[wall].held


def test_missing_walls_are_named_and_are_something_an_administrator_can_change():
    missing = JailIncomplete({"network": "without a system-call filter", "files": "without Landlock"})
    assert isinstance(missing, Unavailable)
    assert missing.message.endswith("(files: without Landlock; network: without a system-call filter).")


@pytest.mark.parametrize(
    "name", ["memory_bytes", "cpu_s", "wall_s", "output_bytes", "max_side", "max_pixels"]
)
def test_a_limit_of_nothing_is_refused(name):
    with pytest.raises(Invalid) as refused:
        Limits(**{name: 0})
    assert refused.value.fields["field"] == name
