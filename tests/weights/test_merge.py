"""Merging: the arithmetic, what stays untouched, the cache, and token-for-token parity with transformers and PEFT."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from miniatures.weights.adapter import Adapter
from miniatures.weights.errors import AdapterIsNoop, BadAdapter
from miniatures.weights.gguf_header import read_header
from miniatures.weights.merge import merged_weights
from tests.weights.adapters import RANK, write_adapter, write_adapter_files

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", autouse=True)
def home_of_its_own(short_weights: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Merged weights are large: none stays in the user's cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MINIATURES_HOME", str(tmp_path_factory.mktemp("home")))
        yield


@pytest.fixture(scope="module")
def merged(short_weights: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = write_adapter(tmp_path_factory.mktemp("adapter") / "a", use_rslora=True)
    return folder, merged_weights(short_weights, folder)


def _tensors(path: Path) -> dict[str, object]:
    from gguf import GGUFReader

    return {tensor.name: tensor for tensor in GGUFReader(path).tensors}


def test_targeted_tensors_get_the_change_and_the_others_stay(short_weights: Path, merged: tuple[Path, Path]) -> None:
    from gguf import dequantize

    folder, path = merged
    layers = Adapter(folder).layers
    before, after = _tensors(short_weights), _tensors(path)
    assert list(before) == list(after)
    changed = {name for name in before if _distance(before[name], after[name]) > 1}
    assert changed == {f"blk.{layer}.attn_{part}.weight" for layer in (0, 1) for part in "qv"}
    sides = (before["blk.0.attn_v.weight"], after["blk.0.attn_v.weight"])
    old, new = (dequantize(side.data, side.tensor_type) for side in sides)
    delta = layers["model.layers.0.self_attn.v_proj"].delta()
    step = np.abs(old + delta).reshape(-1, 32).max(axis=1).repeat(32).reshape(old.shape) / 127
    assert np.all(np.abs(new - (old + delta)) <= step)
    assert np.abs(delta).max() > 10 * step.max()


def _distance(before: Any, after: Any) -> float:
    """Largest difference, in steps of Q8_0 for a matrix."""
    from gguf import dequantize

    old, new = (dequantize(side.data, side.tensor_type) for side in (before, after))
    step = np.abs(new).reshape(-1, 32).max(axis=1).repeat(32).reshape(new.shape) / 127
    return float((np.abs(new - old) / np.maximum(step, 1e-9)).max())


def test_metadata_is_kept_but_for_the_file_type(short_weights: Path, merged: tuple[Path, Path]) -> None:
    before, after = read_header(short_weights), read_header(merged[1])
    assert after.quantization == "Q8_0"
    assert before.metadata | {"general.file_type": 7} == after.metadata


def test_done_once(short_weights: Path, merged: tuple[Path, Path]) -> None:
    folder, path = merged
    made = path.stat().st_mtime_ns
    assert merged_weights(short_weights, folder) == path
    assert path.stat().st_mtime_ns == made
    assert not [other for other in path.parent.iterdir() if other.is_dir()]


@pytest.mark.parametrize("scale", [0.0, 1e-12])
def test_an_adapter_that_changes_nothing(short_weights: Path, tmp_path: Path, scale: float) -> None:
    folder = write_adapter(tmp_path / "a", scale=scale, layers=1)
    for _ in range(2):  # The failure is not cached as a success.
        with pytest.raises(AdapterIsNoop, match="changes no weight"):
            merged_weights(short_weights, folder)


def test_an_adapter_without_factors(short_weights: Path, tmp_path: Path) -> None:
    with pytest.raises(AdapterIsNoop, match="holds no factors"):
        merged_weights(short_weights, write_adapter_files(tmp_path / "a", {}))


@pytest.mark.parametrize("module", ["model.layers.0.self_attn.q_proj", "model.layers.99.mlp.up_proj", "model.nonsense"])
def test_an_adapter_of_another_model(short_weights: Path, tmp_path: Path, module: str) -> None:
    stem = f"base_model.model.{module}"
    factors = {
        f"{stem}.lora_A.weight": np.ones((RANK, 64), np.float32),
        f"{stem}.lora_B.weight": np.ones((64, RANK), np.float32),
    }
    with pytest.raises(BadAdapter, match="the base has no such layer"):
        merged_weights(short_weights, write_adapter_files(tmp_path / "a", factors))


HALF_A_STEP = 0.5 + 127 / 2**11
"""Rounding to the nearest of 127 steps, whose width is itself rounded to a float16."""

ALL_LINEAR = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


@pytest.mark.parametrize(
    ("targets", "options"),
    [
        (ALL_LINEAR, {"lora_alpha": 16}),
        (["q_proj", "k_proj"], {"lora_alpha": 2, "use_rslora": True, "alpha_pattern": {"k_proj": 6}}),
    ],
)
def test_the_weights_are_those_of_pefts_own_merge(
    short_weights: Path, tmp_path: Path, targets: list[str], options: dict[str, Any]
) -> None:
    from tests.weights.peft_reference import random_adapter, worst_difference

    random_adapter(short_weights, tmp_path, targets, options)
    assert worst_difference(short_weights, merged_weights(short_weights, tmp_path), tmp_path) < HALF_A_STEP
