"""Identifiers are unique, across forked processes too, and sort by when they were made."""

from __future__ import annotations

import multiprocessing
import os

import pytest

from miniatures.datamodel.trace import new_id


def test_ids_sort_by_time_and_never_repeat() -> None:
    ids = [new_id() for _ in range(20_000)]
    assert len(set(ids)) == len(ids)
    times = [made[:16] for made in ids]
    assert times == sorted(times)
    assert {len(made) for made in ids} == {32}


def random_halves(_: int) -> list[str]:
    return [new_id()[16:] for _ in range(100)]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_forked_processes_do_not_repeat_each_other() -> None:
    with multiprocessing.get_context("fork").Pool(4) as pool:
        halves = [half for part in pool.map(random_halves, range(8), chunksize=1) for half in part]
    assert len(set(halves)) == len(halves)
