"""The training benchmark on a model of two narrow layers: its plumbing, not its numbers."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.finetune.tiny_models import tiny_folder

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(scope="module")
def training() -> Iterator[ModuleType]:
    sys.path.insert(0, str(BENCHMARKS))
    spec = importlib.util.spec_from_file_location("training_benchmark", BENCHMARKS / "training.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    sys.path.remove(str(BENCHMARKS))


@pytest.mark.slow
def test_a_side_trains_on_the_job_and_is_judged(training: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "tiny").mkdir()
    bench = training.Bench(tmp_path / "bench", peer_python=None, cuda=False)
    job = bench.prepare(str(tiny_folder(tmp_path / "tiny")), steps=2)
    assert any(prefix > 0 for prefix in job.prefixes["grouped"])
    assert job.prefixes["any"] == [0, 0]
    bench.side(job, "grouped", "whole")
    bench.side(job, "grouped", "tuned")
    bench.judge()
    assert set(bench.results) == {"grouped-whole", "base"}, "without an interpreter for TRL its sides are left out"
    assert bench.results["grouped-whole"]["held_out"] < bench.results["base"]["held_out"]
    assert "| ours |" in training.table(bench.results, job, "grouped")
    shifted = replace(job, prompts=[prompt - 1 for prompt in job.prompts])
    with pytest.raises(SystemExit, match="the job says"):
        bench.side(shifted, "grouped", "whole", again="-shifted")


def test_ratios_are_ours_over_theirs(training: ModuleType) -> None:
    job = training.Job("", "", [[1] * 10], [6], [], [], {"grouped": [[0], [0]]}, {"grouped": [0, 0]}, False)

    def figures(rate: float, peak: float) -> dict[str, Any]:
        return {"tokens_per_second": rate, "peak": peak, "seconds": [10 / rate], "held_out": 2.0}

    results = {
        "grouped-whole": figures(500, 1e9),
        "grouped-default": figures(200, 4e9),
        "grouped-whole-again": figures(700, 2e9),
        "base": {"held_out": 3.0},
    }
    rows = training.table(results, job, "grouped").splitlines()
    (theirs,) = [row for row in rows if "as it comes" in row]
    assert theirs == "| (a) TRL as it comes | 200 | 0.05 | 4,000 | 2.0000 | 3.00 | 0.50 |"
    assert "20 tokens, 8 of them learned" in rows[1]
