"""Reads a recipe: a YAML file whose dataset stands beside it, or a file of one's own chats that becomes one."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from miniatures.datamodel.errors import InputError
from miniatures.datamodel.recipe import Recipe
from miniatures.finetune.dataset.build import BuildSettings, build_dataset
from miniatures.finetune.dataset.chat_file import SUFFIX, read_chats
from miniatures.finetune.dataset.folder import MANIFEST, Dataset, open_dataset
from miniatures.inputs.validation import validate
from miniatures.inputs.yaml_file import load_yaml
from miniatures.weights.home import content_sha256


@dataclass(frozen=True)
class LoadedRecipe:
    """A recipe and the folder that its paths are relative to."""

    recipe: Recipe
    folder: Path

    def dataset(self) -> Dataset:
        """The recipe's dataset. Chats are frozen into one first, once for each state of their file.

        Raises:
            InputError: it is not there, or damaged.
        """
        path = self.folder / os.path.expanduser(self.recipe.dataset)  # noqa: PTH111 - Path's raises for nobody's home
        return _frozen_chats(path, self.folder / "runs" / "datasets") if _is_chats(self.recipe) else open_dataset(path)


def load_recipe(path: Path) -> LoadedRecipe:
    """Read a recipe.

    Raises:
        InputError: names the file, the line and the key of each mistake.
    """
    return LoadedRecipe(validate(Recipe, load_yaml(path)), path.parent)


def _is_chats(recipe: Recipe) -> bool:
    return recipe.dataset.endswith(SUFFIX)


def _frozen_chats(path: Path, folder: Path) -> Dataset:
    if not os.path.isfile(path):  # noqa: PTH113 - Path's raises for a name that is too long
        raise InputError(f"there is no file {path}", hint="Name a dataset's folder, or a file of chats.")
    frozen = folder / f"{path.stem}-{content_sha256(path)[:12]}"
    if (frozen / MANIFEST).is_file():
        return open_dataset(frozen)
    return build_dataset(read_chats(path), frozen, BuildSettings(sources=(f"chats:{path.name}",)))
