"""The embedded model cut short: real tensors of every kind, in a file that is read and merged in a moment."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

LAYERS, WORDS = 2, 1024


@pytest.fixture(scope="session")
def short_weights(embedded_weights: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two layers of thirty and the first words: what is done to a layer's matrices is the same in each."""
    from gguf import GGUFReader, GGUFValueType, GGUFWriter

    reader = GGUFReader(embedded_weights)
    path = tmp_path_factory.mktemp("short") / "short.gguf"
    writer = GGUFWriter(path, reader.fields["general.architecture"].contents())
    for field in reader.fields.values():
        if not field.name.startswith("GGUF.") and field.name != "general.architecture":
            kind = field.types[0]
            sub_type = field.types[-1] if kind == GGUFValueType.ARRAY else None
            writer.add_key_value(field.name, _shortened(field.name, field.contents()), kind, sub_type)
    for tensor in reader.tensors:
        if not tensor.name.startswith("blk.") or int(tensor.name.split(".")[1]) < LAYERS:
            data = tensor.data[:WORDS] if tensor.name == "token_embd.weight" else tensor.data
            writer.add_tensor(tensor.name, data, raw_dtype=tensor.tensor_type)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _shortened(name: str, value: Any) -> Any:
    lengths = {"block_count": LAYERS, "vocab_size": WORDS}
    return value[:WORDS] if isinstance(value, list) else lengths.get(name.rpartition(".")[2], value)
