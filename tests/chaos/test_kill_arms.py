"""kill -9 at random moments of an A/B test: whoever is in an arm stays there, and each arm does its own and no more."""

from __future__ import annotations

import asyncio
import importlib
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from miniatures.datamodel.campaign import Campaign
from miniatures.datamodel.prospect import Prospect

KILLS = 20
PEOPLE = 60


@pytest.mark.slow
def test_twenty_kills_move_nobody_to_another_arm(tmp_path: Path) -> None:
    """Runs as a process of its own: forking pytest, with its threads, would not be a fair fault."""
    finished = subprocess.run(
        [sys.executable, __file__, str(tmp_path)], capture_output=True, text=True, timeout=300, check=False
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert int(finished.stdout.split()[0]) >= KILLS, finished.stdout


def main(folder: Path) -> None:
    """Kill campaigns until `KILLS` have struck a run that was under way; after each, nobody has moved."""
    from small_campaign import sqlite_url

    for name in ("alembic.command", "bm25s", "langgraph.graph", "miniatures.agents.runs"):
        importlib.import_module(name)
    dice = random.Random(11)
    kills = episodes = halfway = 0
    while kills < KILLS:
        episodes += 1
        url = sqlite_url(folder / f"episode-{episodes}")
        salt, places, done = "", {}, {}
        under_way, longest = True, 1.2
        while under_way:
            under_way, longest = _was_killed(url, dice.uniform(0.3, longest)), longest * 1.1
            kills += under_way
            before, placed = salt, places
            salt, places, done = _kept(url)
            assert before in ("", salt), "a second salt was drawn"
            assert placed.items() <= places.items(), "somebody was moved"
            assert done.items() <= places.items(), "somebody was done by another arm"
            halfway += under_way and 0 < len(done) < PEOPLE
        assert done == places
        assert (len(places), set(places.values())) == (PEOPLE, {"one", "two"})
    assert halfway, "no kill struck while prospects were being worked on"
    print(f"{kills} kills in {episodes} episodes, {halfway} of them halfway")


def _was_killed(url: str, seconds: float) -> bool:
    """Run the test in a process that is killed after so long; says whether it had not come to its end.

    Later ones are given longer, so that a busy machine comes to an end, too.
    """
    pid = os.fork()
    if pid == 0:
        asyncio.run(_run(url))
        os._exit(0)
    time.sleep(seconds)
    os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    assert not os.WIFEXITED(status) or os.WEXITSTATUS(status) == 0
    return not os.WIFEXITED(status)


async def _run(url: str) -> None:
    """As `run_campaign` runs arms, with backends that need no server."""
    from small_campaign import NAME, NOW, SteadyBackend, small_context

    from miniatures.agents.arms import run_side_by_side
    from miniatures.agents.campaign import CampaignRunner
    from miniatures.agents.enrolment import enrol, settled_test
    from miniatures.datamodel.backend import BackendIdentity
    from miniatures.datamodel.trace import new_id
    from miniatures.store.open import open_store

    with open_store(url) as store, store.campaign_lock(NAME):
        test = await settled_test(store, _campaign(NAME), salt=new_id(), now=NOW)
        enrolled = await enrol(store, test, _people(), NOW)
        runners = {}
        for arm in test.shares:
            model = SteadyBackend(identity=BackendIdentity(provider="steady", model=arm))
            context = small_context(model, store.ledger(NAME))
            runners[arm] = CampaignRunner(campaign=NAME, context=context, store=store, concurrency=4)
        await run_side_by_side(runners, enrolled, _people)


def _campaign(name: str) -> Campaign:
    return Campaign.model_validate(
        {
            "name": name,
            "brief": "brief.md",
            "prospects": "prospects.csv",
            "search": "ddgs",
            "backends": {"one": "local:one", "two": "local:two"},
            "roles": {"writer": "one"},
            "arms": {"one": {"share": 0.3}, "two": {"share": 0.7, "writer": "two"}},
        }
    )


def _people() -> Iterator[Prospect]:
    """Two at each company; its name has no number, which would not tell it from another."""
    for number in range(PEOPLE):
        company = "".join(chr(ord("a") + int(digit)) for digit in str(100 + number // 2))
        yield Prospect(
            email=f"kim.{number}@{company}.example",
            company=f"Company {company}",
            first_name="Kim",
            website=f"http://{company}.example/",
        )


def _kept(url: str) -> tuple[str, dict[str, str], dict[str, str]]:
    """The salt, the arm of each prospect, and for those who are done the arm that did them."""
    from small_campaign import NAME

    from miniatures.datamodel.draft import DraftStatus
    from miniatures.store.open import open_store

    with open_store(url) as store:
        test = store.mail.enrolments.test(NAME)
        places = {key: one.arm for key, one in store.mail.enrolments.of(NAME).items()}
        results = [one for one in store.results(NAME) if one.status is not DraftStatus.PENDING]
        done = {one.prospect.key: one.arm for one in results}
        assert len(done) == len(results), "two results for one prospect"
    return test.salt if test else "", places, done


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    main(Path(sys.argv[1]))
