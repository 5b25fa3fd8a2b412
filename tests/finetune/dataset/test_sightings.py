"""Questions about one sentence: one for each label, varied in what tells nothing, and learned by small models only."""

from __future__ import annotations

import re

import pytest

from miniatures.agents.roles.researcher import Sighting
from miniatures.agents.roles.role import role_named
from miniatures.datamodel.capabilities import SMALL, Questions, Trust
from miniatures.datamodel.dataset import DropReason, Split
from miniatures.datamodel.example import Example, Source
from miniatures.finetune.dataset.build import BuildSettings, build_dataset
from miniatures.finetune.dataset.sightings import is_choice, is_sighting, sightings_of
from miniatures.finetune.gold.examples import researcher_examples
from miniatures.finetune.gold.exchange import Pools, years_later
from miniatures.finetune.gold.folder import GoldFolder, Worth, read_gold
from miniatures.finetune.gold.sightings import folder_sightings
from miniatures.prompts.taxonomy import known_taxonomy
from tests.finetune.gold_folders import slice_of


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> GoldFolder:
    return read_gold(slice_of("flint", tmp_path_factory.mktemp("gold") / "slice", 14))


@pytest.fixture(scope="module")
def sightings(folder: GoldFolder) -> list[Example]:
    return list(folder_sightings(folder, Pools.of([folder]), 2, seed=7))


def test_every_worth_is_a_kind_of_news_or_a_reason() -> None:
    assert {str(worth) for worth in Worth} == {*known_taxonomy().no_news, "must", "may"}


def test_each_sentence_is_asked_once_and_once_more_a_round(folder: GoldFolder, sightings: list[Example]) -> None:
    labelled = [sentence for company in folder.companies.values() for sentence in company.sentences]
    plain = [one for one in sightings if one.source is Source.GOLD]
    assert len(sightings) == 3 * len(plain) == 3 * len(labelled)
    for sentence, example in zip(labelled, plain, strict=True):
        assert example.variables["sentences"][0]["text"] == sentence.text
        kind = Sighting.model_validate(example.answer).kind
        assert (kind in known_taxonomy().news) is sentence.usable
        assert not role_named(example.role).faults_of(example.variables, example.answer or {})


def test_a_variant_keeps_its_answer_and_tells_of_other_years(sightings: list[Example]) -> None:
    moved = 0
    for place in range(0, len(sightings), 3):
        plain, *variants = sightings[place : place + 3]
        for variant in variants:
            assert (variant.answer, variant.company) == (plain.answer, plain.company)
            ages = [
                [int(one.variables["today"][:4]) - int(year) for year in re.findall(r"\b20\d\d\b", text)]
                for one in (plain, variant)
                for text in [one.variables["sentences"][0]["text"]]
            ]
            assert ages[0] == ages[1], "an old year stays as old"
            moved += plain.variables["today"] != variant.variables["today"]
    assert moved > len(sightings) / 2


def test_equal_seeds_give_equal_variants(folder: GoldFolder, sightings: list[Example]) -> None:
    again = folder_sightings(folder, Pools.of([folder]), 2, seed=7)
    assert [example.id for example in again] == [example.id for example in sightings]
    assert len({example.id for example in sightings}) > 0.99 * len(sightings)


def test_years_are_moved_and_other_numbers_are_not() -> None:
    assert years_later("In 2024 and 1998, 20245 of them for 2,030 euros", 2) == (
        "In 2026 and 2000, 20245 of them for 2,030 euros"
    )


def test_a_choice_tells_about_what_was_chosen_only(folder: GoldFolder) -> None:
    chosen = next(one for one in researcher_examples(folder, seed=7) if one.answer and len(one.answer["choices"]) > 1)
    told = sightings_of(chosen)
    texts = {sentence["number"]: sentence["text"] for sentence in chosen.variables["sentences"]}
    assert [one.variables["sentences"][0]["text"] for one in told] == [
        texts[choice["number"]] for choice in (chosen.answer or {})["choices"]
    ]
    assert all(one.answer and one.answer["kind"] in known_taxonomy().news and is_sighting(one) for one in told)
    broad = chosen.model_copy(
        update={
            "variables": {
                **chosen.variables,
                "signals": [{**signal, "kinds": ["cost", "target"]} for signal in chosen.variables["signals"]],
            }
        }
    )
    assert sightings_of(broad) == [], "a signal of two kinds does not say which"


@pytest.mark.parametrize("trust", [SMALL, Trust()], ids=["small", "large"])
def test_who_learns_what(trust: Trust, folder: GoldFolder, sightings: list[Example], tmp_path) -> None:
    lists = list(researcher_examples(folder, seed=7))
    dataset = build_dataset([*sightings, *lists], tmp_path, BuildSettings(trust=trust, validation=0.2, test=0.3))
    assert (dataset.manifest.trust, dataset.manifest.taxonomy) == (trust, known_taxonomy().hash)
    for split in Split:
        asked = [row.example for row in dataset.rows(split)]
        assert asked
        small = trust.questions is Questions.EACH and split is not Split.TEST
        assert all(map(is_sighting if small else is_choice, asked)), split


def test_no_sentence_of_a_tested_list_is_learned_from_another_company(
    folder: GoldFolder, sightings: list[Example], tmp_path
) -> None:
    lists = list(researcher_examples(folder, seed=7))
    dataset = build_dataset([*sightings, *lists], tmp_path, BuildSettings(validation=0.2, test=0.3))
    tested = {sentence["text"] for row in dataset.rows(Split.TEST) for sentence in row.example.variables["sentences"]}
    learned = [row.example for split in (Split.TRAIN, Split.VALIDATION) for row in dataset.rows(split)]
    assert tested.isdisjoint(one.variables["sentences"][0]["text"] for one in learned)
    assert dataset.manifest.dropped[DropReason.TESTED] > 0
