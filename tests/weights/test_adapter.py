"""Reading adapters: every float type, PEFT's scaling rules, and a refusal of what a merge would get wrong."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from miniatures.weights.adapter import Adapter
from miniatures.weights.errors import BadAdapter
from miniatures.weights.safetensors_file import read_safetensors
from tests.weights.adapters import RANK, write_adapter, write_adapter_files, write_safetensors

Q0 = "model.layers.0.self_attn.q_proj"


@pytest.mark.parametrize(("dtype", "tolerance"), [("F64", 0), ("F32", 0), ("F16", 1e-3), ("BF16", 1e-2)])
def test_every_float_type_is_read(tmp_path: Path, dtype: str, tolerance: float) -> None:
    wanted = {"a": np.linspace(-3, 3, 24, dtype=np.float32).reshape(2, 3, 4), "empty": np.zeros((0, 4), np.float32)}
    write_safetensors(tmp_path / "x.safetensors", wanted, dtype)
    found = read_safetensors(tmp_path / "x.safetensors")
    assert set(found) == set(wanted)
    np.testing.assert_allclose(found["a"], wanted["a"], rtol=tolerance)


def test_the_library_writes_what_we_read(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from safetensors.torch import save_file

    tensor = torch.randn(3, 5, dtype=torch.bfloat16)
    save_file({"t": tensor}, tmp_path / "x.safetensors")
    np.testing.assert_array_equal(read_safetensors(tmp_path / "x.safetensors")["t"], tensor.float().numpy())


@given(st.binary(max_size=200))
def test_garbage_is_an_error_with_a_name(tmp_path_factory: pytest.TempPathFactory, garbage: bytes) -> None:
    path = tmp_path_factory.mktemp("garbage") / "x.safetensors"
    path.write_bytes(garbage)
    try:
        read_safetensors(path)
    except BadAdapter as error:
        assert str(path) in error.message


@pytest.mark.parametrize(
    ("config", "scale"),
    [
        ({}, 8 / RANK),
        ({"use_rslora": True}, 8 / math.sqrt(RANK)),
        ({"alpha_pattern": {"q_proj": 32}}, 32 / RANK),
        ({"alpha_pattern": {"layers.0.self_attn.q_proj": 2}}, 2 / RANK),
        ({"alpha_pattern": {"k_proj": 32, "proj": 64}}, 8 / RANK),
        ({"r": 64, "rank_pattern": {"q_proj": RANK}}, 8 / RANK),
    ],
)
def test_scaling(tmp_path: Path, config: dict[str, object], scale: float) -> None:
    assert Adapter(write_adapter(tmp_path / "a", **config)).layers[Q0].scale == pytest.approx(scale)


@pytest.mark.parametrize(
    "config",
    [
        {"use_dora": True},
        {"modules_to_save": ["lm_head"]},
        {"bias": "all"},
        {"peft_type": "IA3"},
        {"init_lora_weights": "pissa"},
        {"fan_in_fan_out": True},
    ],
)
def test_what_cannot_be_merged_is_refused(tmp_path: Path, config: dict[str, object]) -> None:
    with pytest.raises(BadAdapter) as failure:
        Adapter(write_adapter(tmp_path / "a", **config))
    assert failure.value.hint


@pytest.mark.parametrize(
    "key",
    [
        "base_model.model.lm_head.lora_A.weight",
        "base_model.model.model.embed_tokens.lora_embedding_A",
        "base_model.model.model.layers.0.self_attn.q_proj.lora_magnitude_vector",
    ],
)
def test_tensors_that_are_no_factors_are_refused(tmp_path: Path, key: str) -> None:
    tensors = {key: np.ones((RANK, 8), np.float32), key.replace("_A", "_B"): np.ones((8, RANK), np.float32)}
    adapter = Adapter(write_adapter_files(tmp_path / "a", tensors))
    with pytest.raises(BadAdapter):
        adapter.layers  # noqa: B018


def test_half_a_pair_and_half_a_folder(tmp_path: Path) -> None:
    lonely = {"base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight": np.ones((RANK, 8), np.float32)}
    with pytest.raises(BadAdapter, match="do not fit"):
        Adapter(write_adapter_files(tmp_path / "a", lonely)).layers  # noqa: B018
    (tmp_path / "a" / "adapter_model.safetensors").unlink()
    with pytest.raises(BadAdapter, match=r"no adapter_model\.safetensors"):
        Adapter(tmp_path / "a")


def test_the_hash_follows_tensors_and_scaling(tmp_path: Path) -> None:
    hashes = {
        Adapter(write_adapter(tmp_path / str(number), **options)).sha256
        for number, options in enumerate([{}, {"scale": 0.1}, {"lora_alpha": 9}])
    }
    assert len(hashes) == 3
    assert Adapter(write_adapter(tmp_path / "0")).sha256 in hashes
