"""Everything that is known before the first step of a run: the base with its adapter, and the planned data."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from miniatures.datamodel.dataset import Split
from miniatures.datamodel.errors import InputError
from miniatures.datamodel.example import CHAT
from miniatures.datamodel.hashing import content_hash
from miniatures.datamodel.recipe import Method, Recipe
from miniatures.finetune.dataset.folder import Dataset
from miniatures.finetune.train import fused_lora
from miniatures.finetune.train.base_model import BaseModel as Base
from miniatures.finetune.train.base_model import load_base
from miniatures.finetune.train.micro_batches import MicroBatch, plan
from miniatures.finetune.train.start import go_on_from, pinned
from miniatures.finetune.train.trackers import require_trackers
from miniatures.finetune.train.training_data import TokenizedSplit, tokenize_rows
from miniatures.weights.registry import Registry

_KEPT_KERNELS = "48"
"""Matrix kernels that torch keeps on a CPU, each for one shape and with its own scratch memory. Every micro-batch has
shapes of its own: the thousand that are kept by default came to four gigabytes, and one layer needs about forty."""


@dataclass(frozen=True)
class Prepared:
    """A base, its adapter and the planned data: everything that is known before the first step."""

    recipe: Recipe
    base: Base
    model: Any
    training: TokenizedSplit
    validation: TokenizedSplit
    batches: list[MicroBatch]

    @property
    def accumulation(self) -> int:
        """Micro-batches of one step."""
        return max(1, round(self.recipe.batch_tokens / self.recipe.micro_batch_tokens))

    @property
    def steps(self) -> int:
        """Steps that the recipe asks for."""
        planned = -(-len(self.batches) // self.accumulation)
        wanted = max(1, round(planned * self.recipe.epochs / math.ceil(self.recipe.epochs)))
        return min(wanted, self.recipe.max_steps or wanted)

    @property
    def hash(self) -> str:
        """What makes two runs the same one: every token, and the recipe whatever it is called and wherever reported."""
        recipe = self.recipe.model_dump(mode="json", exclude={"name", "dataset", "report_to"})
        sides = (self.training, self.validation)
        return content_hash([recipe, [[example.tokens for example in side.examples] for side in sides]])

    @property
    def trainable(self) -> int:
        return sum(weight.numel() for weight in self.model.parameters() if weight.requires_grad)


def prepare(recipe: Recipe, folder: Path, dataset: Dataset) -> Prepared:
    """Load the base and plan the run. `folder` is the recipe's.

    Raises:
        InputError: there are no examples, or none fits.
        MiniaturesError: the base cannot be loaded or trained.
    """
    recipe = _for_roles_of(dataset, recipe)
    if recipe.start is not None:
        recipe = recipe.model_copy(update={"start": pinned(recipe.start, Registry())})
    require_trackers(recipe.report_to)
    _set_up_libraries(recipe.seed)
    full = recipe.method is Method.FULL
    base = load_base(recipe.base, folder, recipe.precision, recipe.max_tokens, trained=full)
    limit = min(recipe.max_tokens, base.context_tokens)
    training = tokenize_rows(dataset.rows(Split.TRAIN, recipe.roles), base, limit, recipe.emphasis)
    validation = tokenize_rows(dataset.rows(Split.VALIDATION, recipe.roles), base, limit, {})
    if not training.examples:
        raise _nothing_to_train_on(recipe, dataset)
    planned = plan(
        training.examples, math.ceil(recipe.epochs), recipe.micro_batch_tokens, recipe.seed, share=base.shares_prefixes
    )
    batches = [batch for epoch in planned for batch in epoch]
    model = base.model if full else _with_adapter(recipe, base)
    return Prepared(recipe, base, model, training, validation, batches)


def _for_roles_of(dataset: Dataset, recipe: Recipe) -> Recipe:
    """A recipe that names no roles trains on chats where its dataset holds nothing else."""
    if "roles" in recipe.model_fields_set or set(dataset.manifest.roles) != {CHAT}:
        return recipe
    return recipe.model_copy(update={"roles": (CHAT,)})


def _nothing_to_train_on(recipe: Recipe, dataset: Dataset) -> InputError:
    others = ", ".join(role for role in dataset.manifest.roles if role not in recipe.roles)
    known = f"It holds {others}: write roles: [{others}] in the recipe, or build" if others else "Build"
    return InputError(
        f"{dataset.folder} has no example to train {', '.join(recipe.roles)} on",
        hint=f"{known} the dataset with answers of these roles.",
    )


def _set_up_libraries(seed: int) -> None:
    """What torch and its friends read when they are imported, and one seed for all of them."""
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", _KEPT_KERNELS)
    os.environ.setdefault("LRU_CACHE_CAPACITY", _KEPT_KERNELS)
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    from transformers import set_seed

    set_seed(seed)


def _with_adapter(recipe: Recipe, base: Base) -> Any:
    """The base with the factors that the recipe starts from in front of it, fused where its layers allow."""
    import peft

    config = peft.LoraConfig(
        r=recipe.lora.rank_for(base.parameters),
        lora_alpha=recipe.lora.alpha,
        lora_dropout=recipe.lora.dropout,
        target_modules=_targets(recipe, base),
        task_type="CAUSAL_LM",
    )
    try:
        model = peft.get_peft_model(base.model, config)
    except ValueError as error:
        reason = str(error).splitlines()[0]
        raise InputError(
            f"{base.name} takes no adapter: {reason}", hint="Name its linear layers in lora.targets."
        ) from error
    if recipe.start is not None:
        go_on_from(recipe.start, base.sha256, model, Registry())
    if not recipe.gradient_checkpointing:
        fused_lora.fuse(model)
    return model


def _targets(recipe: Recipe, base: Base) -> list[str] | str:
    """The layers that get factors; in a model that also sees pictures, those that read text alone."""
    if hasattr(base.model.config, "vision_config"):
        return rf".*language_model.*\.({'|'.join(recipe.lora.targets)})"
    return list(recipe.lora.targets)
