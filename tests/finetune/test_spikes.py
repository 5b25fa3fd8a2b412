"""A leap is a spike; a fall, noise and a slow rise are none."""

from __future__ import annotations

import math
import random

from miniatures.finetune.spikes import SpikeWatch


def test_noise_and_decline_are_no_spikes():
    chance = random.Random(2)
    watch = SpikeWatch()
    for step in range(400):
        assert not watch.see(step, 3 * math.exp(-step / 100) + chance.uniform(0.9, 1.1))


def test_a_leap_is_a_spike_and_is_not_learned_as_normal():
    watch = SpikeWatch()
    for step in range(20):
        watch.see(step, 1.0 + step % 3 / 100)
    assert watch.see(20, 2.5)
    assert watch.see(21, 2.5)
    assert not watch.see(22, 1.1)
    assert watch.spikes == [20, 21]


def test_what_is_no_number_is_a_spike_from_the_first_step():
    watch = SpikeWatch()
    assert watch.see(1, math.nan)
    assert watch.see(2, math.inf)
    assert watch.broken == 1


def test_a_spike_that_is_a_number_breaks_nothing():
    watch = SpikeWatch()
    for step in range(20):
        watch.see(step, 1.0)
    assert watch.see(20, 9.0)
    assert watch.broken is None
