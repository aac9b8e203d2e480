"""What a chest camera sees: deterministic, with faces, and the same incident from both sides."""

import sys
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from tabard.kernel.errors import Unavailable
from tabard.simulation import portrait
from tabard.simulation.scene import INCIDENT_M, LOOP_M, Person, Scene, Viewpoint, World
from tabard.simulation.street import Lens
from tabard.simulation.vehicles import Vehicle

BEGAN = datetime(2026, 11, 4, 21, 14, 3, tzinfo=UTC)
STANDING = BEGAN + timedelta(seconds=12)


def scene(viewpoint=Viewpoint.WEST, seed=3, size=(320, 180)):
    width, height = size
    return Scene(
        width=width, height=height, seed=seed, viewpoint=viewpoint, serial="SIMCAM000001", walking_since=BEGAN
    )


def hazard_car_pixels(picture):
    red, green, blue = (picture[..., channel].astype(int) for channel in range(3))
    return int(((red > 150) & (green < 40) & (blue < 50)).sum())


def test_equal_arguments_give_equal_pixels():
    assert np.array_equal(scene().frame(STANDING), scene().frame(STANDING))


def test_a_frame_has_the_size_asked_for_in_rgb():
    picture = scene(size=(200, 120)).frame(BEGAN)
    assert picture.shape == (120, 200, 3)
    assert picture.dtype == np.uint8


def test_the_street_scrolls_while_the_wearer_walks():
    walking = scene()
    first, later = walking.frame(BEGAN), walking.frame(BEGAN + timedelta(seconds=1))
    changed = (np.abs(first.astype(int) - later.astype(int)).sum(axis=2) > 30).mean()
    assert changed > 0.2


def test_another_seed_is_another_street():
    assert not np.array_equal(scene(seed=3).frame(STANDING), scene(seed=4).frame(STANDING))


def test_the_clock_is_burned_in_and_moves_with_the_second():
    camera = scene()
    strip = slice(0, 12)
    first = camera.frame(BEGAN)[strip]
    assert np.array_equal(first, camera.frame(BEGAN + timedelta(milliseconds=900))[strip])
    assert not np.array_equal(first, camera.frame(BEGAN + timedelta(seconds=1))[strip])


def test_the_serial_is_burned_in():
    other = Scene(
        width=320, height=180, seed=3, viewpoint=Viewpoint.WEST, serial="SIMCAM000002", walking_since=BEGAN
    )
    assert not np.array_equal(scene().frame(BEGAN)[:12], other.frame(BEGAN)[:12])


def test_both_sides_see_the_red_car_of_the_incident():
    for viewpoint in Viewpoint:
        assert hazard_car_pixels(scene(viewpoint).frame(STANDING)) > 300


def test_the_two_sides_are_different_pictures():
    west, east = (scene(viewpoint).frame(STANDING) for viewpoint in Viewpoint)
    assert np.abs(west.astype(int) - east.astype(int)).mean() > 10


def test_everything_that_moves_depends_on_the_time_alone():
    at = STANDING.timestamp()
    assert list(World(3).things(at)) == list(World(3).things(at))
    assert list(World(3).things(at)) != list(World(3).things(at + 1))


def test_two_people_stand_at_the_incident_and_others_walk():
    people = [thing for thing in World(3).things(STANDING.timestamp()) if isinstance(thing, Person)]
    standing = [person for person in people if person.heading == 0]
    assert len(standing) == 2
    assert all(abs(person.along_m - INCIDENT_M) < 1 for person in standing)
    assert len(people) > len(standing)


def test_the_hazard_lights_blink():
    second = float(int(STANDING.timestamp()))
    lit = [
        any(isinstance(t, Vehicle) and t.hazards for t in World(3).things(second + s)) for s in (0.25, 0.75)
    ]
    assert lit == [True, False]


def test_nothing_leaves_the_loop_of_the_street():
    for hours in range(0, 48, 7):
        at = (BEGAN + timedelta(hours=hours)).timestamp()
        assert all(0 <= thing.along_m <= LOOP_M for thing in World(5).things(at))


def likeness(picture, height):
    """The best correlation of the portrait's face, `height` pixels from crown to collar, with any place."""
    face = portrait.head(None).resize((round(height * 244 / 410), height)).convert("L")
    face = np.asarray(face, float)[height * 2 // 5 : height * 3 // 4, height // 6 : height * 2 // 5]
    windows = np.lib.stride_tricks.sliding_window_view(picture, face.shape).reshape(-1, face.size)
    centred = windows - windows.mean(axis=1, keepdims=True)
    norms = np.linalg.norm(centred, axis=1) * np.linalg.norm(face - face.mean())
    return float((centred @ (face - face.mean()).ravel() / (norms + 1e-9)).max())


def test_a_face_comes_close_enough_to_be_recognised():
    near, far = (
        scene(size=(640, 360)).frame(at)[60:240, 160:480].mean(axis=2)[::2, ::2] for at in (STANDING, BEGAN)
    )
    sizes = range(44, 62, 2)
    assert max(likeness(near, size) for size in sizes) > 0.8
    assert max(likeness(far, size) for size in sizes) < 0.8


def test_a_lens_puts_far_points_near_the_vanishing_point():
    lens = Lens(640, 360, -5.5, 1)
    near, far = lens.project(0, 0, 3), lens.project(0, 0, 300)
    assert near[0] > far[0] > lens.centre[0]
    assert near[1] > far[1] > lens.centre[1]


def test_left_and_right_change_places_for_who_comes_from_the_other_side():
    east, west = Lens(640, 360, 0, 1), Lens(640, 360, 0, -1)
    assert east.project(2, 0, 5)[0] - 320 == pytest.approx(320 - west.project(2, 0, 5)[0])


def test_without_matplotlib_the_portrait_is_unavailable_in_words(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(Unavailable, match="extra 'demo'"):
        portrait.picture_path()
