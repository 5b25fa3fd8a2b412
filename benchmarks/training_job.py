"""What the sides of `training.py` share: the job that all read, and how time and memory are taken.

TRL's side runs in another interpreter, so nothing here needs more than the standard library.
"""

from __future__ import annotations

import json
import resource
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

JOB, RESULT, ADAPTER = "job.json", "result.json", "adapter"
RANK, ALPHA, DROPOUT, RATE, SEED = 16, 32, 0.05, 2e-4, 7
TARGETS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")


@dataclass(frozen=True)
class Job:
    """The same for all sides: weights, examples as tokens, and which of them each step trains on."""

    base: str
    dataset: str
    examples: list[list[int]]
    prompts: list[int]
    held_out: list[list[int]]
    held_out_prompts: list[int]
    batches: dict[str, list[list[int]]]
    prefixes: dict[str, list[int]]
    cuda: bool

    def tokens(self, plan: str) -> list[int]:
        """Tokens of each step's examples, padding not counted."""
        return [sum(len(self.examples[place]) for place in batch) for batch in self.batches[plan]]

    def labels(self, plan: str) -> int:
        """Tokens that the whole plan learns from."""
        return sum(len(self.examples[place]) - self.prompts[place] for batch in self.batches[plan] for place in batch)


def write_job(folder: Path, **parts: Any) -> None:
    (folder / JOB).write_text(json.dumps(parts), encoding="utf-8")


def read_job(folder: Path) -> Job:
    return Job(**json.loads((folder / JOB).read_text(encoding="utf-8")))


class StepClock:
    """When each step ended, and its loss."""

    def __init__(self) -> None:
        self.ends: list[float] = []
        self.losses: list[float] = []

    def step_ended(self, loss: float) -> None:
        self.ends.append(time.perf_counter())
        self.losses.append(loss)

    def figures(self) -> dict[str, Any]:
        """Seconds of each step but the first, which also warms up, and every step's loss."""
        pairs = zip(self.ends, self.ends[1:], strict=False)
        return {"seconds": [after - before for before, after in pairs], "losses": self.losses}


def peak_bytes() -> int:
    """The most memory this process has held: on the GPU if it trained there, else resident.

    Linux tells the peak of this program alone; the number that `getrusage` gives begins with its parent's.
    """
    import torch

    if torch.cuda.is_available():
        return int(torch.cuda.max_memory_allocated())
    status = Path("/proc/self/status")
    if status.is_file():
        line = next(line for line in status.read_text(encoding="utf-8").splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def write_result(out: Path, clock: StepClock, **figures: Any) -> None:
    (out / RESULT).write_text(json.dumps({**clock.figures(), **figures}), encoding="utf-8")
