"""Notices when a training loss leaps: a spike is said aloud, and a loss that is no number ends the run."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from statistics import median

from miniatures.finetune.train.curve import CurvePoint

_WINDOW = 32
_FEWEST = 8
_DEVIATIONS = 8.0
_LEAST = 0.5


@dataclass
class SpikeWatch:
    """The losses of the last steps, in nats a token.

    A loss is a spike when it lies above the median of the last 32 by more than eight median absolute deviations, and by
    more than half a nat.
    """

    recent: deque[float] = field(default_factory=lambda: deque(maxlen=_WINDOW))
    spikes: list[int] = field(default_factory=list)
    broken: int | None = None
    """The first step whose loss was no number."""

    def see(self, step: int, loss: float) -> bool:
        """Whether this step's loss is a spike. A spike is not remembered as normal."""
        if not math.isfinite(loss) and self.broken is None:
            self.broken = step
        if not math.isfinite(loss) or self._leaps(loss):
            self.spikes.append(step)
            return True
        self.recent.append(loss)
        return False

    def see_again(self, points: Iterable[CurvePoint]) -> None:
        """What a run saw before it was resumed."""
        for point in points:
            if point.training is not None:
                self.see(point.step, point.training)

    def _leaps(self, loss: float) -> bool:
        if len(self.recent) < _FEWEST:
            return False
        middle = median(self.recent)
        spread = median(abs(one - middle) for one in self.recent)
        return loss - middle > max(_DEVIATIONS * spread, _LEAST)
