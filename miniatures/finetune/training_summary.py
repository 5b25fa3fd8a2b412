"""What a training run did, counted when it is over: for the card, and beside the estimate."""

from __future__ import annotations

import math
import re
import resource
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    from miniatures.finetune.spikes import SpikeWatch
    from miniatures.finetune.training import Prepared

_KIBIBYTE = 1024


class TrainingSummary(BaseModel):
    """What a run did, for the card."""

    model_config = ConfigDict(frozen=True)

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


def summarize(prepared: Prepared, trainer: Any, spikes: SpikeWatch, seconds: float) -> TrainingSummary:
    """What a finished trainer did, in so many seconds over all its resumptions."""
    import torch

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
        peak_memory_bytes=peak_memory_bytes(),
        device=torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu",
    )


def peak_memory_bytes() -> int:
    """The most memory this process has held: on the GPU if there is one, else resident."""
    import torch

    if torch.cuda.is_available():
        return int(torch.cuda.max_memory_allocated())
    return _high_water_mark() or _resident_maximum()


def _high_water_mark() -> int:
    """Linux's own count of this process since it was started; 0 where there is none.

    The resource usage counts also what the parent held when it forked.
    """
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
    except OSError:
        return 0
    found = re.search(r"^VmHWM:\s+(\d+) kB$", status, re.MULTILINE)
    return int(found[1]) * _KIBIBYTE if found else 0


def _resident_maximum() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * _KIBIBYTE
