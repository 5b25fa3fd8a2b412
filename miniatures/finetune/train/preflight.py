"""Says before training how much memory and time it will take, so that nobody waits an hour for an error.

Memory is counted: weights, what the optimizer keeps, what the forward pass leaves for the backward pass, one slice of
logits. Time is counted products over the rate that this machine reaches on a product of the model's own shape, measured
for a moment. Both are estimates; the measured values stand beside them afterwards.
"""

from __future__ import annotations

import time
from typing import Any

from miniatures.datamodel.frozen import Frozen
from miniatures.datamodel.recipe import Method
from miniatures.finetune.train.completion_loss import SLICE
from miniatures.finetune.train.prepared import Prepared

_TRAINED_BYTES = 16
"""Of one trained weight: itself, its gradient and two moments, in float32."""
_PASSES_OVER_WIDTH = 16
_PASSES_OVER_INNER = 8
"""Copies of the hidden states and of the inner states that one layer keeps for the backward pass."""
_FIXED_BYTES = 700_000_000
"""The interpreter and its libraries."""
_REACHED = 0.37
"""Share of the measured rate that a whole step reached in benchmarks/training.py; the rest is no matrix product."""


class Preflight(Frozen):
    """What is known before the first step."""

    examples: int
    too_long: int
    longest_tokens: int
    tokens: int
    positions: int
    shared: float
    steps: int
    parameters: int
    trainable: int
    memory_bytes: int
    seconds: float
    gigaflops: float


def preflight(prepared: Prepared) -> Preflight:
    """Estimate a prepared run."""
    examples = prepared.training.examples
    done = prepared.batches[: prepared.steps * prepared.accumulation]
    computed = [batch.positions(examples) for batch in done]
    tokens = sum(len(examples[place].tokens) for batch in done for place in batch.examples)
    learned = sum(examples[place].answer for batch in done for place in batch.examples)
    rate = _measured_rate(prepared)
    return Preflight(
        examples=len(examples),
        too_long=prepared.training.too_long,
        longest_tokens=prepared.training.longest,
        tokens=tokens,
        positions=sum(computed),
        shared=max(0.0, 1 - sum(computed) / tokens),
        steps=prepared.steps,
        parameters=prepared.base.parameters,
        trainable=prepared.trainable,
        memory_bytes=_memory(prepared, max(computed)),
        seconds=_operations(prepared, sum(computed), learned) / (rate * _REACHED),
        gigaflops=rate / 1e9,
    )


def _operations(prepared: Prepared, computed: int, learned: int) -> float:
    """Multiplications and additions of a run.

    Forward 2 a weight and position, backward 2 for the inputs, and 2 more for the weights where these are trained.
    """
    head = prepared.base.model.get_output_embeddings().weight.numel()
    inner = prepared.base.parameters - head
    full = prepared.recipe.method is Method.FULL
    passes = 6 if full or prepared.recipe.gradient_checkpointing else 4
    return float(passes * inner * computed + 4 * head * learned + 6 * prepared.trainable * computed * (not full))


def _memory(prepared: Prepared, most_positions: int) -> int:
    config = prepared.base.model.config.get_text_config()
    width, inner, layers = config.hidden_size, config.intermediate_size, config.num_hidden_layers
    weight_bytes = sum(weight.numel() * weight.element_size() for weight in prepared.base.model.parameters())
    longest = min(prepared.training.longest, prepared.recipe.max_tokens)
    kept = 2 * (_PASSES_OVER_WIDTH * width + _PASSES_OVER_INNER * inner + config.num_attention_heads * longest)
    if prepared.recipe.gradient_checkpointing:
        activations = most_positions * (2 * width * layers + kept)
    else:
        activations = most_positions * kept * layers
    logits = 2 * 4 * SLICE * config.vocab_size
    return int(_FIXED_BYTES + weight_bytes + _TRAINED_BYTES * prepared.trainable + activations + logits)


def _measured_rate(prepared: Prepared) -> float:
    """Floating-point operations a second of a product of one micro-batch with one of the model's matrices."""
    import torch

    config = prepared.base.model.config.get_text_config()
    embedding: Any = prepared.base.model.get_input_embeddings().weight
    rows = min(2048, prepared.recipe.micro_batch_tokens)
    states = torch.randn(rows, config.hidden_size, device=embedding.device).to(embedding.dtype)
    matrix = torch.randn(config.intermediate_size, config.hidden_size, device=embedding.device).to(embedding.dtype)
    states @ matrix.t()
    repeats, spent = 0, 0.0
    started = time.perf_counter()
    while spent < 0.3:
        states @ matrix.t()
        if embedding.is_cuda:
            torch.cuda.synchronize()
        repeats += 1
        spent = time.perf_counter() - started
    return float(repeats * 2 * rows * matrix.numel() / spent)
