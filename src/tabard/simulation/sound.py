"""What does the microphone hear? Traffic, footsteps, something like speech, a 1 kHz beep at the start.

No recorded voice is used. Each second depends on the seed and the absolute second alone, so two cameras in
one street hear one incident.
"""

import math
from typing import Final

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

RATE_HZ: Final = 48_000
BEEP_HZ: Final = 1_000
BEEP_S: Final = 0.5
_VOWELS_HZ: Final = ((730, 1090), (270, 2290), (300, 870), (530, 1840), (640, 1190))


def second(seed: int, epoch_s: int, *, first: bool) -> NDArray[np.int16]:
    """One second of mono sound at 48 kHz: that of second `epoch_s` since 1970; `first` adds the beep."""
    rng = np.random.default_rng([seed, epoch_s])
    time_s = np.arange(RATE_HZ) / RATE_HZ
    heard = _traffic(rng) + _footsteps(rng, time_s)
    if epoch_s % 7 < 4:
        heard += _speech_like(rng, time_s)
    if first:
        heard += np.where(time_s < BEEP_S, 0.5 * np.sin(2 * math.pi * BEEP_HZ * time_s), 0)
    return (np.clip(heard, -0.98, 0.98) * 32767).astype(np.int16)


def _traffic(rng: Generator) -> NDArray[np.float64]:
    """Low noise: engines and tyres are mostly below 400 Hz."""
    rough = rng.normal(0, 1, RATE_HZ // 120 + 2)
    return np.interp(np.arange(RATE_HZ) / 120, np.arange(rough.size), rough) * 0.06 + rng.normal(
        0, 0.004, RATE_HZ
    )


def _footsteps(rng: Generator, time_s: NDArray[np.float64]) -> NDArray[np.float64]:
    since_step = time_s % 0.5
    return np.asarray(0.14 * np.exp(-since_step * 60) * rng.normal(0, 1, time_s.size))


def _speech_like(rng: Generator, time_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """Four syllables a second: a gliding pitch with the two formants of a vowel. No words."""
    pitch_hz = rng.uniform(105, 190)
    phase = 2 * math.pi * pitch_hz * (time_s + 0.03 * np.sin(2 * math.pi * 1.5 * time_s))
    syllable = (time_s * 4).astype(int)
    vowels = np.array(_VOWELS_HZ)[rng.integers(len(_VOWELS_HZ), size=4)][syllable]
    voice = np.zeros_like(time_s)
    for harmonic in range(1, 18):
        nearness = np.exp(-(((harmonic * pitch_hz - vowels) / 160.0) ** 2)).sum(axis=1)
        voice += (nearness + 0.05) * np.sin(harmonic * phase)
    return np.asarray(0.1 * voice * np.sin(math.pi * (time_s * 4 % 1)) ** 0.6)
