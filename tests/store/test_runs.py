"""Runs share a campaign without ever sharing a prospect, and what a killed run held is free for the next."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from miniatures.datamodel.draft import DraftStatus
from miniatures.store.open import Store, open_store
from tests.store.databases import CAMPAIGN, person

ROOT = Path(__file__).resolve().parents[2]
KEYS = [person(number).key for number in range(600)]


async def enrol(store: Store) -> None:
    await store.enrol(CAMPAIGN, map(person, range(600)))


async def test_what_one_run_holds_no_other_gets(store: Store) -> None:
    await enrol(store)
    await store.start_run("1", CAMPAIGN, "first")
    assert await store.claim(CAMPAIGN, "1", KEYS[:300]) == set(KEYS[:300])
    assert await store.claim(CAMPAIGN, "1", KEYS[:300]) == set(KEYS[:300])
    assert await store.claim(CAMPAIGN, "2", KEYS) == set(KEYS[300:])
    assert await store.claim(CAMPAIGN, "1", [person(9999).key]) == set(), "nobody who is not on the list"
    assert await store.claim("another", "1", KEYS[:1]) == set()
    assert await store.claim(CAMPAIGN, "1", []) == set()


async def test_an_end_frees_what_was_claimed(store: Store) -> None:
    await enrol(store)
    await store.start_run("1", CAMPAIGN, "first")
    await store.claim(CAMPAIGN, "1", KEYS)
    await store.finish_run("1", "completed")
    await store.start_run("2", CAMPAIGN, "first")
    assert await store.claim(CAMPAIGN, "2", KEYS) == set(KEYS)
    await store.start_run("3", "another", "first")
    assert await store.claim(CAMPAIGN, "4", KEYS) == set(), "a run of another campaign frees nothing"
    await store.start_run("5", CAMPAIGN, "first")
    assert await store.claim(CAMPAIGN, "5", KEYS) == set(KEYS), "the second was killed"
    first, second, fifth = store.runs(CAMPAIGN)
    assert (first.outcome, second.outcome, fifth.ended_at) == ("completed", None, None)
    assert second.ended_at is not None


async def test_a_claim_survives_another_enrolment_and_its_prospect_s_result(store: Store) -> None:
    await enrol(store)
    await store.start_run("1", CAMPAIGN, "first")
    await store.claim(CAMPAIGN, "1", KEYS)
    await store.enrol(CAMPAIGN, [person(0, title="CTO")])
    assert await store.claim(CAMPAIGN, "2", KEYS) == set()
    assert store.counts(CAMPAIGN)[DraftStatus.PENDING] == 600


WORKER = """
import asyncio, random, sys
from miniatures.store.open import open_store
from tests.store.test_runs import CAMPAIGN, KEYS

async def main(url, run):
    keys = random.Random(run).sample(KEYS, len(KEYS))
    with open_store(url) as store:
        for start in range(0, len(keys), 7):
            print(*await store.claim(CAMPAIGN, run, keys[start : start + 7]), flush=True)

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.mark.slow
def test_processes_that_claim_at_once_never_share_a_prospect(store_url: str) -> None:
    with open_store(store_url) as store:
        asyncio.run(enrol(store))
    command = [sys.executable, "-c", WORKER, store_url]
    workers = [
        subprocess.Popen([*command, f"run {number}"], stdout=subprocess.PIPE, text=True, cwd=ROOT)
        for number in range(4)
    ]
    claimed = [worker.communicate(timeout=120)[0].split() for worker in workers]
    assert [worker.returncode for worker in workers] == [0] * 4
    assert sorted(key for keys in claimed for key in keys) == sorted(KEYS)
