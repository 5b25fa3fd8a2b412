"""What happens beside training: the curve is written, spikes are told, a listener hears of progress."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from miniatures.finetune.train.curve import CurveFile, CurvePoint
from miniatures.finetune.train.run_meter import RunMeter
from miniatures.finetune.train.spikes import SpikeWatch


@dataclass(frozen=True)
class Progress:
    """How far training is. Losses are in nats a learned token."""

    step: int
    steps: int
    training: float | None = None
    validation: float | None = None
    spike: bool = False


Listener = Callable[[Progress], None]


def saver(every: int) -> Any:
    """A TrainerCallback that has a checkpoint written at each multiple of so many steps.

    Where Trainer is to find the best model, it writes them with evaluations alone.
    """
    from transformers import TrainerCallback

    class Saver(TrainerCallback):  # type: ignore[misc]
        """Asks for it when a step has ended."""

        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            if state.global_step % every == 0:
                control.should_save = True

    return Saver()


def watcher(curve: CurveFile, meter: RunMeter, spikes: SpikeWatch, listener: Listener) -> Any:
    """A TrainerCallback that keeps the curve, the time and the memory, and tells the listener."""
    from transformers import TrainerCallback

    class Watcher(TrainerCallback):  # type: ignore[misc]
        """Hears what Trainer logs."""

        def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, float] | None = None, **_: Any) -> None:
            logs = logs or {}
            step = int(state.global_step)
            if "loss" in logs:
                loss = float(logs["loss"])
                spike = spikes.see(step, loss)
                curve.add(CurvePoint(step=step, training=loss, rate=logs.get("learning_rate")))
                meter.keep()
                listener(Progress(step, state.max_steps, training=loss, spike=spike))
                if not math.isfinite(loss):
                    control.should_training_stop = True
                    control.should_evaluate = control.should_save = False
            if "eval_loss" in logs:
                curve.add(CurvePoint(step=step, validation=float(logs["eval_loss"])))
                listener(Progress(step, state.max_steps, validation=float(logs["eval_loss"])))

    return Watcher()
