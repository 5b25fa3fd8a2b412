"""Reads a classifier: an encoder's own layers as they were tuned, and a head for each question that it answers.

Its folder has the files of an adapter: `adapter_config.json` names the fields of answers and their words, and
`adapter_model.safetensors` holds the layers and heads in half precision. Embeddings stay those of the base.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, ValidationError

from miniatures.datamodel.errors import InputError
from miniatures.datamodel.files import read_regular
from miniatures.datamodel.frozen import Strict
from miniatures.datamodel.hashing import content_hash
from miniatures.datamodel.mistakes import mistakes
from miniatures.weights.adapter import CONFIG, TENSORS, read_config
from miniatures.weights.errors import BadAdapter
from miniatures.weights.home import file_sha256
from miniatures.weights.safetensors_file import read_safetensors

KIND = "CLASSIFIER"
HEAD = "heads.{field}.{part}"
COMPARED = "compared.{field}.{layer}.{part}"
LAYERS = (("inner", "weight"), ("inner", "bias"), ("outer", "weight"), ("outer", "bias"))
"""The tensors of a head that compares texts, in the order in which they are used."""
_MOST_BYTES = 1_000_000


class ClassifierConfig(Strict):
    """What the tensors are for."""

    peft_type: str = Field(default=KIND, pattern=f"^{KIND}$", description="Tells it from an adapter of PEFT.")
    base_model_name_or_path: str
    fields: dict[str, tuple[str, ...]] = Field(min_length=1, description="The words that each field may hold.")
    compared: tuple[str, ...] = Field(default=(), description="Fields that are told by comparing texts read alone.")
    temperatures: dict[str, float] = Field(default_factory=dict, description="Each field's logits are divided by it.")
    max_tokens: int = Field(default=192, ge=16, le=512)
    heads: int = Field(description="Attention heads.", ge=1)

    @property
    def read_together(self) -> tuple[str, ...]:
        """Fields that are told of a question that is read whole."""
        return tuple(field for field in self.fields if field not in self.compared)


class ClassifierFolder:
    """One classifier on disk."""

    def __init__(self, folder: Path) -> None:
        """Read the configuration.

        Raises:
            BadAdapter: there is none, or it is no classifier's.
        """
        self.folder = folder
        try:
            self.config = ClassifierConfig.model_validate_json(read_regular(folder / CONFIG, _MOST_BYTES))
        except ValidationError as error:
            raise BadAdapter(f"{folder / CONFIG}: {mistakes(error)}", hint="Train or copy it again.") from error
        except InputError as error:
            raise BadAdapter(error.message, hint="Train or copy it again.") from error

    @property
    def sha256(self) -> str:
        """Hash of the tensors and the configuration."""
        return content_hash([self.config.model_dump(mode="json"), file_sha256(self.folder / TENSORS)])

    @cached_property
    def tensors(self) -> dict[str, NDArray[np.float32]]:
        """The layers by the encoder's own names, and the heads.

        Raises:
            BadAdapter: a head is missing, or has another size than its field has words.
        """
        read = read_safetensors(self.folder / TENSORS)
        for field, words in self.config.fields.items():
            form = COMPARED.format(field=field, layer="outer", part="weight")
            head = read.get(form if field in self.config.compared else HEAD.format(field=field, part="weight"))
            if head is None or head.shape[0] != len(words):
                raise BadAdapter(f"{self.folder / TENSORS}: no head of {len(words)} words for {field}", hint="Copy it.")
        return read


def is_classifier(folder: Path) -> bool:
    """Whether the folder says that it holds a classifier."""
    try:
        return read_config(folder).get("peft_type") == KIND
    except BadAdapter:
        return False
