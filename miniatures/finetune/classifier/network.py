"""The encoder with a linear head on the mean of its last states for each field (Reimers and Gurevych 2019, pooling)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import nn

from miniatures.finetune.classifier.rows import Fields
from miniatures.weights.classifier import HEAD
from miniatures.weights.encoders import WEIGHTS
from miniatures.weights.errors import UnknownWeights

_DROPOUT = 0.1
_HEADS_RATE = 10
_MASKED = -1e4
"""Added to the attention of what is padding; half precision holds it."""


class Classifier(nn.Module):  # type: ignore[misc]
    """Logits of every field for a batch of pairs.

    The embeddings and the lowest `frozen` layers are the base's and stay so: what they give for a pair never changes,
    so it is computed once (`states`), and only the layers above are run at each step (`forward`).
    """

    def __init__(self, encoder: Any, fields: Fields, frozen: int = 0) -> None:
        super().__init__()
        self.encoder = encoder
        self._frozen = frozen
        for part in (encoder.embeddings, *encoder.encoder.layer[:frozen]):
            part.requires_grad_(False)
        width = encoder.config.hidden_size
        self.heads = nn.ModuleDict({name: nn.Linear(width, len(words)) for name, words in fields.items()})
        self.dropout = nn.Dropout(_DROPOUT)

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def states(self, tokens: torch.Tensor, mask: torch.Tensor, kinds: torch.Tensor) -> torch.Tensor:
        """What the frozen part gives for token ids, mask and segment ids: (batch, tokens, width)."""
        training = self.training
        self.eval()
        states = self.encoder.embeddings(input_ids=tokens, token_type_ids=kinds)
        states = self._run(self.encoder.encoder.layer[: self._frozen], states, mask)
        self.train(training)
        return states

    def forward(self, states: torch.Tensor, mask: torch.Tensor) -> dict[str, torch.Tensor]:
        states = self._run(self.encoder.encoder.layer[self._frozen :], states, mask)
        seen = mask[..., None].to(states.dtype)
        pooled = self.dropout((states * seen).sum(1) / seen.sum(1))
        return {name: head(pooled).float() for name, head in self.heads.items()}

    @property
    def trained(self) -> list[nn.Parameter]:
        """The weights that are learned."""
        return [weight for weight in self.parameters() if weight.requires_grad]

    def groups(self, rate: float) -> list[dict[str, Any]]:
        """The weights with their rates: the heads begin with nothing, so theirs is higher."""
        layers = [weight for weight in self.encoder.parameters() if weight.requires_grad]
        heads = [*self.heads.parameters()]
        return [{"params": layers, "lr": rate}, {"params": heads, "lr": _HEADS_RATE * rate}]

    def tensors(self) -> dict[str, torch.Tensor]:
        """What is saved: the layers that are learned by the encoder's own names, and the heads, in half precision."""
        learned = {name for name, weight in self.encoder.named_parameters() if weight.requires_grad}
        layers = {name: weight for name, weight in self.encoder.state_dict().items() if name in learned}
        heads = {
            HEAD.format(field=field, part=part): weight
            for field, head in self.heads.items()
            for part, weight in head.state_dict().items()
        }
        return {name: weight.detach().to(torch.float16).contiguous() for name, weight in {**layers, **heads}.items()}

    def _run(self, layers: Any, states: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        unseen = (1 - mask[:, None, None, :].to(states.dtype)) * _MASKED
        for layer in layers:
            states = layer(states, unseen)
        return states


def load_encoder(folder: Path, heads: int) -> Any:
    """A BertModel of the folder's weights; its sizes are those of the tensors.

    Raises:
        UnknownWeights: the tensors are not those of such a model.
    """
    from safetensors.torch import load_file
    from transformers import BertConfig, BertModel

    tensors = load_file(folder / WEIGHTS)
    try:
        words, width = tensors["embeddings.word_embeddings.weight"].shape
        config = BertConfig(
            vocab_size=words,
            hidden_size=width,
            num_hidden_layers=1 + max(int(name.split(".")[2]) for name in tensors if name.startswith("encoder.layer.")),
            num_attention_heads=heads,
            intermediate_size=tensors["encoder.layer.0.intermediate.dense.weight"].shape[0],
            max_position_embeddings=tensors["embeddings.position_embeddings.weight"].shape[0],
        )
    except (KeyError, ValueError) as error:
        raise UnknownWeights(f"{folder / WEIGHTS} holds no BERT encoder: {error}", hint="Name an encoder.") from error
    model = BertModel(config, add_pooling_layer=False)
    model.load_state_dict(tensors, strict=False)
    return model
