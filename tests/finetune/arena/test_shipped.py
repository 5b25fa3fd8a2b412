"""The arena that ships is in order, is as large as was asked for, and its sides share no company."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from miniatures.finetune.arena.company import Trap
from miniatures.finetune.arena.folder import ArenaHand, read_hand

ARENA = Path(__file__).parents[3] / "examples" / "arena"
SPLIT = yaml.safe_load((ARENA / "split.yaml").read_text())
SIDES = {side: SPLIT[side] for side in ("train", "calibrate", "dev", "test")}


@pytest.fixture(scope="module")
def hands() -> dict[str, ArenaHand]:
    return {name: read_hand(ARENA / name) for names in SIDES.values() for name in names}


def test_each_hand_is_on_one_side(hands: dict[str, ArenaHand]) -> None:
    listed = [name for names in SIDES.values() for name in names]
    assert sorted(listed) == sorted(path.parent.name for path in ARENA.glob("*/companies"))
    domains = [domain for hand in hands.values() for domain in hand.companies]
    assert len(set(domains)) == len(domains) >= 120
    names = [company.company for hand in hands.values() for company in hand.companies.values()]
    assert len(set(names)) == len(names)


def test_each_side_has_companies_without_news_and_in_other_languages(hands: dict[str, ArenaHand]) -> None:
    for names in SIDES.values():
        companies = [company for name in names for company in hands[name].companies.values()]
        assert sum(not company.has_news for company in companies) >= 2 * len(names)
        assert sum(company.language != "en" for company in companies) >= 2 * len(names)
        assert all(any(trap in company.traps for company in companies) for trap in Trap)


def test_those_that_train_tell_each_opening_twice(hands: dict[str, ArenaHand]) -> None:
    for name in (*SIDES["train"], *SIDES["calibrate"]):
        labels = [label for company in hands[name].companies.values() for label in company.labels]
        opening = [worth for label in labels for worth in label.worth.values() if worth.verdict.value == "open"]
        assert sum(len(worth.told) >= 2 for worth in opening) >= 0.99 * len(opening)
    for name in (*SIDES["dev"], *SIDES["test"]):
        labels = [label for company in hands[name].companies.values() for label in company.labels]
        assert not any(worth.told for label in labels for worth in label.worth.values())
