"""What earlier processes of a run took is counted; a torn file counts as nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from miniatures.finetune.train.run_meter import RunMeter, peak_memory_bytes


def test_time_adds_up_and_the_highest_peak_stays(tmp_path: Path) -> None:
    path = tmp_path / "meter.json"
    RunMeter(path).keep()
    assert json.loads(path.read_text())["peak_memory_bytes"] == pytest.approx(peak_memory_bytes(), rel=0.2)
    path.write_text(json.dumps({"seconds": 100.0, "peak_memory_bytes": 10**15}))
    resumed = RunMeter(path)
    assert 100 <= resumed.seconds < 101
    assert resumed.peak_memory_bytes == 10**15
    resumed.keep()
    assert RunMeter(path).seconds >= 100


@pytest.mark.parametrize("text", ["", "{", "[]", '{"seconds": "much"}', '{"seconds": 3}'])
def test_a_torn_file_counts_as_nothing(text: str, tmp_path: Path) -> None:
    path = tmp_path / "meter.json"
    path.write_text(text)
    meter = RunMeter(path)
    assert meter.seconds < 1 and 0 < meter.peak_memory_bytes < 10**12
