"""kill -9 in the middle of training: the run that goes on ends with the same losses, step for step, dropout and all."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from miniatures.datamodel.errors import InputError
from miniatures.finetune.train.checkpoints import CHECKPOINTS
from miniatures.finetune.train.preflight import preflight
from miniatures.finetune.train.training import ADAPTER, CURVE, SUMMARY, train
from miniatures.weights.merge import adapter_hash
from tests.finetune.tiny_runs import Workshop, losses, make_workshop, one_thread, points, read_json, validations

pytestmark = pytest.mark.slow
STEPS, EVERY = 12, 3
_LONGEST_S = 400
RUN: dict[str, Any] = {
    "max_steps": STEPS,
    "evaluate_every": EVERY,
    "patience": 50,
    "precision": "auto",
    "lora": {"rank": 8, "dropout": 0.2},
    "learning_rate": 5e-3,
    "micro_batch_tokens": 1024,
    "batch_tokens": 2048,
}


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    with one_thread():
        yield make_workshop(tmp_path_factory.mktemp("resume"), validation=0.15)


def command(workshop: Workshop, *options: str, **changes: Any) -> subprocess.Popen[bytes]:
    recipe = workshop.recipe("killed", **{**RUN, **changes})
    home = {"MINIATURES_HOME": str(workshop.folder / "home"), "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, "-m", "miniatures", "finetune", str(recipe), "--json", *options],
        env={**os.environ, **home},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def finish(process: subprocess.Popen[bytes]) -> dict[str, Any]:
    out, errors = process.communicate(timeout=_LONGEST_S)
    assert process.returncode == 0, errors.decode()
    found: dict[str, Any] = json.loads(out)
    return found


def kill_at(process: subprocess.Popen[bytes], out: Path, step: int) -> None:
    """Kill the process as soon as its curve shows the step."""
    deadline = time.monotonic() + _LONGEST_S
    while f'"step":{step},' not in (_text(out / CURVE)):
        assert process.poll() is None, process.communicate()[1].decode()
        assert time.monotonic() < deadline
        time.sleep(0.005)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL
    assert not (out / SUMMARY).exists(), "the kill came too late to disturb anything"


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


def test_kills_leave_no_mark_on_the_curve_or_the_adapter(workshop: Workshop):
    calm, killed = workshop.folder / "calm", workshop.folder / "killed"
    undisturbed = finish(command(workshop, "--out", str(calm)))
    assert undisturbed["steps"] == STEPS
    steps = [2, EVERY + 1, 3 * EVERY]
    for number, step in enumerate(steps):
        resume = ["--resume"] if number else []
        kill_at(command(workshop, "--out", str(killed), *resume), killed, step)
    resumed = finish(command(workshop, "--out", str(killed), "--resume"))
    assert losses(points(killed)) == losses(points(calm))
    assert [step for step, _ in losses(points(killed))] == list(range(1, STEPS + 1))
    assert validations(points(killed)) == validations(points(calm))
    assert adapter_hash(killed / ADAPTER) == adapter_hash(calm / ADAPTER)
    assert resumed["version"] == undisturbed["version"]
    told = ("tokens", "examples", "best_validation_loss", "final_training_loss")
    assert [resumed[name] for name in told] == [undisturbed[name] for name in told]
    _assert_the_memory_was_foreseen(workshop, undisturbed["peak_memory_bytes"])


def _assert_the_memory_was_foreseen(workshop: Workshop, peak: int) -> None:
    """Within a factor of two of what a process that did nothing else has used."""
    expected = preflight(workshop.prepared(**RUN))
    assert 0.5 < expected.memory_bytes / peak < 2, (expected.memory_bytes, peak)
    assert expected.seconds > 0


def test_half_a_checkpoint_is_thrown_away(workshop: Workshop, tmp_path: Path):
    """What a kill left while it was being written, or as a torn file, is no place to go on from."""
    short = {"max_steps": 6, "evaluate_every": 2, "learning_rate": 5e-3}
    _, whole = workshop.run(tmp_path / "whole", **short)
    broken = tmp_path / "broken"
    workshop.run(broken, **short)
    (broken / SUMMARY).unlink()
    newest = broken / CHECKPOINTS / "checkpoint-6"
    (newest / "trainer_state.json").write_text('{"global_step": 6, "best', encoding="utf-8")
    (broken / CHECKPOINTS / "checkpoint-8").mkdir()
    _, again = workshop.run(broken, resume=True, **short)
    assert again == whole
    assert read_json(newest / "trainer_state.json")["global_step"] == 6


def test_a_finished_run_takes_no_step_more(workshop: Workshop, tmp_path: Path):
    summary, curve = workshop.run(tmp_path, max_steps=4, evaluate_every=2)
    made = adapter_hash(tmp_path / ADAPTER)
    again = train(workshop.prepared(max_steps=4, evaluate_every=2), tmp_path, lambda progress: None, resume=True)
    assert (again, points(tmp_path), adapter_hash(tmp_path / ADAPTER)) == (summary, curve, made)


def test_a_run_goes_on_only_as_what_it_began_as(workshop: Workshop, tmp_path: Path):
    short = {"max_steps": 2, "evaluate_every": 2}
    workshop.run(tmp_path, **short)
    with pytest.raises(InputError, match="another recipe or dataset"):
        workshop.run(tmp_path, resume=True, **short, learning_rate=1e-5)


def test_a_resumed_run_stops_early_where_the_other_did(workshop: Workshop, tmp_path: Path):
    """How long nothing has got better is part of what a checkpoint keeps."""
    worse = {"learning_rate": 30.0, "schedule": "constant", "warmup": 0, "evaluate_every": 1, "max_steps": 30}
    calm, _ = workshop.run(tmp_path / "calm", patience=3, **worse)
    assert 3 < calm.steps < 30
    halted = tmp_path / "halted"
    prepared = workshop.prepared(patience=3, **worse)

    class Halted(Exception):
        pass

    def halt(progress) -> None:
        if progress.step == calm.steps and progress.training is not None:
            raise Halted

    with pytest.raises(Halted):
        train(prepared, halted, halt)
    resumed, curve = workshop.run(halted, resume=True, patience=3, **worse)
    assert resumed.steps == calm.steps
    assert curve == points(tmp_path / "calm")


def test_a_fresh_run_forgets_the_points_of_one_that_left_no_checkpoint(workshop: Workshop, tmp_path: Path):
    (tmp_path / CURVE).write_text('{"step": 1, "training": 99.0}\n{"step": 77, "training": 99.0}\n', encoding="utf-8")
    summary, curve = workshop.run(tmp_path, max_steps=3)
    assert [step for step, _ in losses(curve)] == [1, 2, 3]
    assert summary.final_training_loss != 99.0


def test_the_same_seed_gives_the_same_run_and_another_does_not(workshop: Workshop, tmp_path: Path):
    found = [workshop.run(tmp_path / str(n), max_steps=3, seed=seed)[1] for n, seed in enumerate((5, 5, 6))]
    assert found[0] == found[1] != found[2]
