"""What a campaign chooses on the arena's realistic sites, before anybody reads an email: an instrument, no result.

    python -m benchmarks.arena --side dev [--researcher SPEC] [--assessor SPEC] [--writer SPEC] [--verifier SPEC]
        [--out FOLDER]

The shipped pipeline runs over each brief of the side's hands. Told, for the side and for each campaign: of companies
with news, how many emails open with a sentence labelled worth opening with, and how many are ready; of companies
without, how many got an email all the same. The campaigns stay in the folder, for `miniatures readings sheet`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any

import yaml

from miniatures.agents.runs import run_campaign
from miniatures.datamodel.miniature import Score
from miniatures.finetune.arena.choices import ChoiceScores, choice_scores
from miniatures.finetune.arena.folder import ArenaHand, read_hand
from miniatures.finetune.arena.sites import SHIPPED, write_campaigns
from miniatures.inputs.campaign import load_campaign
from miniatures.measure.statistics import wilson
from miniatures.store.open import open_store

ARENA = Path(__file__).parents[1] / "examples/arena"
_WITHOUT = {
    "researcher": "the best-ranked sentence",
    "assessor": "the researcher's first choice",
    "writer": "code places the news",
    "verifier": "the checks alone decide",
}
"""What each role leaves to code where nobody plays it."""


@dataclass
class Totals:
    """Sums over the campaigns of a side."""

    scores: list[ChoiceScores] = field(default_factory=list)
    prospects: int = 0
    seconds: float = 0.0

    def told(self) -> dict[str, Any]:
        choices: Counter[str] = Counter()
        for one in self.scores:
            choices.update(one.choices)
        return {
            "right reason, of companies with news": share(one.right for one in self.scores),
            "ready, of companies with news": share(one.ready_with_news for one in self.scores),
            "ready, of companies without": share(one.written_without_news for one in self.scores),
            "the emails open with": dict(choices.most_common()),
            "seconds a prospect": round(self.seconds / max(1, self.prospects), 2),
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--side", choices=["train", "calibrate", "dev", "test"], required=True)
    parser.add_argument("--hands", nargs="*", help="Only these of the side.")
    for role, without in _WITHOUT.items():
        parser.add_argument(f"--{role}", default=SHIPPED[role], help=f"A backend's spec, or none: {without}.")
    parser.add_argument("--out", type=Path, help="Where the campaigns are kept; a temporary folder if left out.")
    options = parser.parse_args()
    split = yaml.safe_load((ARENA / "split.yaml").read_text(encoding="utf-8"))
    as_of = datetime.combine(split["as_of"], time(12), UTC)
    names = [name for name in split[options.side] if not options.hands or name in options.hands]
    with tempfile.TemporaryDirectory() as temporary:
        folder, totals = options.out or Path(temporary), Totals()
        seats = {role: getattr(options, role) for role in _WITHOUT}
        for hand, brief, campaign in campaigns(names, folder, seats):
            told = asyncio.run(measure(hand, brief, campaign, as_of, totals))
            print(json.dumps({f"{hand.name}, {brief}": told}, ensure_ascii=False), flush=True)
        print(json.dumps({options.side: totals.told()}, indent=1))


def campaigns(names: list[str], folder: Path, seats: Mapping[str, str]) -> Iterator[tuple[ArenaHand, str, Path]]:
    """Each campaign of the hands, with its hand and brief."""
    for name in names:
        hand = read_hand(ARENA / name)
        written = write_campaigns(hand, ARENA / name, folder, seats)
        for brief, campaign in zip(hand.briefs, written, strict=True):
            yield hand, brief, campaign


async def measure(hand: ArenaHand, brief: str, campaign: Path, as_of: datetime, totals: Totals) -> dict[str, Any]:
    loaded = load_campaign(campaign)
    summary = await run_campaign(loaded, now=lambda: as_of)
    with open_store(loaded.store_url) as store:
        scores = choice_scores(store.results(loaded.name), hand.companies, brief)
    totals.scores.append(scores)
    totals.prospects += summary.new
    totals.seconds += summary.seconds
    return {"right": text(scores.right), "choices": scores.choices, "seconds": round(summary.seconds, 1)}


def share(scores: Iterator[Score]) -> str:
    counted = list(scores)
    return text(wilson(sum(one.passed for one in counted), sum(one.total for one in counted)))


def text(score: Score) -> str:
    percent = 100 * score.passed / max(1, score.total)
    return f"{score.passed} of {score.total}, {percent:.0f} % ({100 * score.low:.0f} to {100 * score.high:.0f})"


if __name__ == "__main__":
    main()
