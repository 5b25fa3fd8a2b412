"""Finds where a run that broke off can go on, and guards a finished one from being written over."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from zipfile import is_zipfile

from miniatures.datamodel.errors import InputError, writing
from miniatures.weights.errors import BadAdapter
from miniatures.weights.safetensors_file import read_shapes

CHECKPOINTS = "checkpoints"
"""Their folder within a run's."""
_PLAN = "plan.sha256"
_NAME = re.compile(r"checkpoint-[0-9]{1,12}")
_PICKLED = ("optimizer.pt", "scheduler.pt", "rng_state.pth")
"""Zip archives, as torch writes them, whose index stands at the end."""


def require_room(out: Path, resume: bool) -> None:
    """Refuse to write over an earlier run, or where nothing can be written, before anything is loaded.

    Raises:
        InputError: `out` holds a run and `resume` was not asked for, or it is no folder that can be made.
    """
    checkpoint_to_resume(out, resume)
    with writing(out):
        out.mkdir(parents=True, exist_ok=True)


def checkpoint_to_resume(out: Path, resume: bool) -> Path | None:
    """The last whole checkpoint of the run in `out`, if there is one; torn ones are removed if the run goes on.

    Raises:
        InputError: there is one, and `resume` was not asked for.
    """
    found = (path for path in (out / CHECKPOINTS).glob("checkpoint-*") if _NAME.fullmatch(path.name))
    checkpoints = sorted((path for path in found if path.is_dir() and not path.is_symlink()), key=step_of)
    whole = [path for path in checkpoints if _is_whole(path)]
    if whole and not resume:
        raise InputError(
            f"{out} holds a run that reached step {step_of(whole[-1])}",
            hint="Go on with --resume, or choose another folder with --out.",
        )
    for path in set(checkpoints) - set(whole):
        shutil.rmtree(path)
    return whole[-1] if whole else None


def keep_plan(out: Path, plan: str, checkpoint: Path | None) -> None:
    """Remember what the run in `out` is of, by its hash; a run goes on only as what it began as.

    Raises:
        InputError: the checkpoint is of another plan, or nothing says of which.
    """
    kept = out / _PLAN
    if checkpoint is not None and not (kept.is_file() and kept.read_bytes() == plan.encode()):
        raise InputError(
            f"{out} holds a run of another recipe or dataset",
            hint="Choose another folder with --out, or go on with what that run began with.",
        )
    kept.write_text(plan, encoding="utf-8")


def step_of(checkpoint: Path) -> int:
    """The step after which it was written."""
    return int(checkpoint.name.rpartition("-")[2])


def _is_whole(checkpoint: Path) -> bool:
    """Whether it was written to its end, and its files have not lost theirs since."""
    try:
        state = json.loads((checkpoint / "trainer_state.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return False
    if not isinstance(state, dict) or state.get("global_step") != step_of(checkpoint):
        return False
    weights = list(checkpoint.glob("*.safetensors"))
    return bool(weights) and all(map(_is_sound, weights)) and all(is_zipfile(checkpoint / name) for name in _PICKLED)


def _is_sound(weights: Path) -> bool:
    try:
        read_shapes(weights)
    except BadAdapter:
        return False
    return True
