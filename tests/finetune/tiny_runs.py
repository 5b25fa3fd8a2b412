"""A small dataset, a small base and a recipe beside them: training runs of seconds that are real in every part."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from miniatures.datamodel.recipe import Recipe
from miniatures.finetune.dataset.build import BuildSettings, build_dataset
from miniatures.finetune.dataset.folder import Dataset, open_dataset
from miniatures.finetune.gold.all_examples import gold_examples
from miniatures.finetune.train.callbacks import Progress
from miniatures.finetune.train.curve import CurveFile, CurvePoint
from miniatures.finetune.train.prepared import Prepared, prepare
from miniatures.finetune.train.summary import TrainingSummary
from miniatures.finetune.train.training import CURVE, train
from tests.finetune.gold_folders import slice_of
from tests.finetune.tiny_models import tiny_folder

BASE, DATA = "tiny-base", "data"
RECIPE: dict[str, Any] = {
    "name": "tiny",
    "base": BASE,
    "dataset": DATA,
    "roles": ["writer"],
    "lora": {"rank": 8, "dropout": 0.1},
    "learning_rate": 2e-2,
    "precision": "fp32",
    "epochs": 60,
    "max_steps": 6,
    "evaluate_every": 3,
    "batch_tokens": 2048,
    "micro_batch_tokens": 1024,
}


@dataclass(frozen=True)
class Workshop:
    """A folder with base and dataset, in which recipes are run."""

    folder: Path

    @property
    def dataset(self) -> Dataset:
        return open_dataset(self.folder / DATA)

    def prepared(self, **changes: Any) -> Prepared:
        recipe = Recipe.model_validate({**RECIPE, **changes})
        return prepare(recipe, self.folder, open_dataset(self.folder / recipe.dataset))

    def run(self, out: Path, resume: bool = False, **changes: Any) -> tuple[TrainingSummary, list[CurvePoint]]:
        heard: list[Progress] = []
        summary = train(self.prepared(**changes), out, heard.append, resume=resume)
        assert heard
        return summary, points(out)

    def recipe(self, name: str, **changes: Any) -> Path:
        path = self.folder / f"{name}.yaml"
        path.write_text(yaml.safe_dump({**RECIPE, "name": name, **changes}), encoding="utf-8")
        return path


def make_workshop(folder: Path, *, validation: float = 0.25, emails: int = 14) -> Workshop:
    """The first emails of a gold folder with the researcher's questions on them, split, and a narrow random base."""
    examples, _ = gold_examples([slice_of("atlas", folder / "gold", emails)], 7, 0)
    build_dataset(examples, folder / DATA, BuildSettings(validation=validation, sources=("gold:slice",)))
    tiny_folder(folder / BASE)
    return Workshop(folder)


@contextmanager
def one_thread() -> Iterator[None]:
    """Models this small gain nothing from a second thread, and lose much where the machine has other work."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def points(out: Path) -> list[CurvePoint]:
    return CurveFile(path=out / CURVE).points()


def losses(found: list[CurvePoint]) -> list[tuple[int, float]]:
    return [(point.step, point.training) for point in found if point.training is not None]


def validations(found: list[CurvePoint]) -> list[tuple[int, float]]:
    return [(point.step, point.validation) for point in found if point.validation is not None]


def read_json(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found
