"""kill -9 at random moments: the resumed run ends with the same results, and no finished stage is ever run again.

The children are forked from this process before it has started a thread, so that fifty kills take seconds, not minutes.
"""

from __future__ import annotations

import asyncio
import importlib
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from miniatures.store.open import open_store

KILLS = 60
COUNT = 30


@pytest.mark.slow
def test_sixty_kills_or_more_leave_the_same_set_of_results(tmp_path: Path) -> None:
    """Runs as a process of its own: forking pytest, with its threads, would not be a fair fault."""
    finished = subprocess.run(
        [sys.executable, __file__, str(tmp_path)], capture_output=True, text=True, timeout=300, check=False
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert int(finished.stdout.split()[0]) >= KILLS, finished.stdout


def main(folder: Path) -> None:
    """Kill campaigns until `KILLS` have struck a run that was under way, and compare each with an undisturbed one."""
    from small_campaign import run_small_campaign, sqlite_url

    def child(url: str) -> int:
        pid = os.fork()
        if pid == 0:
            asyncio.run(run_small_campaign(url, COUNT))
            os._exit(0)
        return pid

    _load_what_is_loaded_lazily()
    calm = sqlite_url(folder / "calm")
    os.waitpid(child(calm), 0)
    expected = _outcome(calm)
    assert len(expected) == COUNT
    dice = random.Random(7)
    kills = episodes = 0
    while kills < KILLS:
        episodes += 1
        url = sqlite_url(folder / f"episode-{episodes}")
        kills += _kill_until_done(child, url, dice)
        assert _outcome(url) == expected, f"episode {episodes} ended differently"
        _assert_nothing_ran_twice(url)
    print(f"{kills} kills in {episodes} episodes")


def _load_what_is_loaded_lazily() -> None:
    """Otherwise each child would import for half a second, and be killed before it does anything."""
    for name in (
        "alembic.command",
        "bm25s",
        "cleanco",
        "langgraph.graph",
        "miniatures.store.store",
        "py3langid",
        "tld",
    ):
        importlib.import_module(name)


def _kill_until_done(child: Callable[[str], int], url: str, dice: random.Random) -> int:
    """Later ones are given longer, so that a busy machine comes to an end, too."""
    kills, longest = 0, 0.7
    while True:
        pid = child(url)
        time.sleep(dice.uniform(0.02, longest))
        os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
        if os.WIFEXITED(status):
            assert os.WEXITSTATUS(status) == 0
            return kills
        kills, longest = kills + 1, longest * 1.1


def _outcome(url: str) -> dict[str, tuple[str, str, str]]:
    """Each prospect's result, as far as it may not depend on when the process died."""
    from small_campaign import NAME

    with open_store(url) as store:
        found = {}
        for result in store.results(NAME):
            assert result.prospect.email not in found, "two results for one prospect"
            draft = result.draft
            text = (draft.subject, draft.body) if draft else ("", "")
            found[result.prospect.email] = (result.status.value, *text)
        return found


def _assert_nothing_ran_twice(url: str) -> None:
    """A stage's span is left when its result is durable: after that, the same inputs are only ever recalled."""
    from small_campaign import NAME

    with open_store(url) as store:
        finished = Counter(
            (entry.prospect, entry.name, entry.attributes["inputs"])
            for entry in store.spans(NAME)
            if entry.kind == "stage" and entry.error is None and not entry.attributes["recalled"]
        )
        repeated = [stage for stage, times in finished.items() if times > 1]
        assert not repeated, f"finished stages were run again: {repeated[:3]}"


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    main(Path(sys.argv[1]))
