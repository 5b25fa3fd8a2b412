"""The curve survives a kill, and a resumed run's repeated steps count once."""

from __future__ import annotations

import math

import pytest

from miniatures.finetune.train.curve import CurveFile, CurvePoint, draw_curve


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


def test_what_comes_after_a_step_is_forgotten(tmp_path):
    curve = CurveFile(path=tmp_path / "curve.jsonl")
    curve.cut(0)
    for step in (1, 2, 3):
        curve.add(CurvePoint(step=step, training=1.0 / step))
        curve.add(CurvePoint(step=step, validation=2.0 / step))
    before = curve.points()
    curve.cut(2)
    assert curve.points() == before[:4]
    curve.cut(0)
    assert curve.points() == []


def test_a_loss_that_is_no_number_is_left_out_and_hides_nothing(tmp_path):
    curve = CurveFile(path=tmp_path / "curve.jsonl")
    curve.add(CurvePoint(step=1, training=2.0))
    curve.add(CurvePoint(step=1, validation=math.nan))
    curve.add(CurvePoint(step=2, training=math.inf))
    assert [(one.step, one.training, one.validation) for one in curve.points()] == [(1, 2.0, None)]


def test_no_file_is_no_curve(tmp_path):
    assert CurveFile(path=tmp_path / "none.jsonl").points() == []


@pytest.mark.slow
def test_the_picture_is_a_png(tmp_path):
    draw_curve([CurvePoint(step=1, training=2.0), CurvePoint(step=2, validation=1.5)], tmp_path / "c.png", "a run")
    assert (tmp_path / "c.png").read_bytes().startswith(b"\x89PNG")
