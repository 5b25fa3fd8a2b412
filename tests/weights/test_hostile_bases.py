"""Bases whose metadata does not fit their tensors, or that hold more than weights: converted, kept, or one sentence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from miniatures.weights.adapter_gguf import adapter_gguf
from miniatures.weights.errors import BadWeights
from miniatures.weights.gguf_tensors import open_tensors
from miniatures.weights.merge import merged_weights
from tests.weights.adapters import HIDDEN, KEY_SIZE, write_adapter


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINIATURES_HOME", str(tmp_path / "home"))


def base(path: Path, *, heads: int = 9, more: dict[str, np.ndarray] | None = None) -> Path:
    """One layer's q and v, as the adapter changes them."""
    from gguf import GGUFWriter

    writer = GGUFWriter(path, "llama")
    writer.add_block_count(1)
    writer.add_head_count(heads)
    writer.add_head_count_kv(3)
    writer.add_tensor("blk.0.attn_q.weight", np.ones((HIDDEN, HIDDEN), np.float32))
    writer.add_tensor("blk.0.attn_v.weight", np.ones((KEY_SIZE, HIDDEN), np.float32))
    for name, tensor in (more or {}).items():
        writer.add_tensor(name, tensor)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


@pytest.mark.parametrize("heads", [5, 7, 576, 2**31 - 1])
@pytest.mark.parametrize("use", [merged_weights, adapter_gguf])
def test_heads_that_the_rows_do_not_fit_are_one_sentence(tmp_path: Path, heads: int, use: object) -> None:
    adapter = write_adapter(tmp_path / "a", layers=1)
    with pytest.raises(BadWeights, match="are no pairs for"):
        use(base(tmp_path / "x.gguf", heads=heads), adapter)


@pytest.mark.parametrize("kind", [np.int8, np.int16, np.int32, np.int64, np.float64])
def test_a_table_of_numbers_is_kept_as_it_is(tmp_path: Path, kind: type) -> None:
    table = np.arange(64, dtype=kind).reshape(2, 32)
    path = base(tmp_path / "x.gguf", more={"table": table})
    merged = open_tensors(merged_weights(path, write_adapter(tmp_path / "a", layers=1)))
    (kept,) = [tensor.data for tensor in merged.tensors if tensor.name == "table"]
    assert kept.dtype == kind and np.array_equal(kept, table)
