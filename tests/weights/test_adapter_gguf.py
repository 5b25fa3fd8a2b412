"""The converted adapter says to llama.cpp exactly what the PEFT adapter says to torch."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from miniatures.weights.adapter import Adapter
from miniatures.weights.adapter_gguf import adapter_gguf
from miniatures.weights.errors import AdapterIsNoop, BadAdapter
from miniatures.weights.rotary_rows import interleaved
from tests.backends.lora_adapters import LAYERS, MODULES, write_adapter

HEADS, KEY_HEADS = 9, 3


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, embedded_weights: Path) -> None:
    monkeypatch.setenv("MINIATURES_HOME", str(tmp_path / "home"))


def factors(path: Path) -> tuple[dict[str, np.ndarray], float]:
    from gguf import GGUFReader

    reader = GGUFReader(path)
    alpha = float(reader.fields["adapter.lora.alpha"].contents())
    return {tensor.name: np.array(tensor.data) for tensor in reader.tensors}, alpha


def delta(tensors: dict[str, np.ndarray], alpha: float, name: str) -> np.ndarray:
    """The change of a layer as llama.cpp computes it."""
    down, up = tensors[f"{name}.weight.lora_a"], tensors[f"{name}.weight.lora_b"]
    return alpha / down.shape[0] * (up @ down)


@pytest.mark.parametrize(
    "config", [{}, {"use_rslora": True}, {"alpha_pattern": {"layers.0.self_attn.v_proj": 40}}, {"lora_alpha": 5}]
)
def test_every_layer_changes_as_in_peft(tmp_path: Path, embedded_weights: Path, config: dict[str, object]) -> None:
    folder = write_adapter(tmp_path / "adapter", 1, **config)
    tensors, alpha = factors(adapter_gguf(embedded_weights, folder))
    layers = Adapter(folder).layers
    assert len(tensors) == 2 * LAYERS * len(MODULES)
    for module, name in {"mlp.down_proj": "ffn_down", "self_attn.v_proj": "attn_v"}.items():
        for layer in (0, 7):
            expected = layers[f"model.layers.{layer}.{module}"].delta()
            np.testing.assert_allclose(delta(tensors, alpha, f"blk.{layer}.{name}"), expected, atol=1e-5)


@pytest.mark.parametrize(("module", "name", "heads"), [("q_proj", "attn_q", HEADS), ("k_proj", "attn_k", KEY_HEADS)])
def test_rows_of_q_and_k_lie_as_rotary_pairs(
    tmp_path: Path, embedded_weights: Path, module: str, name: str, heads: int
) -> None:
    folder = write_adapter(tmp_path / "adapter", 2)
    tensors, alpha = factors(adapter_gguf(embedded_weights, folder))
    found = delta(tensors, alpha, f"blk.3.{name}")
    expected = Adapter(folder).layers[f"model.layers.3.self_attn.{module}"].delta()
    size = expected.shape[0] // heads
    for head in (0, heads - 1):
        for place in (0, 1, size // 2 - 1):
            np.testing.assert_allclose(found[head * size + 2 * place], expected[head * size + place], atol=1e-5)
            second = expected[head * size + size // 2 + place]
            np.testing.assert_allclose(found[head * size + 2 * place + 1], second, atol=1e-5)


def test_rows_without_heads_stay() -> None:
    rows = np.arange(12, dtype=np.float32).reshape(6, 2)
    assert interleaved(rows, None) is rows


def test_a_second_asking_reads_the_cache(tmp_path: Path, embedded_weights: Path) -> None:
    folder = write_adapter(tmp_path / "adapter", 3)
    first = adapter_gguf(embedded_weights, folder)
    made = first.stat().st_mtime_ns
    assert adapter_gguf(embedded_weights, folder) == first
    assert first.stat().st_mtime_ns == made
    other = write_adapter(tmp_path / "other", 4)
    assert adapter_gguf(embedded_weights, other) != first


def test_an_adapter_of_zeros_is_refused(tmp_path: Path, embedded_weights: Path) -> None:
    with pytest.raises(AdapterIsNoop, match="changes nothing"):
        adapter_gguf(embedded_weights, write_adapter(tmp_path / "adapter", 5, strength=0))


@pytest.mark.parametrize("option", [{"use_dora": True}, {"modules_to_save": ["lm_head"]}])
def test_what_llamacpp_would_drop_is_refused(tmp_path: Path, embedded_weights: Path, option: dict[str, object]) -> None:
    with pytest.raises(BadAdapter, match=next(iter(option))):
        adapter_gguf(embedded_weights, write_adapter(tmp_path / "adapter", 6, **option))


def test_an_adapter_to_another_kind_of_model_is_refused(tmp_path: Path, embedded_weights: Path) -> None:
    from safetensors.numpy import save_file

    folder = write_adapter(tmp_path / "adapter", 7)
    strange = {f"base_model.model.encoder.mixer.lora_{side}.weight": np.ones((4, 4), np.float32) for side in "AB"}
    save_file(strange, folder / "adapter_model.safetensors")
    with pytest.raises(BadAdapter, match=r"encoder\.mixer"):
        adapter_gguf(embedded_weights, folder)
    assert json.loads((folder / "adapter_config.json").read_text())["peft_type"] == "LORA"
