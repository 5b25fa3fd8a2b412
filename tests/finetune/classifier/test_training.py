"""A classifier learns what its rows say, is calibrated, and is saved as it is served."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch")

from miniatures.agents.passages import Passage
from miniatures.agents.roles.researcher import RESEARCHER, Fit, Judgement, PassageVariables, Status, Worth
from miniatures.backends.classifier import open_classifier, pair_of
from miniatures.datamodel.capabilities import READER, SMALL, Capabilities
from miniatures.datamodel.dataset import Split
from miniatures.datamodel.errors import InputError
from miniatures.datamodel.example import Example, Source
from miniatures.datamodel.recipe import Method, Recipe
from miniatures.finetune.classifier.rows import classified, fields_of
from miniatures.finetune.classifier.training import train_classifier
from miniatures.finetune.dataset.build import BuildSettings, build_dataset
from miniatures.finetune.dataset.folder import Dataset
from miniatures.prompts.library import PromptLibrary
from tests.backends.tiny_encoder import HEADS, write_encoder
from tests.finetune.small_examples import example


def judged(number: int) -> Example:
    from datetime import date

    is_open = number % 2 == 0
    text = f"the new hall is {'open' if is_open else 'closed'}"
    variables = PassageVariables.of(Passage(text=text), f"Company {number}", date(2026, 12, 1))
    status, kind = (Status.NEWS, "expansion") if is_open else (Status.OLD, "none")
    return Example(
        role=RESEARCHER.name,
        variables=variables.model_dump(mode="json"),
        answer=Judgement(status=status, kind=kind).model_dump(mode="json"),
        company=f"Company {number}",
        source=Source.GOLD,
    )


def fitting(number: int) -> Example:
    from datetime import date

    fits = number % 2 == 0
    variables = PassageVariables.of(Passage(text="the new hall is open"), f"Company {number}", date(2026, 12, 1))
    asked = variables.looking_for("new hall" if fits else "cold store")
    return Example(
        role=RESEARCHER.name,
        variables=asked.model_dump(mode="json"),
        answer=Fit(fits=Worth.OPEN if fits else Worth.NONE).model_dump(mode="json"),
        company=f"Company {number}",
        source=Source.GOLD,
    )


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    examples = [*map(judged, range(60)), *map(fitting, range(60)), example("Other", "An email.")]
    return build_dataset(examples, tmp_path / "dataset", BuildSettings(trust=READER, validation=0.2))


def test_a_dataset_for_readers_holds_their_questions_alone(dataset: Dataset, tmp_path: Path) -> None:
    assert dataset.manifest.roles == {"researcher": 120}
    fields = fields_of(dataset.rows(Split.TRAIN), Capabilities().with_trust(READER), PromptLibrary())
    assert set(fields) == {"status", "kind", "fits"}
    small = build_dataset([judged(1), example("Other", "An email.")], tmp_path / "small", BuildSettings(trust=SMALL))
    assert small.manifest.roles == {"writer": 1}


@pytest.mark.parametrize("frozen", [0, 1])
def test_it_learns_is_calibrated_and_is_served_as_it_was_trained(dataset: Dataset, tmp_path: Path, frozen: int) -> None:
    base, out = write_encoder(tmp_path / "base"), tmp_path / "adapter"
    recipe = Recipe(
        name="tiny", base="tiny", dataset="dataset", method=Method.CLASSIFIER, learning_rate=1e-3, max_steps=150,
        max_tokens=32, epochs=100, frozen_layers=frozen, compared=("fits",),
    )  # fmt: skip
    told: list[tuple[int, int]] = []
    summary = train_classifier(recipe, base, HEADS, dataset, out, lambda step, steps, _: told.append((step, steps)))
    assert told[:150] == [(step, 150) for step in range(1, 151)]
    assert told[150:] == [(step, len(told) - 150) for step in range(1, len(told) - 149)]
    assert summary.validation_right == {"status": 1, "kind": 1, "fits": 1}
    assert set(summary.temperatures) == {"status", "kind", "fits"}
    engine = open_classifier(base, out, "tiny").engine
    for row in classified(dataset.rows(Split.VALIDATION)):
        asked = engine.submit_texts(row.texts) if "fits" in row.answer else engine.submit(row.pair)
        shares = asked.result().shares
        for field, word in row.answer.items():
            assert max(shares[field], key=shares[field].__getitem__) == word


def test_a_question_that_is_not_closed_is_refused(tmp_path: Path) -> None:
    written = build_dataset([example("Nordfrost", "An email.")], tmp_path / "d", BuildSettings(trust=SMALL))
    with pytest.raises(InputError, match="asks no closed questions"):
        fields_of(written.rows(Split.TRAIN), Capabilities().with_trust(SMALL), PromptLibrary())


def test_a_pair_is_what_the_backend_reads(dataset: Dataset) -> None:
    row = next(dataset.rows(Split.TRAIN))
    assert classified([row])[0].pair == pair_of(row.prompt[-1].content)
