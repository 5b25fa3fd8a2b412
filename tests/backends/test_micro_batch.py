"""Requests that arrive together are one batch; nothing is lost, doubled or mixed across keys."""

from __future__ import annotations

import threading
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from miniatures.backends.micro_batch import MicroBatcher


def run_all(requests: list[tuple[str, int]], max_batch: int) -> list[list[tuple[str, int]]]:
    """What the worker was given while it was kept busy by a first batch of its own."""
    batches: list[list[tuple[str, int]]] = []
    busy, done = threading.Event(), threading.Semaphore(0)

    def run(batch: list[tuple[str, int]]) -> None:
        if batch == [("first", -1)]:
            busy.wait(5)
            return
        batches.append(batch)
        for _ in batch:
            done.release()

    batcher = MicroBatcher(run, key=lambda request: request[0], max_batch=max_batch, window_s=0.001)
    batcher.submit(("first", -1))
    for request in requests:
        batcher.submit(request)
    busy.set()
    for _ in requests:
        assert done.acquire(timeout=5)
    return batches


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from("ab"), max_size=20), st.integers(1, 6))
def test_every_request_runs_once_in_order_beside_its_own_kind(keys: list[str], max_batch: int) -> None:
    requests = [(key, number) for number, key in enumerate(keys)]
    batches = run_all(requests, max_batch)
    assert Counter(request for batch in batches for request in batch) == Counter(requests)
    assert all(len({key for key, _ in batch}) == 1 and len(batch) <= max_batch for batch in batches)
    for kind in "ab":
        numbers = [number for batch in batches for key, number in batch if key == kind]
        assert numbers == sorted(numbers)


def test_what_waits_while_a_batch_runs_becomes_the_next_batch() -> None:
    assert [len(batch) for batch in run_all([("a", number) for number in range(10)], max_batch=8)] == [8, 2]


def test_an_idle_worker_waits_a_moment_for_company() -> None:
    sizes: list[int] = []
    done = threading.Semaphore(0)

    def run(batch: list[int]) -> None:
        sizes.append(len(batch))
        for _ in batch:
            done.release()

    batcher = MicroBatcher(run, key=lambda _: None, max_batch=8, window_s=0.2)
    for number in range(3):
        batcher.submit(number)
    for _ in range(3):
        assert done.acquire(timeout=5)
    assert sizes == [3]
