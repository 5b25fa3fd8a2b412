"""A random encoder of two narrow layers with a tokenizer of few words, as an encoder's folder holds them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from miniatures.weights.adapter import CONFIG, TENSORS
from miniatures.weights.classifier import HEAD, ClassifierConfig
from miniatures.weights.encoders import TOKENIZER, WEIGHTS

WIDTH, WIDE, HEADS, PLACES = 32, 64, 4, 64
WORDS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "open", "closed", "store", "cold", "the", "new", "old", "hall", "is", "we")


def write_encoder(folder: Path) -> Path:
    """The files of an encoder."""
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Whitespace
    from tokenizers.processors import TemplateProcessing

    folder.mkdir(parents=True, exist_ok=True)
    words = {word: place for place, word in enumerate(WORDS)}
    tokenizer = Tokenizer(WordLevel(words, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", words["[CLS]"]), ("[SEP]", words["[SEP]"])],
    )
    tokenizer.save(str(folder / TOKENIZER))
    save_file(_tensors(), folder / WEIGHTS)
    return folder


def write_classifier(folder: Path, fields: dict[str, tuple[str, ...]]) -> Path:
    """Heads of random weights on the encoder's own layers."""
    drawn = np.random.default_rng(5)
    folder.mkdir(parents=True, exist_ok=True)
    heads = {
        HEAD.format(field=field, part=part): _drawn(drawn, shape)
        for field, words in fields.items()
        for part, shape in (("weight", (len(words), WIDTH)), ("bias", (len(words),)))
    }
    layers = {name: tensor for name, tensor in _tensors().items() if name.startswith("encoder.layer.")}
    save_file({name: tensor.astype(np.float16) for name, tensor in {**layers, **heads}.items()}, folder / TENSORS)
    config = ClassifierConfig(base_model_name_or_path="tiny", fields=fields, max_tokens=24, heads=HEADS)
    (folder / CONFIG).write_text(json.dumps(config.model_dump(mode="json")))
    return folder


def _tensors() -> dict[str, np.ndarray]:
    drawn = np.random.default_rng(3)
    shapes: dict[str, tuple[int, ...]] = {
        "embeddings.word_embeddings.weight": (len(WORDS), WIDTH),
        "embeddings.position_embeddings.weight": (PLACES, WIDTH),
        "embeddings.token_type_embeddings.weight": (2, WIDTH),
        "embeddings.LayerNorm.weight": (WIDTH,),
        "embeddings.LayerNorm.bias": (WIDTH,),
    }
    for layer in ("encoder.layer.0.", "encoder.layer.1."):
        for part in ("attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense"):
            shapes |= {f"{layer}{part}.weight": (WIDTH, WIDTH), f"{layer}{part}.bias": (WIDTH,)}
        shapes |= {f"{layer}intermediate.dense.weight": (WIDE, WIDTH), f"{layer}intermediate.dense.bias": (WIDE,)}
        shapes |= {f"{layer}output.dense.weight": (WIDTH, WIDE), f"{layer}output.dense.bias": (WIDTH,)}
        for part in ("attention.output.LayerNorm", "output.LayerNorm"):
            shapes |= {f"{layer}{part}.weight": (WIDTH,), f"{layer}{part}.bias": (WIDTH,)}
    norms = {name: np.ones(shape, dtype=np.float32) for name, shape in shapes.items() if "Norm.weight" in name}
    return {name: _drawn(drawn, shape) for name, shape in shapes.items()} | norms


def _drawn(drawn: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    # Of half precision, so that what is saved in it is the same.
    return drawn.normal(0, 0.3, shape).astype(np.float16).astype(np.float32)
