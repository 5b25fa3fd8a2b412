"""Does a run survive being killed? SIGKILL strikes the real `miniatures run` at any moment from its start to its end.

The example campaign, its sites read from the folder, with the shipped miniature as researcher and writer. A killed run
is started again until it finishes; then a new one begins, until enough kills have struck. Checked of each finished run:
the store is sound (SQLite's own integrity check), every prospect has exactly one result, of the status that an
undisturbed run gives it, no stage that the ledger calls done was run again, and the report is whole. Checked after each
kill: no process that the run had started is left. Reported beside: how many drafts have the undisturbed run's words.

    python benchmarks/kills.py [--kills 200] [--seed 7]
"""

from __future__ import annotations

import argparse
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from miniatures.inputs.campaign import LoadedCampaign, load_campaign
from miniatures.store.open import open_store

EXAMPLE = Path(__file__).parents[1] / "examples/cold_storage"
CAMPAIGN = """
name: kills
brief: brief.md
prospects: prospects.csv
search: local:sites
backends:
  student: {use: miniature:outreach@live, max_tokens: 300}
roles: {researcher: student, writer: student, verifier: checks}
write: {samples: 1, rewrites: 1, retry_samples: 8}
"""
CHILDREN_END_WITHIN_S = 5


@dataclass
class Tally:
    """What the kills did."""

    kills: int = 0
    runs: int = 0
    moments: Counter[str] = field(default_factory=Counter)
    drafts: int = 0
    same_words: int = 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        tally = strike(Path(folder), options.kills, random.Random(options.seed))
    moments = ", ".join(f"{count} {moment}" for moment, count in sorted(tally.moments.items()))
    print(f"{tally.kills} kills in {tally.runs} campaigns: {moments}")
    print("nothing lost, nothing done twice, no process left")
    print(f"{tally.same_words} of {tally.drafts} drafts have the words of the undisturbed run")


def strike(folder: Path, kills: int, dice: random.Random) -> Tally:
    """Kill runs until `kills` have struck, and check each one that was brought to its end."""
    calm = new_campaign(folder / "calm")
    began = time.monotonic()
    start(calm).wait()
    whole_s = time.monotonic() - began
    expected = outcome(calm)
    tally = Tally()
    while tally.kills < kills:
        campaign = new_campaign(folder / f"run-{tally.runs}")
        tally.runs += 1
        kill_until_done(campaign, dice, whole_s, tally)
        check(campaign, expected, tally)
    return tally


def new_campaign(folder: Path) -> Path:
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("runs", "*.yaml"))
    path = folder / "campaign.yaml"
    path.write_text(CAMPAIGN)
    return path


def start(campaign: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "miniatures", "run", campaign.name],
        cwd=campaign.parent,
        stdout=subprocess.DEVNULL,
        stderr=(campaign.parent / "errors.txt").open("ab"),
    )


def kill_until_done(campaign: Path, dice: random.Random, whole_s: float, tally: Tally) -> None:
    while True:
        running = start(campaign)
        try:
            code = running.wait(timeout=dice.uniform(0, whole_s))
        except subprocess.TimeoutExpired:
            tally.moments[progress(campaign)] += 1
            kill(running)
            tally.kills += 1
            print(f"{tally.kills} kills", file=sys.stderr, end="\r")
            continue
        assert code == 0, (campaign.parent / "errors.txt").read_text()
        return


def kill(running: subprocess.Popen[bytes]) -> None:
    children = psutil.Process(running.pid).children(recursive=True)
    running.kill()
    running.wait()
    _, left = psutil.wait_procs(children, timeout=CHILDREN_END_WITHIN_S)
    assert not left, f"{len(left)} processes of a killed run are still there: {left}"


def progress(campaign: Path) -> str:
    """How far the run had come, by the results that are durable."""
    store = store_file(campaign)
    if not store.exists():
        return "before there was a store"
    try:
        with sqlite3.connect(f"file:{store}?mode=ro", uri=True) as connection:
            (done,) = connection.execute("SELECT count(*) FROM results").fetchone()
    except sqlite3.OperationalError:
        return "before there were tables"
    return "before the first result" if not done else "between results"


def store_file(campaign: Path) -> Path:
    return Path(load_campaign(campaign).store_url.removeprefix("sqlite:///"))


def check(campaign: Path, expected: dict[str, tuple[str, str]], tally: Tally) -> None:
    with sqlite3.connect(store_file(campaign)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    loaded = load_campaign(campaign)
    found = outcome(campaign)
    statuses = {email: status for email, (status, _) in found.items()}
    assert statuses == {email: status for email, (status, _) in expected.items()}, statuses
    tally.drafts += len(expected)
    tally.same_words += sum(found[email] == expected[email] for email in expected)
    assert_nothing_ran_twice(loaded)
    assert "</html>" in next(campaign.parent.rglob("report.html")).read_text()


def outcome(campaign: Path) -> dict[str, tuple[str, str]]:
    """Each prospect's status and the words of the draft."""
    loaded = load_campaign(campaign)
    found: dict[str, tuple[str, str]] = {}
    with open_store(loaded.store_url) as store:
        for result in store.results(loaded.campaign.name):
            assert result.prospect.email not in found, "two results for one prospect"
            draft = result.draft
            found[result.prospect.email] = (result.status.value, f"{draft.subject}\n{draft.body}" if draft else "")
    return found


def assert_nothing_ran_twice(loaded: LoadedCampaign) -> None:
    """A stage's span is left when its result is durable: after that, the same inputs are only ever recalled."""
    with open_store(loaded.store_url) as store:
        finished = Counter(
            (entry.prospect, entry.name, entry.attributes["inputs"])
            for entry in store.spans(loaded.campaign.name)
            if entry.kind == "stage" and entry.error is None and not entry.attributes["recalled"]
        )
    repeated = [stage for stage, times in finished.items() if times > 1]
    assert not repeated, f"finished stages were run again: {repeated[:3]}"


if __name__ == "__main__":
    main()
