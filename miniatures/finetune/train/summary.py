"""What a training run did, counted when it is over: for the card, and beside the estimate."""

from __future__ import annotations

import math
from typing import Any

from miniatures.datamodel.frozen import Frozen
from miniatures.finetune.train.prepared import Prepared
from miniatures.finetune.train.run_meter import RunMeter
from miniatures.finetune.train.spikes import SpikeWatch


class TrainingSummary(Frozen):
    """What a run did, for the card."""

    steps: int
    examples: int
    tokens: int
    learned_tokens: int
    computed_positions: int
    too_long: int
    seconds: float
    tokens_per_second: float
    trainable_parameters: int
    best_validation_loss: float | None
    final_training_loss: float | None
    spikes: tuple[int, ...] = ()
    peak_memory_bytes: int
    device: str


def summarize(prepared: Prepared, trainer: Any, spikes: SpikeWatch, meter: RunMeter) -> TrainingSummary:
    """What a finished trainer did, over all its resumptions."""
    import torch

    seconds = meter.seconds
    steps = int(trainer.state.global_step)
    done = prepared.batches[: steps * prepared.accumulation]
    examples = [prepared.training.examples[place] for batch in done for place in batch.examples]
    tokens = sum(len(example.tokens) for example in examples)
    losses = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
    best = trainer.state.best_metric
    return TrainingSummary(
        steps=steps,
        examples=len(examples),
        tokens=tokens,
        learned_tokens=sum(example.answer for example in examples),
        computed_positions=sum(batch.positions(prepared.training.examples) for batch in done),
        too_long=prepared.training.too_long,
        seconds=round(seconds, 1),
        tokens_per_second=round(tokens / max(seconds, 1e-9), 1),
        trainable_parameters=prepared.trainable,
        best_validation_loss=best if best is not None and math.isfinite(best) else None,
        final_training_loss=losses[-1] if losses and math.isfinite(losses[-1]) else None,
        spikes=tuple(spikes.spikes),
        peak_memory_bytes=meter.peak_memory_bytes,
        device=torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu",
    )
