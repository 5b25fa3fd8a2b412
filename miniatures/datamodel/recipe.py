"""How to train one miniature. Written as YAML; what is left out follows the paper (arXiv 2508.15617)."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from miniatures.datamodel.frozen import Strict

_LARGE = 3_000_000_000
_MOST = 10**9
"""Tokens and steps of a recipe, at most."""


class Method(StrEnum):
    """What is trained."""

    LORA = "lora"
    FULL = "full"
    CLASSIFIER = "classifier"


class Precision(StrEnum):
    """Number format of the arithmetic; `auto` takes bf16 where the hardware has it, else fp16 with loss scaling."""

    AUTO = "auto"
    BF16 = "bf16"
    FP16 = "fp16"
    FP32 = "fp32"


class Tracker(StrEnum):
    """A service that shows runs beside one another; each needs its own package."""

    TENSORBOARD = "tensorboard"
    WANDB = "wandb"
    MLFLOW = "mlflow"


class LoraSettings(Strict):
    """The adapter's shape. Rank 16 for bases up to 3 billion parameters and 32 above, unless it is stated."""

    rank: int | None = Field(
        default=None, ge=1, le=256, description="16 up to 3 billion parameters, 32 above, if null."
    )
    alpha: float = Field(default=32, gt=0, allow_inf_nan=False, description="The change is scaled by alpha over rank.")
    dropout: float = Field(default=0.05, ge=0, lt=1, description="Share of an adapter's inputs left out of a step.")
    targets: tuple[str, ...] = Field(
        default=("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"),
        min_length=1,
        description="The base's linear layers that get an adapter.",
    )

    def rank_for(self, parameters: int) -> int:
        """The rank for a base of this many parameters."""
        if self.rank is not None:
            return self.rank
        return 16 if parameters <= _LARGE else 32


class Recipe(Strict):
    """One way to train."""

    name: str = Field(
        pattern=r"^[a-z0-9][a-z0-9._-]*$", max_length=100, description="The miniature's name, in small letters."
    )
    base: str = Field(description="A named weight (smollm2-135m-instruct), a GGUF file, a folder or a hub name.")
    dataset: str = Field(description="Folder of a built dataset, or a .jsonl file of chats, relative to the recipe.")
    roles: tuple[str, ...] = Field(
        default=("researcher", "writer"),
        min_length=1,
        description="Whose examples are trained on; chat if left out and the dataset holds chats alone.",
    )
    method: Method = Field(
        default=Method.LORA,
        description="lora, full for all weights (not registered), or classifier for an encoder of closed questions.",
    )
    frozen_layers: int = Field(
        default=0, ge=0, le=48, description="An encoder's layers, counted from below, that stay the base's."
    )
    compared: tuple[str, ...] = Field(
        default=(), description="Fields of answers that an encoder tells by comparing the question's lines, read alone."
    )
    lora: LoraSettings = Field(
        default=LoraSettings(), description="The adapter's shape; its keys are written under it, as `lora: {rank: 8}`."
    )
    start: str | None = Field(
        default=None,
        pattern=r"^[^@\s]+@[^@\s]+$",
        description="A miniature, NAME@REF, of this base and shape: its adapter is trained on. Fresh factors if null.",
    )
    learning_rate: float | None = Field(
        default=None, gt=0, allow_inf_nan=False, description="2e-4 for LoRA and 2e-5 for full if null."
    )
    schedule: Literal["cosine", "linear", "constant"] = Field(
        default="cosine", description="How the rate falls after the warmup: cosine, linear or constant."
    )
    warmup: float = Field(default=0.03, ge=0, lt=1, description="Share of the steps.")
    weight_decay: float = Field(default=0.0, ge=0, allow_inf_nan=False, description="Of AdamW.")
    epochs: float = Field(default=3, gt=0, le=1000, description="How often all examples are trained on.")
    max_steps: int | None = Field(default=None, ge=1, le=_MOST, description="Ends training early; null for all epochs.")
    batch_tokens: int = Field(
        default=4096, ge=1, le=_MOST, description="Tokens of one optimizer step, all micro-batches together."
    )
    micro_batch_tokens: int = Field(
        default=2048, ge=1, le=_MOST, description="Tokens that pass through the model at once."
    )
    emphasis: dict[str, Annotated[int, Field(ge=1, le=1000)]] = Field(
        default={}, description="How often the value of a field of the answer counts: one word may decide it all."
    )
    max_tokens: int = Field(default=2048, ge=16, le=_MOST, description="Longer examples are counted and left out.")
    precision: Precision = Field(
        default=Precision.AUTO, description="bf16, fp16, fp32; auto takes bf16 where the hardware has it, else fp16."
    )
    gradient_checkpointing: bool = Field(default=False, description="Less memory, more time.")
    seed: int = Field(default=7, ge=0, lt=2**32, description="Draws the adapter's start, the order and the dropout.")
    evaluate_every: int | None = Field(default=None, ge=1, le=_MOST, description="Steps; ten times in all if null.")
    patience: int = Field(
        default=4, ge=1, le=_MOST, description="Evaluations without a better validation loss before stopping."
    )
    report_to: tuple[Tracker, ...] = Field(
        default=(), description="Where transformers reports the run: tensorboard, wandb, mlflow."
    )
    checkpoint_every: int | None = Field(
        default=None, ge=1, le=_MOST, description="Steps, and with every evaluation; with those alone if null."
    )

    @property
    def rate(self) -> float:
        """The peak learning rate."""
        if self.learning_rate is not None:
            return self.learning_rate
        return 2e-4 if self.method is Method.LORA else 2e-5
