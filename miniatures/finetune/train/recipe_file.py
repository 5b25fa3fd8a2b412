"""Reads a recipe: a YAML file whose dataset stands beside it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from miniatures.datamodel.recipe import Recipe
from miniatures.finetune.dataset.folder import Dataset, open_dataset
from miniatures.inputs.validation import validate
from miniatures.inputs.yaml_file import load_yaml


@dataclass(frozen=True)
class LoadedRecipe:
    """A recipe and the folder that its paths are relative to."""

    recipe: Recipe
    folder: Path

    def dataset(self) -> Dataset:
        """The recipe's dataset.

        Raises:
            InputError: it is not there, or damaged.
        """
        return open_dataset(self.folder / self.recipe.dataset)


def load_recipe(path: Path) -> LoadedRecipe:
    """Read a recipe.

    Raises:
        InputError: names the file, the line and the key of each mistake.
    """
    return LoadedRecipe(validate(Recipe, load_yaml(path)), path.parent)
