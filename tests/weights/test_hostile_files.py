"""Adapters and GGUFs made to hurt: one typed sentence each, at once, and no more memory than the file is large."""

from __future__ import annotations

import json
import os
import resource
import struct
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from miniatures.weights.adapter import Adapter
from miniatures.weights.errors import BadAdapter, BadWeights, WeightsError
from miniatures.weights.gguf_header import read_header, tensor_names
from miniatures.weights.gguf_tensors import open_tensors
from miniatures.weights.safetensors_file import read_safetensors
from tests.weights.adapters import write_adapter
from tests.weights.miniatures_made import tiny_adapter

FEW_SECONDS, FEW_BYTES = 5.0, 300_000_000
FUZZ = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(autouse=True)
def small() -> Iterator[None]:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    yield
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < FEW_BYTES / 1024


def safetensors(header: object, body: bytes = b"", length: int | None = None) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return (len(text) if length is None else length).to_bytes(8, "little") + text + body


def tensor(start: Any, end: Any, shape: Any = (1,), dtype: Any = "F32") -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [start, end]}


HOSTILE_TENSORS = {
    "empty": b"",
    "seven bytes": b"\0" * 7,
    "header of 2**60": safetensors({}, length=2**60),
    "header of 2**64-1": safetensors({}, length=2**64 - 1),
    "header longer than the file": safetensors({}, length=3),
    "no object": safetensors([1, 2]),
    "deep": safetensors(b"[" * 100_000),
    "deep and closed": safetensors(b'{"a":' * 50_000 + b"1" + b"}" * 50_000),
    "twice": safetensors(
        b'{"a":' + json.dumps(tensor(0, 4)).encode() + b',"a":' + json.dumps(tensor(0, 4)).encode() + b"}", b"0000"
    ),
    "overlap": safetensors({"a": tensor(0, 8, (2,)), "b": tensor(4, 8)}, b"\0" * 8),
    "a thousand of one place": safetensors({f"t{n}": tensor(0, 4) for n in range(1_000)}, b"\0" * 4),
    "negative": safetensors({"a": tensor(-4, 0)}, b"\0" * 4),
    "outside": safetensors({"a": tensor(0, 4)}),
    "backwards": safetensors({"a": tensor(4, 0)}, b"\0" * 4),
    "shape of 2**40": safetensors({"a": tensor(0, 4, (2**40,))}, b"\0" * 4),
    "shape that overflows": safetensors({"a": tensor(0, 0, (2**32, 2**32))}),
    "negative shape": safetensors({"a": tensor(0, 4, (-1, -1))}, b"\0" * 4),
    "a million sides": safetensors({"a": tensor(0, 4, [1] * 100_000)}, b"\0" * 4),
    "unknown numbers": safetensors({"a": tensor(0, 4, dtype="I32")}, b"\0" * 4),
    "no type": safetensors({"a": {"shape": [1], "data_offsets": [0, 4]}}, b"\0" * 4),
    "words for numbers": safetensors({"a": tensor("x", {}, "y", 3)}, b"\0" * 4),
    "a tensor that is none": safetensors({"a": 3}),
    "no number": safetensors({"a": tensor(0, 4)}, struct.pack("<f", float("nan"))),
    "infinite": safetensors({"a": tensor(0, 4)}, struct.pack("<f", float("inf"))),
    "a long number": safetensors(b'{"a": ' + b"9" * 10_000 + b"}"),
    "no text": safetensors(b"\xff\xfe{}"),
}


@pytest.mark.parametrize("name", HOSTILE_TENSORS)
def test_hostile_tensors_are_one_sentence(tmp_path: Path, name: str) -> None:
    path = tmp_path / "x.safetensors"
    path.write_bytes(HOSTILE_TENSORS[name])
    assert_sentence(BadAdapter, lambda: read_safetensors(path), path)


HOSTILE_CONFIGS: dict[str, bytes] = {
    "deep": b'{"a":' * 100_000,
    "no object": b"[]",
    "no text": b"\xff\xff",
    "no number": b'{"peft_type": "LORA", "lora_alpha": NaN}',
    "a word": b'{"peft_type": "LORA", "lora_alpha": "much"}',
    "a list": b'{"peft_type": "LORA", "lora_alpha": [1]}',
    "infinite": b'{"peft_type": "LORA", "lora_alpha": 1e999}',
    "a list for a start": b'{"peft_type": "LORA", "init_lora_weights": [1]}',
    "patterns that are none": b'{"peft_type": "LORA", "alpha_pattern": [1]}',
    "a pattern without end": b'{"peft_type": "LORA", "alpha_pattern": {"(a+)+$": 8}}',
    "open numbers side by side": b'{"peft_type": "LORA", "alpha_pattern": {"' + b"\\\\d+" * 20 + b'x": 8}}',
    "a type of a megabyte": b'{"peft_type": "' + b"x" * 900_000 + b'"}',
    "a type of several lines": b'{"peft_type": "\\n\\nx"}',
    "a pattern that is none": b'{"peft_type": "LORA", "alpha_pattern": {"(": 8}}',
    "long": b'{"peft_type": "LORA", "x": "' + b"a" * 2_000_000 + b'"}',
}


@pytest.mark.parametrize("name", HOSTILE_CONFIGS)
def test_hostile_configurations_are_one_sentence(tmp_path: Path, name: str) -> None:
    folder = tiny_adapter(tmp_path / "a", 1)
    (folder / "adapter_config.json").write_bytes(HOSTILE_CONFIGS[name])
    assert_sentence(BadAdapter, lambda: Adapter(folder).layers, folder)


def test_factors_whose_product_is_huge_are_not_multiplied(tmp_path: Path) -> None:
    """Two vectors of a megabyte each, and a change of a quarter of a terabyte."""
    import numpy as np

    from tests.weights.adapters import write_adapter_files

    stem = "base_model.model.model.layers.0.self_attn.q_proj"
    factors = {f"{stem}.lora_A.weight": np.ones((1, 250_000)), f"{stem}.lora_B.weight": np.ones((250_000, 1))}
    (layer,) = Adapter(write_adapter_files(tmp_path / "a", factors)).layers.values()
    assert layer.changes


@pytest.mark.parametrize("between", ["1", ".", "\\."])
def test_a_long_number_in_a_name_is_read_once(tmp_path: Path, between: str) -> None:
    """Given back digit by digit, four hundred ones meet ten open numbers in more ways than can be tried."""
    import numpy as np

    from tests.weights.adapters import write_adapter_files

    stem = "model.layers." + "1" * 400 + "x.q_proj"
    factors = {f"{stem}.lora_{side}.weight": np.ones((4, 4)) for side in "AB"}
    pattern = between.join(["\\d+"] * 10)
    if between == "1":
        with pytest.raises(BadAdapter, match="no plain numbers"):
            Adapter(write_adapter_files(tmp_path / "a", factors, alpha_pattern={pattern: 8}))
        return
    (layer,) = Adapter(write_adapter_files(tmp_path / "a", factors, alpha_pattern={pattern: 8})).layers.values()
    assert layer.scale == 8 / 4


def test_patterns_without_measure_are_refused(tmp_path: Path) -> None:
    import numpy as np

    from tests.weights.adapters import write_adapter_files

    stems = [f"model.layers.{number}.q_proj" for number in range(100)]
    factors = {f"{stem}.lora_{side}.weight": np.ones((1, 1)) for stem in stems for side in "AB"}
    folder = write_adapter_files(
        tmp_path / "a", factors, alpha_pattern={f"layers.{number}.o": 8 for number in range(20_000)}
    )
    assert_sentence(BadAdapter, lambda: Adapter(folder).layers, folder)


@pytest.mark.parametrize("shape", [(0, 64), (4, 4, 4)])
def test_factors_of_no_rank_or_of_three_sides_are_refused(tmp_path: Path, shape: tuple[int, ...]) -> None:
    import numpy as np

    from tests.weights.adapters import write_adapter_files

    stem = "base_model.model.model.layers.0.self_attn.q_proj"
    factors = {f"{stem}.lora_A.weight": np.ones(shape), f"{stem}.lora_B.weight": np.ones(shape[::-1])}
    folder = write_adapter_files(tmp_path / "a", factors)
    assert_sentence(BadAdapter, lambda: Adapter(folder).layers, folder)


def test_one_factor_under_two_names_is_refused(tmp_path: Path) -> None:
    import numpy as np

    from tests.weights.adapters import write_adapter_files

    stem = "model.layers.0.self_attn.q_proj"
    factors = {
        f"{before}{stem}.lora_{side}.weight": np.ones((4, 4))
        for before in ("", "base_model.model.")
        for side in ("A", "B")
    }
    folder = write_adapter_files(tmp_path / "a", factors)
    assert_sentence(BadAdapter, lambda: Adapter(folder).layers, folder)


def key(name: str, kind: int, value: bytes) -> bytes:
    return text(name) + struct.pack("<I", kind) + value


def text(value: str) -> bytes:
    return struct.pack("<Q", len(value.encode())) + value.encode()


def gguf(*keys: bytes, count: int | None = None, tensors: int = 0, tail: bytes = b"") -> bytes:
    head = struct.pack("<4sIQQ", b"GGUF", 3, tensors, len(keys) if count is None else count)
    return head + b"".join(keys) + tail


ARCHITECTURE = key("general.architecture", 8, text("llama"))
TOKENS = key("tokenizer.ggml.tokens", 9, struct.pack("<IQ", 8, 2) + text("a") + text("b"))
HOSTILE_HEADERS = {
    "empty": b"",
    "keys without end": gguf(ARCHITECTURE, count=2**62),
    "a million keys": gguf(*(key(f"k{n}", 0, b"1") for n in range(20_000))),
    "a key twice": gguf(ARCHITECTURE, ARCHITECTURE),
    "a text of 4 GB": gguf(struct.pack("<Q", 2**32) + b"x"),
    "a text of 2**63": gguf(struct.pack("<Q", 2**63) + b"x"),
    "an array of 2**60": gguf(ARCHITECTURE, key("a", 9, struct.pack("<IQ", 4, 2**60))),
    "texts without end": gguf(ARCHITECTURE, key("a", 9, struct.pack("<IQ", 8, 2**60) + text("a"))),
    "arrays of arrays": gguf(ARCHITECTURE, key("a", 9, struct.pack("<IQ", 9, 1) * 5_000)),
    "an unknown kind": gguf(ARCHITECTURE, key("a", 77, b"1234")),
    "no architecture": gguf(key("a", 0, b"1")),
    "a path for an architecture": gguf(key("general.architecture", 8, text("../../elsewhere/x"))),
    "a NUL in an architecture": gguf(key("general.architecture", 8, text("a\0b"))),
    "an architecture of a megabyte": gguf(key("general.architecture", 8, text("a" * 1_000_000))),
    "a number for an architecture": gguf(key("general.architecture", 4, struct.pack("<I", 7))),
    "layers without end": gguf(ARCHITECTURE, key("llama.block_count", 4, struct.pack("<I", 2**32 - 1))),
    "words for a context": gguf(ARCHITECTURE, key("llama.context_length", 8, text("long"))),
    "no heads": gguf(ARCHITECTURE, key("llama.attention.head_count", 4, struct.pack("<I", 0))),
    "a token that there is not": gguf(
        ARCHITECTURE, TOKENS, key("tokenizer.ggml.eos_token_id", 4, struct.pack("<I", 9))
    ),
    "tokens that are numbers": gguf(ARCHITECTURE, key("tokenizer.ggml.tokens", 9, struct.pack("<IQ", 0, 2) + b"12")),
    "a template that is a number": gguf(ARCHITECTURE, key("tokenizer.chat_template", 4, struct.pack("<I", 9))),
    "a list for a type": gguf(ARCHITECTURE, key("general.file_type", 9, struct.pack("<IQ", 0, 1) + b"1")),
}


@pytest.mark.parametrize("name", HOSTILE_HEADERS)
def test_hostile_headers_are_one_sentence(tmp_path: Path, name: str) -> None:
    path = tmp_path / "x.gguf"
    path.write_bytes(HOSTILE_HEADERS[name])
    assert_sentence(BadWeights, lambda: read_header(path), path)


def info(name: str, sides: list[int], kind: int, offset: int) -> bytes:
    return text(name) + struct.pack(f"<I{len(sides)}QIQ", len(sides), *sides, kind, offset)


HOSTILE_BODIES = {
    "cut short": (1, b""),
    "tensors without end": (2**60, info("t", [1], 0, 0)),
    "a shape of 2**40": (1, info("t", [2**40], 0, 0)),
    "a shape that overflows": (1, info("t", [2**32, 2**32], 0, 0) + b"\0" * 64),
    "an offset past the end": (1, info("t", [1], 0, 2**62)),
    "an unknown type": (1, info("t", [1], 999, 0) + b"\0" * 64),
    "sides without end": (1, text("t") + struct.pack("<I", 2**32 - 1)),
    "a name twice": (2, info("t", [1], 0, 0) * 2 + b"\0" * 128),
    "one place for a hundred": (100, b"".join(info(f"t{n}", [1024], 0, 0) for n in range(100)) + b"\0" * 4200),
    "a name that is no text": (1, struct.pack("<Q", 2) + b"\xff\xfe" + struct.pack("<IQIQ", 1, 1, 0, 0) + b"\0" * 64),
}


@pytest.mark.parametrize("name", HOSTILE_BODIES)
def test_hostile_bodies_are_one_sentence(tmp_path: Path, name: str) -> None:
    count, tail = HOSTILE_BODIES[name]
    path = tmp_path / "x.gguf"
    path.write_bytes(gguf(ARCHITECTURE, tensors=count, tail=tail))
    assert_sentence(BadWeights, lambda: open_tensors(path), path)


def test_what_is_no_plain_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.gguf")
    assert_sentence(BadWeights, lambda: read_header(tmp_path / "pipe.gguf"), tmp_path)
    assert_sentence(BadAdapter, lambda: read_safetensors(tmp_path / "pipe.gguf"), tmp_path)
    assert_sentence(BadWeights, lambda: read_header(tmp_path), tmp_path)


def test_an_architecture_that_nobody_knows_takes_no_adapter(tmp_path: Path) -> None:
    path = tmp_path / "x.gguf"
    path.write_bytes(gguf(key("general.architecture", 8, text("nobody")), key("nobody.block_count", 4, b"\1\0\0\0")))
    with pytest.raises(BadWeights, match="takes no adapter"):
        tensor_names(read_header(path))


@FUZZ
@given(st.data())
def test_a_damaged_adapter_is_read_or_refused_by_name(tmp_path_factory: pytest.TempPathFactory, data: Any) -> None:
    folder = write_adapter(tmp_path_factory.mktemp("fuzz") / "a", layers=1)
    path = folder / data.draw(st.sampled_from(["adapter_config.json", "adapter_model.safetensors"]))
    path.write_bytes(mutated(path.read_bytes(), data))
    read_or_refused(lambda: Adapter(folder).layers)


@FUZZ
@given(st.data())
def test_a_damaged_gguf_is_read_or_refused_by_name(tmp_path_factory: pytest.TempPathFactory, data: Any) -> None:
    path = tmp_path_factory.mktemp("fuzz") / "x.gguf"
    layers = key("llama.block_count", 4, struct.pack("<I", 2)), key("llama.embedding_length", 4, struct.pack("<I", 64))
    sound = gguf(ARCHITECTURE, TOKENS, *layers, tensors=1, tail=info("t", [8, 4], 0, 0) + b"\0" * 256)
    path.write_bytes(mutated(sound, data))
    read_or_refused(lambda: open_tensors(path))
    read_or_refused(lambda: read_header(path).cache_bytes_per_token())


def mutated(content: bytes, data: Any) -> bytes:
    """A few bytes of the first thousand changed, taken out or put in, or the end cut off."""
    changed = bytearray(content)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, min(1_000, max(0, len(changed) - 1))))
        new = data.draw(st.binary(max_size=8) | st.just(b"\xff" * 8))
        changed[at : at + data.draw(st.integers(0, 8))] = new
    return bytes(changed[: data.draw(st.integers(0, len(changed)))] if data.draw(st.booleans()) else changed)


def read_or_refused(read: Any) -> None:
    try:
        read()
    except WeightsError as error:
        assert_one_line(error)


def assert_sentence(kind: type[WeightsError], read: Any, path: Path) -> None:
    started = time.monotonic()
    with pytest.raises(kind) as caught:
        read()
    assert time.monotonic() - started < FEW_SECONDS
    assert str(path) in caught.value.message and caught.value.hint
    assert_one_line(caught.value)


def assert_one_line(error: WeightsError) -> None:
    assert "\n" not in error.message and len(error.message) < 600
