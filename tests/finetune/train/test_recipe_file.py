"""The recipes that ship follow the paper, and a mistake in a recipe is named with its line."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic.fields import FieldInfo

from miniatures.datamodel.errors import InputError
from miniatures.datamodel.recipe import LoraSettings, Method, Precision, Recipe
from miniatures.finetune.train.recipe_file import load_recipe

RECIPES = sorted((Path(__file__).parents[3] / "examples" / "recipes").glob("*.yaml"))
PAPERS = [path for path in RECIPES if not path.stem.startswith(("writer", "assessor"))]
FAMILIES = ("gemma3-1b", "gemma3-4b", "gemma3-12b", "qwen", "llama3.2", "mistral", "phi", "smollm2")


def test_there_is_one_for_each_family():
    names = " ".join(path.stem for path in RECIPES)
    assert [family for family in FAMILIES if family not in names] == []


@pytest.mark.parametrize("path", PAPERS, ids=lambda path: path.stem)
def test_it_loads_with_the_papers_settings(path: Path):
    recipe = load_recipe(path).recipe
    assert recipe.schedule == "cosine"
    assert recipe.lora.dropout == 0.05
    if recipe.method is Method.FULL:
        assert 1e-5 <= recipe.rate <= 5e-5
    elif recipe.method is Method.LORA and "smollm2" not in path.stem:
        assert (recipe.lora.rank, recipe.lora.alpha, recipe.rate) == (None, 32, 2e-4)
        assert 3 <= recipe.epochs <= 5


def test_names_differ():
    fresh = [one.name for one in (load_recipe(path).recipe for path in RECIPES) if one.start is None]
    assert len(set(fresh)) == len(fresh)


def test_the_defaults_are_the_papers():
    recipe = Recipe(name="a", base="b", dataset="c")
    assert (recipe.rate, recipe.epochs, recipe.precision) == (2e-4, 3, Precision.AUTO)
    assert 1e-5 <= recipe.model_copy(update={"method": Method.FULL}).rate <= 5e-5
    assert recipe.model_copy(update={"learning_rate": 1e-3}).rate == 1e-3


@pytest.mark.parametrize(
    ("parameters", "rank"), [(134_515_008, 16), (3_000_000_000, 16), (3_000_000_001, 32), (12_000_000_000, 32)]
)
def test_the_rank_follows_from_the_size_unless_it_is_stated(parameters: int, rank: int):
    assert LoraSettings().rank_for(parameters) == rank
    assert LoraSettings(rank=8).rank_for(parameters) == 8


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("epochs: 0", "epochs"),
        ("learning_rate: fast", "learning_rate"),
        ("method: qlora", "method"),
        ("lora: {rank: 0}", "rank"),
        ("epoch: 3", "epoch"),
        ("name: Not A Name", "name"),
        ("max_steps: -1", "max_steps"),
        ("epochs: inf", "epochs"),
        ("epochs: 1e300", "epochs"),
        ("learning_rate: 1e999", "learning_rate"),
        ("weight_decay: inf", "weight_decay"),
        ("lora: {alpha: inf}", "alpha"),
        ("lora: {targets: []}", "targets"),
        ("roles: []", "roles"),
        ("seed: -1", "seed"),
        ("seed: 99999999999", "seed"),
        (f"batch_tokens: 1{'0' * 280}", "batch_tokens"),
        (f"name: {'a' * 5_000}", "name"),
    ],
)
def test_a_mistake_is_named_with_file_and_line(tmp_path: Path, line: str, said: str):
    lines = {"name": "name: a", "base": "base: b", "dataset": "dataset: c"} | {line.partition(":")[0]: line}
    path = tmp_path / "recipe.yaml"
    path.write_text("\n".join(lines.values()) + "\n", encoding="utf-8")
    number = list(lines.values()).index(line) + 1
    with pytest.raises(InputError, match=said) as caught:
        load_recipe(path)
    assert "recipe.yaml" in caught.value.message
    assert f"line {number}" in caught.value.message


def test_the_dataset_stands_beside_the_recipe(tmp_path: Path):
    (tmp_path / "recipe.yaml").write_text("name: a\nbase: b\ndataset: data\n", encoding="utf-8")
    with pytest.raises(InputError, match="data is no dataset"):
        load_recipe(tmp_path / "recipe.yaml").dataset()
    with pytest.raises(InputError):
        load_recipe(tmp_path / "none.yaml")


def test_the_page_for_trainers_has_every_key_with_its_default_and_meaning():
    page = (Path(__file__).parents[3] / "docs" / "trainers.md").read_text(encoding="utf-8")
    fields = {**Recipe.model_fields, **{f"lora.{name}": field for name, field in LoraSettings.model_fields.items()}}
    assert [name for name, field in fields.items() if table_row(name, field) not in page] == []


def table_row(name: str, field: FieldInfo) -> str:
    """How the page tells a key."""
    default = "required" if field.is_required() else _shown(field.default)
    return f"| `{name}` | {default} | {field.description} |"


def _shown(default: object) -> str:
    match default:
        case LoraSettings():
            return "as below"
        case None:
            return "null"
        case tuple():
            return ", ".join(map(str, default)) or "none"
        case bool():
            return str(default).lower()
        case _:
            return str(default)


@pytest.mark.parametrize("dataset", ["~nobody-of-that-name/data", "a" * 5_000, "a" * 5_000 + ".jsonl"])
def test_a_dataset_that_can_be_nowhere_is_said_to_be_none(tmp_path: Path, dataset: str):
    (tmp_path / "recipe.yaml").write_text(f"name: a\nbase: b\ndataset: {dataset}\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"no dataset|no file"):
        load_recipe(tmp_path / "recipe.yaml").dataset()
