"""Every example is trained on once an epoch, in batches that fit, whatever the examples are."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from miniatures.finetune.dataset.rendering import Tokenized
from miniatures.finetune.train.micro_batches import batch_of, common_prefix, plan


def _drawn(seed: int, count: int) -> list[Tokenized]:
    chance = random.Random(seed)
    families = [[chance.randrange(9) for _ in range(chance.randrange(40))] for _ in range(chance.randint(1, 4))]
    made = []
    for _ in range(count):
        family = chance.choice(families)
        prompt = [*family, *(chance.randrange(9) for _ in range(chance.randint(1, 10)))]
        answer = [chance.randrange(9) for _ in range(chance.randint(1, 10))]
        made.append(Tokenized(prompt + answer, len(prompt), str(family)))
    return made


def some_examples() -> st.SearchStrategy[list[Tokenized]]:
    return st.builds(_drawn, st.integers(0, 2**32), st.integers(1, 25))


@given(some_examples(), st.integers(1, 3), st.integers(20, 200), st.booleans())
@settings(max_examples=2 * settings.default.max_examples)
def test_each_example_once_an_epoch_and_no_batch_too_large(examples, epochs, tokens, share):
    for epoch in plan(examples, epochs, tokens, seed=1, share=share):
        assert sorted(place for batch in epoch for place in batch.examples) == list(range(len(examples)))
        for batch in epoch:
            size = batch_of(examples, batch.examples, share).positions(examples)
            assert size <= tokens or len(batch.examples) == 1
            beginnings = {tuple(examples[place].tokens[: batch.prefix]) for place in batch.examples}
            assert len(beginnings) == 1
            assert all(batch.prefix < examples[place].prompt for place in batch.examples)


@given(some_examples())
def test_a_shared_prefix_never_costs_more(examples):
    places = range(len(examples))
    shared, apart = (batch_of(examples, places, share).positions(examples) for share in (True, False))
    assert shared <= apart
    assert common_prefix(examples, places) <= min(example.prompt for example in examples) - 1


@given(some_examples())
def test_equal_seeds_give_equal_plans(examples):
    assert plan(examples, 2, 90, seed=5) == plan(examples, 2, 90, seed=5)
    first, second = plan(examples, 2, 90, seed=5)
    assert sum(len(batch.examples) for batch in first) == sum(len(batch.examples) for batch in second)
