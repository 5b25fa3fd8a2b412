"""kill -9 while somebody is forgotten: nobody can write to them at any moment, and the same command finishes it.

The children are forked from this process before it has started a thread, so that thirty kills take seconds.
"""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

KILLS = 30


@pytest.mark.slow
def test_thirty_kills_or_more_leave_no_byte_and_never_somebody_who_can_be_written_to(tmp_path: Path) -> None:
    """Runs as a process of its own: forking pytest, with its threads, would not be a fair fault."""
    finished = subprocess.run(
        [sys.executable, __file__, str(tmp_path)], capture_output=True, text=True, timeout=300, check=False
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert int(finished.stdout.split()[0]) >= KILLS, finished.stdout


def main(folder: Path) -> None:
    """Kill the forgetting in copies of one campaign, each until it is done, until `KILLS` have struck."""
    os.environ["MINIATURES_HOME"] = str(folder / "calm" / "home")
    pid = os.fork()
    if pid == 0:
        from tests.erasure.known_campaign import write_known

        write_known(folder / "calm" / "autumn")
        os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0
    _load_what_is_loaded_lazily()
    dice = random.Random(7)
    kills = episodes = 0
    while kills < KILLS:
        episodes += 1
        home = folder / f"episode-{episodes}"
        shutil.copytree(folder / "calm", home)
        os.environ["MINIATURES_HOME"] = str(home / "home")
        kills += _kill_until_done(home, dice)
        _assert_forgotten(home)
        shutil.rmtree(home)
    print(f"{kills} kills in {episodes} episodes")


def _load_what_is_loaded_lazily() -> None:
    import tests.erasure.byte_search
    import tests.erasure.test_forgetting  # noqa: F401


def _kill_until_done(home: Path, dice: random.Random) -> int:
    kills = 0
    while True:
        pid = os.fork()
        if pid == 0:
            _forget(home)
            os._exit(0)
        time.sleep(dice.uniform(0.05, 0.6))
        os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
        if os.WIFEXITED(status):
            assert os.WEXITSTATUS(status) == 0
            return kills
        kills += 1
        _assert_safe(home)


def _forget(home: Path) -> None:
    from miniatures.erasure.forgetting import Forgetting
    from miniatures.inputs.campaign import load_campaign
    from miniatures.weights.registry import Registry
    from tests.erasure.known_campaign import FORGOTTEN, NOW

    forgetting = Forgetting(FORGOTTEN.email, [load_campaign(home / "autumn")], [], Registry(), lambda: NOW)
    found = forgetting.find()
    with forgetting.held(found):
        asyncio.run(forgetting.erase(found, from_datasets=True))


def _assert_safe(home: Path) -> None:
    """As long as anything of her is missing, she is on the list of those who are written to no more.

    Asked in a child, so that this process never has a thread.
    """
    pid = os.fork()
    if pid == 0:
        from miniatures.store.open import open_store
        from tests.erasure.known_campaign import FORGOTTEN, NAME

        work = home / "autumn" / "runs" / NAME
        with open_store(str(work / "campaign.sqlite")) as store:
            kept = store.result(NAME, FORGOTTEN.key) and store.mail.outbox.thread(NAME, FORGOTTEN.key)
            untouched = kept and (work / "preview" / f"{FORGOTTEN.email}.eml").exists()
            safe = untouched or store.mail.suppressions.listed(FORGOTTEN.email, NAME)
        os._exit(0 if safe else 1)
    assert os.waitpid(pid, 0)[1] == 0, "she can be written to, and the forgetting had begun"


def _assert_forgotten(home: Path) -> None:
    pid = os.fork()
    if pid == 0:
        from miniatures.finetune.dataset.folder import open_dataset
        from tests.erasure.byte_search import traces_of
        from tests.erasure.known_campaign import FORGOTTEN, PEOPLE

        (home / "autumn" / "prospects.csv").unlink()
        assert traces_of(FORGOTTEN, home) == []
        dataset = open_dataset(home / "autumn" / "datasets" / "autumn-1")
        assert sum(file.examples for file in dataset.manifest.splits.values()) == PEOPLE - 1
        os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0, "something of her is left"


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    main(Path(sys.argv[1]))
