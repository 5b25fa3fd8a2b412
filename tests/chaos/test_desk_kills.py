"""kill -9 while two people review in the app: what they were told is what is kept, each decision once."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from benchmarks.desk_kills import strike


@pytest.mark.slow
def test_no_decision_is_lost_or_doubled_when_the_app_is_killed(tmp_path: Path) -> None:
    tally = strike(tmp_path, 8, random.Random(7))
    assert tally.kills >= 8
    assert (tally.lost, tally.doubled) == ([], [])
    assert tally.decisions == 68 and tally.conflicts > 0
