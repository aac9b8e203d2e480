"""What the microphone hears."""

import numpy as np

from tabard.simulation import sound


def loudness_at(samples, hertz):
    spectrum = np.abs(np.fft.rfft(samples[: sound.RATE_HZ // 2].astype(float)))
    return spectrum[hertz // 2]


def test_the_first_second_begins_with_a_beep_of_1_khz():
    silent, beeping = (sound.second(1, 1000, first=first) for first in (False, True))
    assert loudness_at(beeping, sound.BEEP_HZ) > 20 * loudness_at(silent, sound.BEEP_HZ)


def test_the_same_second_of_the_same_street_sounds_the_same_for_every_camera():
    assert np.array_equal(sound.second(1, 1000, first=False), sound.second(1, 1000, first=False))
    assert not np.array_equal(sound.second(1, 1000, first=False), sound.second(1, 1001, first=False))
    assert not np.array_equal(sound.second(1, 1000, first=False), sound.second(2, 1000, first=False))


def test_there_is_talk_and_there_are_pauses():
    talking, quiet = (sound.second(1, at, first=False).astype(float) for at in (7 * 100, 7 * 100 + 5))
    assert talking.std() > 1.5 * quiet.std()


def test_a_second_is_48000_samples_that_never_clip():
    samples = sound.second(1, 1000, first=True)
    assert samples.shape == (48_000,)
    assert np.abs(samples.astype(int)).max() < 32_767
