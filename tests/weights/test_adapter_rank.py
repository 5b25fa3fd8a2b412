"""A configuration may state no rank but those of the factors: PEFT would make factors of it before it looks at them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from miniatures.weights.adapter_rank import require_stated_rank
from miniatures.weights.errors import BadAdapter
from tests.weights.adapters import RANK, write_adapter, write_adapter_files


@pytest.mark.parametrize(
    "stated",
    [
        {"r": RANK + 1},
        {"r": RANK - 1},
        {"r": 1_000_000_000},
        {"rank_pattern": {"q_proj": 200_000}},
    ],
)
def test_another_rank_than_the_factors_have_is_named(tmp_path: Path, stated: dict[str, Any]) -> None:
    with pytest.raises(BadAdapter, match=rf"states rank .*, and its factors have rank {RANK}$"):
        require_stated_rank(write_adapter(tmp_path / "a", **stated))


@pytest.mark.parametrize("stated", [{"r": "4"}, {"r": True}, {"r": 0}, {"r": 1e9}, {"rank_pattern": [4]}])
def test_what_is_no_rank_is_told(tmp_path: Path, stated: dict[str, Any]) -> None:
    with pytest.raises(BadAdapter, match="no whole numbers above zero"):
        require_stated_rank(write_adapter(tmp_path / "a", **stated))


def test_several_ranks_are_fine_where_factors_have_them(tmp_path: Path) -> None:
    stem = "base_model.model.model.layers.0.self_attn"
    tensors = {f"{stem}.{name}.lora_A.weight": np.ones((rank, 8)) for name, rank in (("q_proj", 2), ("v_proj", 4))}
    require_stated_rank(write_adapter_files(tmp_path / "a", tensors, r=4, rank_pattern={"q_proj": 2}))
    with pytest.raises(BadAdapter, match="states rank 4, and its factors have rank 2, 4"):
        require_stated_rank(write_adapter_files(tmp_path / "b", tensors, r=4))


def test_other_kinds_of_adapter_and_the_default_rank_pass(tmp_path: Path) -> None:
    other = {"base_model.model.model.layers.0.mlp.ia3_l": np.ones((8, 1))}
    require_stated_rank(write_adapter_files(tmp_path / "ia3", other, peft_type="IA3"))
    eight = {"base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight": np.ones((8, 8))}
    folder = write_adapter_files(tmp_path / "eight", eight)
    (folder / "adapter_config.json").write_text(json.dumps({"peft_type": "LORA"}), encoding="utf-8")
    require_stated_rank(folder)
