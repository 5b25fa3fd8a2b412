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
from pathlib import Path

import pytest

KILLS = 20
COMPANIES = 60
CAMPAIGN = """
name: autumn
brief: brief.md
prospects: prospects.csv
search: local:./sites
fetch: {per_host_interval_s: 0}
hosts: {'*.example': '127.0.0.1:1'}
backends: {nobody: 'openai-compatible:http://127.0.0.1:1/v1#nobody'}
roles: {writer: none}
arms: {one: {share: 0.3}, two: {share: 0.7}}
"""


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
    for name in ("alembic.command", "bm25s", "langgraph.graph", "miniatures.agents.runs"):
        importlib.import_module(name)
    dice = random.Random(11)
    kills = episodes = halfway = 0
    while kills < KILLS:
        episodes += 1
        campaign = _written(folder / f"episode-{episodes}")
        placed: dict[str, str] = {}
        salt = ""
        while (pid := _killed(campaign, dice)) is not None:
            kills += 1
            salt_now, places, done = _kept(campaign)
            assert salt in ("", salt_now), "a second salt was drawn"
            assert placed.items() <= places.items(), f"process {pid} moved somebody"
            salt, placed = salt_now, places
            halfway += 0 < len(done) < 2 * COMPANIES
        salt_now, places, done = _kept(campaign)
        assert salt in ("", salt_now)
        assert placed.items() <= places.items()
        assert done == places, "each prospect is done, once, by the arm that they are in"
        assert len(places) == 2 * COMPANIES
        assert set(places.values()) == {"one", "two"}
    assert halfway, "no kill struck while prospects were being worked on"
    print(f"{kills} kills in {episodes} episodes, {halfway} of them halfway")


def _written(folder: Path) -> Path:
    from miniatures.inputs.scaffold import create_campaign

    create_campaign(folder)
    lines = ["email,company,website"]
    for number in range(COMPANIES):
        page = folder / "sites" / f"velbrook{number}.example" / "index.html"
        page.parent.mkdir(parents=True)
        page.write_text(f"<p>In October 2026 Velbrook{number} opened a new warehouse in Rotterdam.</p>")
        lines += [f"{name}@velbrook{number}.example,Velbrook{number},https://velbrook{number}.example" for name in "ab"]
    (folder / "prospects.csv").write_text("\n".join(lines) + "\n")
    (folder / "campaign.yaml").write_text(CAMPAIGN)
    return folder


def _killed(campaign: Path, dice: random.Random) -> int | None:
    """The process that was killed while it ran the campaign; None once one came to the end."""
    from miniatures.agents.runs import run_campaign
    from miniatures.inputs.campaign import load_campaign

    pid = os.fork()
    if pid == 0:
        asyncio.run(run_campaign(load_campaign(campaign, trusted=True)))
        os._exit(0)
    time.sleep(dice.uniform(0.1, 1.5))
    os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    if os.WIFEXITED(status):
        assert os.WEXITSTATUS(status) == 0
        return None
    return pid


def _kept(campaign: Path) -> tuple[str, dict[str, str], dict[str, str]]:
    """The salt, the arm of each prospect, and the arm that did each who is done."""
    from miniatures.datamodel.draft import DraftStatus
    from miniatures.store.open import open_store

    with open_store(f"sqlite:///{campaign / 'runs' / 'autumn' / 'campaign.sqlite'}") as store:
        test = store.mail.enrolments.test("autumn")
        places = {key: one.arm for key, one in store.mail.enrolments.of("autumn").items()}
        results = [one for one in store.results("autumn") if one.status is not DraftStatus.PENDING]
        done = {one.prospect.key: one.arm for one in results}
        assert len(done) == len(results), "two results for one prospect"
    return test.salt if test else "", places, done


if __name__ == "__main__":
    main(Path(sys.argv[1]))
