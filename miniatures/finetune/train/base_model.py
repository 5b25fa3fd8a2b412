"""Loads the model that is tuned: its weights for training, its tokenizer, and the chat template it is served with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from miniatures.backends.chat_template import ChatTemplate
from miniatures.backends.hugging_face_engine import tokenizer_header
from miniatures.backends.hugging_face_load import Checkpoint, import_libraries, named_failures
from miniatures.datamodel.errors import InputError
from miniatures.datamodel.prompt import ChatMessage
from miniatures.datamodel.recipe import Precision
from miniatures.finetune.base_checkpoint import checkpoint_of, load_tokenizer
from miniatures.finetune.dataset.rendering import served_prompt
from miniatures.finetune.train import shared_prefix
from miniatures.weights.base_weights import checkpoint_folder, weights_sha256
from miniatures.weights.catalog import CATALOG
from miniatures.weights.home import file_sha256

_PROBE = "the end of this turn"


@dataclass(frozen=True)
class BaseModel:
    """A base, ready to be tuned. `name` holds from anywhere: a named weight, an absolute path or a hub name."""

    name: str
    model: Any
    tokenizer: Any
    template: ChatTemplate
    sha256: str
    licence: str

    @property
    def parameters(self) -> int:
        """How many weights the model has; a shared embedding counts once."""
        return sum(weight.numel() for weight in self.model.parameters())

    @property
    def context_tokens(self) -> int:
        return int(getattr(self.model.config.get_text_config(), "max_position_embeddings", 2**31))

    @property
    def shares_prefixes(self) -> bool:
        """Whether it was loaded with the attention that lets examples share a prefix."""
        return bool(self.model.config.get_text_config()._attn_implementation == shared_prefix.NAME)

    @property
    def turn_end(self) -> int:
        """The token that ends an answer, as the chat template writes it."""
        turns = (ChatMessage(role="user", content="?"), ChatMessage(role="assistant", content=_PROBE))
        after = served_prompt(turns, self.template).rpartition(_PROBE)[2]
        tokens = self.tokenizer.encode(after, add_special_tokens=False)
        return int(tokens[0]) if tokens else int(self.tokenizer.eos_token_id)


def load_base(base: str, folder: Path, precision: Precision, longest: int, *, trained: bool) -> BaseModel:
    """Load the base for training, on the GPU if there is one.

    Args:
        longest: tokens of the longest example, against which a sliding window is measured.
        trained: whether the weights themselves are trained, and so held in float32.

    Raises:
        MissingExtra: torch or transformers is not installed.
        UnknownModel: there is no such base, or it cannot be read.
        InputError: the base has no chat template, or one without a system role.
    """
    transformers, torch = import_libraries()
    checkpoint = checkpoint_of(base, folder)
    options = {} if checkpoint.gguf is None else {"quantization_config": transformers.GgufConfig(dequantize=True)}
    kind = torch.float32 if trained or precision is Precision.FP32 else _half(precision)
    with named_failures(checkpoint.name):
        config = transformers.AutoConfig.from_pretrained(**checkpoint.arguments)
        attention = shared_prefix.register() if _sees_everything(config.get_text_config(), longest) else "sdpa"
        tokenizer = load_tokenizer(checkpoint)
        model = transformers.AutoModelForCausalLM.from_pretrained(
            **checkpoint.arguments, dtype=kind, attn_implementation=attention, **options
        )
    model.config.use_cache = False
    if torch.cuda.is_available():
        model = model.to("cuda")
    template = ChatTemplate(tokenizer_header(tokenizer))
    _require_system_role(base, template)
    sha256, licence = _identity(checkpoint)
    return BaseModel(checkpoint.name, model, tokenizer, template, sha256, licence)


def _sees_everything(config: Any, longest: int) -> bool:
    """Whether each position attends to all before it, and nothing else is done: only then may prefixes be shared."""
    layers = set(getattr(config, "layer_types", None) or ["full_attention"])
    window = getattr(config, "sliding_window", None)
    slides = "sliding_attention" in layers or (window is not None and getattr(config, "use_sliding_window", True))
    if layers - {"full_attention", "sliding_attention"} or getattr(config, "attn_logit_softcapping", None):
        return False
    return not slides or window is None or longest <= window


def _half(precision: Precision) -> Any:
    import torch

    if precision is Precision.FP16:
        return torch.float16
    if precision is Precision.AUTO and torch.cuda.is_available() and not torch.cuda.is_bf16_supported():
        return torch.float16
    return torch.bfloat16


def _require_system_role(base: str, template: ChatTemplate) -> None:
    from miniatures.backends.errors import BackendError

    turns = (ChatMessage(role="system", content=_PROBE), ChatMessage(role="user", content="?"))
    try:
        kept = _PROBE in served_prompt(turns, template)
    except BackendError as error:
        raise InputError(f"{base}: {error.message}", hint=_SYSTEM_HINT) from error
    if not kept:
        raise InputError(f"{base}: its chat template drops the system message", hint=_SYSTEM_HINT)


_SYSTEM_HINT = "Tune an instruct model whose chat template has a system role."


def _identity(checkpoint: Checkpoint) -> tuple[str, str]:
    """Hash of the exact weights, as a card's base is held to it, and their licence as far as it is stated."""
    if checkpoint.gguf is not None:
        licence = CATALOG[checkpoint.name].licence if checkpoint.name in CATALOG else "unknown"
        return file_sha256(checkpoint.gguf), licence
    return weights_sha256(checkpoint_folder(checkpoint.name)), "unknown"
