"""A shared prefix must be an economy and nothing else: losses and gradients are those of examples that stand alone."""

from __future__ import annotations

import random

import pytest

from miniatures.finetune.dataset.rendering import Tokenized
from miniatures.finetune.train import shared_prefix
from miniatures.finetune.train.micro_batches import MicroBatch, common_prefix
from miniatures.finetune.train.trainer import MicroBatches, batch_loss
from tests.finetune.tiny_models import CONFIGS, tiny

pytestmark = pytest.mark.slow


def examples(seed: int, count: int, shared: int) -> list[Tokenized]:
    chance = random.Random(seed)
    start = [chance.randrange(3, 199) for _ in range(shared)]
    made = []
    for _ in range(count):
        prompt = start + [chance.randrange(3, 199) for _ in range(chance.randrange(1, 30))]
        answer = [chance.randrange(3, 199) for _ in range(chance.randrange(1, 20))]
        made.append(Tokenized(prompt + answer, len(prompt), "one"))
    return made


def loss_and_gradients(model, data, batches, share):
    import torch

    model.zero_grad()
    source = MicroBatches(data, batches, pad=2, share=share)
    total = torch.stack([batch_loss(model, source[place]) for place in range(len(batches))]).sum()
    total.backward()
    return float(total), {name: weight.grad.clone() for name, weight in model.named_parameters()}


@pytest.mark.parametrize("kind", CONFIGS)
def test_one_prefix_gives_what_separate_examples_give(kind):
    import torch

    shared_prefix.register()
    data = examples(5, 5, 40)
    together = [MicroBatch(tuple(range(5)), common_prefix(data, range(5)))]
    assert together[0].prefix >= 40
    apart = [MicroBatch((place,), 0) for place in range(5)]
    alone, expected = loss_and_gradients(tiny(kind, "eager"), data, apart, share=False)
    loss, gradients = loss_and_gradients(tiny(kind, shared_prefix.NAME), data, together, share=True)
    assert loss == pytest.approx(alone, rel=1e-5)
    for name, gradient in gradients.items():
        torch.testing.assert_close(
            gradient, expected[name], rtol=2e-3, atol=2e-4, msg=lambda text, n=name: f"{n}: {text}"
        )


@pytest.mark.parametrize("seed", range(4))
def test_padded_branches_without_a_prefix(seed):
    shared_prefix.register()
    data = examples(seed, 4, 0)
    whole = [MicroBatch((0, 1, 2, 3), 0)]
    apart = [MicroBatch((place,), 0) for place in range(4)]
    assert loss_and_gradients(tiny("llama", shared_prefix.NAME), data, whole, share=True)[0] == pytest.approx(
        loss_and_gradients(tiny("llama", "eager"), data, apart, share=False)[0], rel=1e-5
    )


def test_a_sliding_window_is_kept_by_going_back_to_rows():
    """Rows with a mask leave the window to transformers: the loss differs from that of full attention."""
    data = examples(1, 3, 60)
    batches = [MicroBatch((0, 1, 2), 0)]
    model = tiny("mistral", "sdpa")
    full, _ = loss_and_gradients(model, data, batches, share=False)
    model.config.sliding_window = 8
    narrow, _ = loss_and_gradients(model, data, batches, share=False)
    assert abs(full - narrow) > 1e-3
