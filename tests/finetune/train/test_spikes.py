"""A leap is a spike; a fall, noise and a slow rise are none."""

from __future__ import annotations

import math
import random

from miniatures.finetune.train.curve import CurvePoint
from miniatures.finetune.train.spikes import SpikeWatch


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


def test_a_resumed_run_knows_the_spikes_and_the_losses_before_it():
    before, resumed = SpikeWatch(), SpikeWatch()
    losses = [1.0 + step % 3 / 100 for step in range(12)]
    losses[9] = 2.5
    for step, loss in enumerate(losses):
        before.see(step, loss)
    curve = [CurvePoint(step=step, training=loss) for step, loss in enumerate(losses)]
    resumed.see_again([CurvePoint(step=3, validation=9.0), *curve])
    assert resumed == before and resumed.spikes == [9]
    assert resumed.see(12, 2.5)
