"""Finds where a run that broke off can go on, and guards a finished one from being written over."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from miniatures.datamodel.errors import InputError, writing

CHECKPOINTS = "checkpoints"
"""Their folder within a run's."""
_PLAN = "plan.sha256"


def require_room(out: Path, resume: bool) -> None:
    """Refuse to write over an earlier run, or where nothing can be written, before anything is loaded.

    Raises:
        InputError: `out` holds a run and `resume` was not asked for, or it is no folder that can be made.
    """
    checkpoint_to_resume(out, resume)
    with writing(out):
        out.mkdir(parents=True, exist_ok=True)


def checkpoint_to_resume(out: Path, resume: bool) -> Path | None:
    """The last whole checkpoint of the run in `out`, if there is one; torn ones after it are removed.

    Raises:
        InputError: there is one, and `resume` was not asked for.
    """
    checkpoints = sorted((out / CHECKPOINTS).glob("checkpoint-*"), key=step_of)
    whole = [path for path in checkpoints if _is_whole(path)]
    for path in set(checkpoints) - set(whole):
        shutil.rmtree(path)
    if whole and not resume:
        raise InputError(
            f"{out} holds a run that reached step {step_of(whole[-1])}",
            hint="Go on with --resume, or choose another folder with --out.",
        )
    return whole[-1] if whole else None


def keep_plan(out: Path, plan: str, checkpoint: Path | None) -> None:
    """Remember what the run in `out` is of, by its hash; a run goes on only as what it began as.

    Raises:
        InputError: the checkpoint is of another plan.
    """
    kept = out / _PLAN
    if checkpoint is not None and kept.is_file() and kept.read_text(encoding="utf-8") != plan:
        raise InputError(
            f"{out} holds a run of another recipe or dataset",
            hint="Choose another folder with --out, or go on with what that run began with.",
        )
    kept.write_text(plan, encoding="utf-8")


def step_of(checkpoint: Path) -> int:
    """The step after which it was written."""
    return int(checkpoint.name.rpartition("-")[2])


def _is_whole(checkpoint: Path) -> bool:
    """Whether it was written to its end: the state is what Trainer writes last."""
    try:
        json.loads((checkpoint / "trainer_state.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return True
