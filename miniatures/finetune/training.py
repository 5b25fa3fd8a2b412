"""Trains one miniature as its recipe says: from a frozen dataset to an adapter, resumable at any moment.

Everything of a run lies in one folder: checkpoints, the curve, the finished adapter and a summary.
"""

from __future__ import annotations

import json
import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from miniatures.backends.errors import OutOfMemory
from miniatures.backends.hugging_face_load import is_out_of_memory
from miniatures.datamodel.dataset import Split
from miniatures.datamodel.errors import ExitCode, InputError, MiniaturesError
from miniatures.datamodel.hashing import content_hash
from miniatures.datamodel.recipe import Method, Precision, Recipe
from miniatures.finetune import fused_lora
from miniatures.finetune.base_model import BaseModel as Base
from miniatures.finetune.base_model import load_base
from miniatures.finetune.callbacks import Listener, watcher
from miniatures.finetune.checkpoints import CHECKPOINTS, checkpoint_to_resume, keep_plan, step_of
from miniatures.finetune.curve import CurveFile, draw_curve
from miniatures.finetune.dataset_folder import Dataset
from miniatures.finetune.micro_batches import MicroBatch, plan
from miniatures.finetune.run_meter import RunMeter
from miniatures.finetune.spikes import SpikeWatch
from miniatures.finetune.trainer import MicroBatches, make_trainer
from miniatures.finetune.training_data import TokenizedSplit, tokenize_rows
from miniatures.finetune.training_summary import TrainingSummary, summarize

ADAPTER, SUMMARY = "adapter", "summary.json"
CURVE, PICTURE, METER = "curve.jsonl", "curve.png", "meter.json"
_EVALUATIONS = 10
_KEPT_KERNELS = "48"
"""Matrix kernels that torch keeps on a CPU, each for one shape and with its own scratch memory. Every micro-batch has
shapes of its own: the thousand that are kept by default came to four gigabytes, and one layer needs about forty."""


class TrainingFailed(MiniaturesError):
    """Training ended without a model worth keeping."""

    exit_code = ExitCode.UNEXPECTED


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
        """What makes two runs the same one: the recipe, whatever it and its dataset are called, and every token."""
        recipe = self.recipe.model_dump(mode="json", exclude={"name", "dataset"})
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
    _set_up_libraries(recipe.seed)
    full = recipe.method is Method.FULL
    base = load_base(recipe.base, folder, recipe.precision, recipe.max_tokens, trained=full)
    limit = min(recipe.max_tokens, base.context_tokens)
    training = tokenize_rows(dataset.rows(Split.TRAIN, recipe.roles), base, limit)
    validation = tokenize_rows(dataset.rows(Split.VALIDATION, recipe.roles), base, limit)
    if not training.examples:
        roles = ", ".join(recipe.roles)
        raise InputError(
            f"{dataset.folder} has no example to train {roles} on",
            hint="Build the dataset with answers of these roles.",
        )
    planned = plan(
        training.examples, math.ceil(recipe.epochs), recipe.micro_batch_tokens, recipe.seed, share=base.shares_prefixes
    )
    batches = [batch for epoch in planned for batch in epoch]
    model = base.model if full else _with_adapter(recipe, base)
    return Prepared(recipe, base, model, training, validation, batches)


def train(prepared: Prepared, out: Path, listener: Listener, *, resume: bool = False) -> TrainingSummary:
    """Train, and leave the best adapter in `out/adapter`.

    Raises:
        InputError: `out` holds an unfinished run and `resume` was not asked for, or it is of another plan.
        OutOfMemory: a step did not fit; says what to lower.
        TrainingFailed: the loss was no number.
    """
    checkpoint = checkpoint_to_resume(out, resume)
    out.mkdir(parents=True, exist_ok=True)
    keep_plan(out, prepared.hash, checkpoint)
    curve, spikes = CurveFile(path=out / CURVE), SpikeWatch()
    begun = 0 if checkpoint is None else step_of(checkpoint)
    curve.cut(begun)
    spikes.see_again(curve.points())
    meter = RunMeter(out / METER)
    trainer = _trainer(prepared, out, [watcher(curve, meter, spikes, listener)])
    try:
        trainer.train(resume_from_checkpoint=None if checkpoint is None else str(checkpoint))
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        raise OutOfMemory(
            "a training step did not fit into memory",
            hint="Lower micro_batch_tokens or max_tokens in the recipe, or turn gradient_checkpointing on.",
        ) from error
    summary = summarize(prepared, trainer, spikes, meter)
    if spikes.broken is not None and summary.best_validation_loss is None:
        raise TrainingFailed(
            f"the loss became no number at step {spikes.broken}", hint="Lower learning_rate in the recipe."
        )
    _save(prepared, out)
    points = curve.points()
    draw_curve(points, out / PICTURE, f"{prepared.recipe.name}: {summary.steps} steps")
    (out / SUMMARY).write_text(summary.model_dump_json(indent=1) + "\n", encoding="utf-8")
    return summary


def _set_up_libraries(seed: int) -> None:
    """What torch and its friends read when they are imported, and one seed for all of them."""
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", _KEPT_KERNELS)
    os.environ.setdefault("LRU_CACHE_CAPACITY", _KEPT_KERNELS)
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    from transformers import set_seed

    set_seed(seed)


def _with_adapter(recipe: Recipe, base: Base) -> Any:
    """The base with fresh factors in front of it, fused where its layers allow."""
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
    if not recipe.gradient_checkpointing:
        fused_lora.fuse(model)
    return model


def _targets(recipe: Recipe, base: Base) -> list[str] | str:
    """The layers that get factors; in a model that also sees pictures, those that read text alone."""
    if hasattr(base.model.config, "vision_config"):
        return rf".*language_model.*\.({'|'.join(recipe.lora.targets)})"
    return list(recipe.lora.targets)


def _trainer(prepared: Prepared, out: Path, callbacks: list[Any]) -> Any:
    from transformers import EarlyStoppingCallback
    from transformers.trainer_callback import PrinterCallback, ProgressCallback

    recipe, base = prepared.recipe, prepared.base
    pad = base.turn_end
    share = base.shares_prefixes
    batches = MicroBatches(prepared.training.examples, prepared.batches, pad, share=share)
    validated = None
    if prepared.validation.examples:
        planned = plan(prepared.validation.examples, 1, recipe.micro_batch_tokens, recipe.seed, share=share)[0]
        validated = MicroBatches(prepared.validation.examples, planned, pad, share=share)
        callbacks = [*callbacks, EarlyStoppingCallback(early_stopping_patience=recipe.patience)]
    trainer = make_trainer(
        model=prepared.model,
        args=_arguments(prepared, out, validated is not None),
        train_dataset=batches,
        eval_dataset=validated,
        callbacks=callbacks,
    )
    trainer.remove_callback(PrinterCallback)
    trainer.remove_callback(ProgressCallback)
    return trainer


def _arguments(prepared: Prepared, out: Path, validates: bool) -> Any:
    import torch
    from transformers import TrainingArguments

    recipe = prepared.recipe
    every = recipe.evaluate_every or max(1, prepared.steps // _EVALUATIONS)
    on_cpu = not torch.cuda.is_available()
    trained_in_half = recipe.method is Method.FULL and recipe.precision is not Precision.FP32
    return TrainingArguments(
        output_dir=str((out / CHECKPOINTS).absolute()),
        restore_callback_states_from_checkpoint=True,
        logging_nan_inf_filter=False,
        per_device_train_batch_size=1,
        gradient_accumulation_steps=prepared.accumulation,
        max_steps=prepared.steps,
        learning_rate=recipe.rate,
        lr_scheduler_type=recipe.schedule,
        warmup_steps=round(recipe.warmup * prepared.steps),
        weight_decay=recipe.weight_decay,
        max_grad_norm=1.0,
        gradient_checkpointing=recipe.gradient_checkpointing,
        bf16=trained_in_half and recipe.precision is not Precision.FP16,
        fp16=recipe.precision is Precision.FP16 and not on_cpu,
        use_cpu=on_cpu,
        logging_steps=1,
        eval_strategy="steps" if validates else "no",
        eval_steps=every if validates else None,
        save_strategy="steps",
        save_steps=every if validates else recipe.checkpoint_every or every,
        save_total_limit=2,
        load_best_model_at_end=validates,
        metric_for_best_model="eval_loss" if validates else None,
        greater_is_better=False if validates else None,
        seed=recipe.seed,
        data_seed=recipe.seed,
        remove_unused_columns=False,
        dataloader_num_workers=0,
        dataloader_pin_memory=False,
        report_to=[],
        disable_tqdm=True,
    )


def _save(prepared: Prepared, out: Path) -> None:
    """The adapter in half precision and without the path of the base, or the whole model after full fine-tuning."""
    import torch

    target = out / ADAPTER
    if prepared.recipe.method is Method.FULL:
        prepared.model.to(torch.bfloat16).save_pretrained(str(target))
        prepared.base.tokenizer.save_pretrained(str(target))
        return
    for name, weight in prepared.model.named_parameters():
        if "lora_" in name:
            weight.data = weight.data.to(torch.float16)
    prepared.model.save_pretrained(str(target))
    path = target / "adapter_config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    config["base_model_name_or_path"] = prepared.base.name
    if isinstance(config["target_modules"], list):  # from a set: each process would order, and so hash, it anew
        config["target_modules"].sort()
    path.write_text(json.dumps(config, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    (target / "README.md").unlink(missing_ok=True)
