"""The header reader against the gguf package, on a file that it wrote and on the embedded model."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miniatures.weights.errors import BadWeights
from miniatures.weights.gguf_header import read_header


def test_the_embedded_model(embedded_weights: Path) -> None:
    header = read_header(embedded_weights)
    assert (header.architecture, header.context_tokens, header.quantization) == ("llama", 8192, "Q4_1")
    assert (header.token("bos"), header.token("eos")) == ("<|im_start|>", "<|im_end|>")
    assert "<|im_end|>" in header.control_tokens
    assert header.cache_bytes_per_token() == 2 * 30 * 3 * 64


@pytest.mark.slow
def test_equal_to_the_library(embedded_weights: Path) -> None:
    from gguf import GGUFReader

    reader = GGUFReader(embedded_weights)
    wanted = {name: field.contents() for name, field in reader.fields.items() if not name.startswith("GGUF.")}
    assert read_header(embedded_weights).metadata == wanted


@given(st.binary(max_size=300), st.booleans())
def test_garbage_is_an_error_with_a_name(tmp_path_factory: pytest.TempPathFactory, tail: bytes, magic: bool) -> None:
    path = tmp_path_factory.mktemp("garbage") / "x.gguf"
    path.write_bytes((b"GGUF\x03\x00\x00\x00" if magic else b"") + tail)
    with pytest.raises(BadWeights, match=r"x\.gguf is no GGUF file"):
        read_header(path)


def test_a_cut_file(embedded_weights: Path, tmp_path: Path) -> None:
    short = tmp_path / "short.gguf"
    short.write_bytes(embedded_weights.read_bytes()[:100_000])
    with pytest.raises(BadWeights):
        read_header(short)
