"""The curve survives a kill, and a resumed run's repeated steps count once."""

from __future__ import annotations

import pytest

from miniatures.finetune.curve import CurveFile, CurvePoint, draw_curve


def test_later_lines_of_a_step_count_and_cut_lines_do_not(tmp_path):
    curve = CurveFile(path=tmp_path / "curve.jsonl")
    for step, loss in [(1, 3.0), (2, 2.5), (3, 2.0), (2, 2.4), (3, 1.9)]:
        curve.add(CurvePoint(step=step, training=loss, rate=0.1))
    curve.add(CurvePoint(step=2, validation=2.2))
    with curve.path.open("a") as file:
        file.write('{"step": 4, "tra')
    points = curve.points()
    assert [(one.step, one.training) for one in points if one.training] == [(1, 3.0), (2, 2.4), (3, 1.9)]
    assert [(one.step, one.validation) for one in points if one.validation] == [(2, 2.2)]


def test_no_file_is_no_curve(tmp_path):
    assert CurveFile(path=tmp_path / "none.jsonl").points() == []


@pytest.mark.slow
def test_the_picture_is_a_png(tmp_path):
    draw_curve([CurvePoint(step=1, training=2.0), CurvePoint(step=2, validation=1.5)], tmp_path / "c.png", "a run")
    assert (tmp_path / "c.png").read_bytes().startswith(b"\x89PNG")
