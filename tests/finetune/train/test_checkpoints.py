"""Where a run goes on: at the last checkpoint that is whole, whatever else lies beside it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest
from safetensors.numpy import save_file

from miniatures.datamodel.errors import InputError
from miniatures.finetune.train.checkpoints import CHECKPOINTS, checkpoint_to_resume, keep_plan

WEIGHTS, STATE = "adapter_model.safetensors", "trainer_state.json"
PICKLED = ("optimizer.pt", "scheduler.pt", "rng_state.pth")


def checkpoint(out: Path, step: int) -> Path:
    folder = out / CHECKPOINTS / f"checkpoint-{step}"
    folder.mkdir(parents=True)
    save_file({"a": np.zeros(8, np.float32)}, folder / WEIGHTS)
    for name in PICKLED:
        with ZipFile(folder / name, "w") as archive:
            archive.writestr("data.pkl", "x" * 100)
    (folder / STATE).write_text(json.dumps({"global_step": step}))
    return folder


def halved(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


DAMAGE: dict[str, Callable[[Path], object]] = {
    **{f"half {name}": lambda folder, name=name: halved(folder / name) for name in (WEIGHTS, STATE, *PICKLED)},
    **{f"no {name}": lambda folder, name=name: (folder / name).unlink() for name in (WEIGHTS, STATE, *PICKLED)},
    "a bare pickle": lambda folder: (folder / PICKLED[0]).write_bytes(b"cos\nsystem\n(S'id'\ntR."),
    "a list": lambda folder: (folder / STATE).write_text("[]"),
    "another step": lambda folder: (folder / STATE).write_text('{"global_step": "x"}'),
    "nested": lambda folder: (folder / STATE).write_text("[" * 100_000),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_one_is_taken_away_and_the_one_before_is_gone_on_from(tmp_path, damage):
    before, newest = checkpoint(tmp_path, 3), checkpoint(tmp_path, 6)
    damage(newest)
    assert checkpoint_to_resume(tmp_path, resume=True) == before
    assert not newest.exists()


def test_nothing_is_taken_away_where_nothing_goes_on(tmp_path):
    checkpoint(tmp_path, 3)
    torn = tmp_path / CHECKPOINTS / "checkpoint-6"
    torn.mkdir()
    with pytest.raises(InputError, match="reached step 3"):
        checkpoint_to_resume(tmp_path, resume=False)
    assert torn.exists()


def test_what_is_no_checkpoint_of_a_run_is_left_alone(tmp_path):
    newest = checkpoint(tmp_path, 3)
    others = [newest.with_name(name) for name in ("checkpoint-best", "checkpoint-3 (1)", "checkpoint--5")]
    for other in others:
        other.mkdir()
    (link := newest.with_name("checkpoint-9")).symlink_to(tmp_path)
    (file := newest.with_name("checkpoint-8")).write_text("mine")
    assert checkpoint_to_resume(tmp_path, resume=True) == newest
    assert all(path.exists() for path in (*others, link, file))


@pytest.mark.parametrize("kept", [None, b"", b"another", b"\xff\xfe"])
def test_a_run_that_does_not_say_what_it_is_of_does_not_go_on(tmp_path, kept):
    if kept is not None:
        (tmp_path / "plan.sha256").write_bytes(kept)
    with pytest.raises(InputError, match="another recipe or dataset"):
        keep_plan(tmp_path, "plan", checkpoint(tmp_path, 3))
