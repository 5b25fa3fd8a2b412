"""A shared prefix must be an economy and nothing else: losses and gradients are those of examples that stand alone."""

from __future__ import annotations

import random
from dataclasses import replace

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


def test_what_is_learned_again_counts_as_if_the_token_stood_there_twice():
    shared_prefix.register()
    data = examples(5, 3, 40)
    batches = [MicroBatch((0, 1, 2), common_prefix(data, range(3)))]
    once, _ = loss_and_gradients(tiny("llama", shared_prefix.NAME), data, batches, share=True)
    first = Tokenized(data[0].tokens[: data[0].prompt + 1], data[0].prompt, "one")
    alone, _ = loss_and_gradients(tiny("llama", "eager"), [first], [MicroBatch((0,), 0)], share=False)
    again = [replace(data[0], again=(data[0].prompt,) * 3), *data[1:]]
    more, _ = loss_and_gradients(tiny("llama", shared_prefix.NAME), again, batches, share=True)
    assert more - once == pytest.approx(3 * alone, rel=1e-4)
    rows, _ = loss_and_gradients(tiny("llama", "eager"), again, [MicroBatch((0, 1, 2), 0)], share=False)
    assert rows == pytest.approx(more, rel=1e-5)


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
