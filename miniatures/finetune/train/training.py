"""Trains one miniature as its recipe says: from a frozen dataset to an adapter, resumable at any moment.

Everything of a run lies in one folder: checkpoints, the curve, the finished adapter and a summary.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from miniatures.backends.errors import OutOfMemory
from miniatures.backends.hugging_face_load import is_out_of_memory
from miniatures.datamodel.errors import ExitCode, MiniaturesError
from miniatures.datamodel.recipe import Method, Precision
from miniatures.finetune.train.callbacks import Listener, saver, watcher
from miniatures.finetune.train.checkpoints import CHECKPOINTS, checkpoint_to_resume, keep_plan, step_of
from miniatures.finetune.train.curve import CurveFile, draw_curve
from miniatures.finetune.train.micro_batches import plan
from miniatures.finetune.train.prepared import Prepared
from miniatures.finetune.train.run_meter import RunMeter
from miniatures.finetune.train.spikes import SpikeWatch
from miniatures.finetune.train.summary import TrainingSummary, summarize
from miniatures.finetune.train.trainer import MicroBatches, make_trainer
from miniatures.weights.catalog import checkpoint_name

ADAPTER, SUMMARY = "adapter", "summary.json"
CURVE, PICTURE, METER = "curve.jsonl", "curve.png", "meter.json"
_EVALUATIONS = 10


class TrainingFailed(MiniaturesError):
    """Training ended without a model worth keeping."""

    exit_code = ExitCode.UNEXPECTED


def train(prepared: Prepared, out: Path, listener: Listener, *, resume: bool = False) -> TrainingSummary:
    """Train, and leave the best adapter in `out/adapter`. A run that has come to its end goes on with nothing.

    Raises:
        InputError: `out` holds an unfinished run and `resume` was not asked for, or it is of another plan.
        OutOfMemory: a step did not fit; says what to lower.
        TrainingFailed: the loss was no number.
    """
    checkpoint = checkpoint_to_resume(out, resume)
    out.mkdir(parents=True, exist_ok=True)
    keep_plan(out, prepared.hash, checkpoint)
    if checkpoint is not None and (finished := _finished(out)):
        return finished
    (out / SUMMARY).unlink(missing_ok=True)
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
    draw_curve(curve.points(), out / PICTURE, f"{prepared.recipe.name}: {summary.steps} steps")
    (out / SUMMARY).write_text(summary.model_dump_json(indent=1) + "\n", encoding="utf-8")
    return summary


def _finished(out: Path) -> TrainingSummary | None:
    """The summary, which is written last."""
    try:
        return TrainingSummary.model_validate_json((out / SUMMARY).read_bytes())
    except (OSError, ValueError):
        return None


def _trainer(prepared: Prepared, out: Path, callbacks: list[Any]) -> Any:
    from transformers import EarlyStoppingCallback
    from transformers.trainer_callback import PrinterCallback

    recipe, base = prepared.recipe, prepared.base
    pad = base.turn_end
    share = base.shares_prefixes
    batches = MicroBatches(prepared.training.examples, prepared.batches, pad, share=share)
    validated = None
    if prepared.validation.examples:
        planned = plan(prepared.validation.examples, 1, recipe.micro_batch_tokens, recipe.seed, share=share)[0]
        validated = MicroBatches(prepared.validation.examples, planned, pad, share=share)
        callbacks = [*callbacks, EarlyStoppingCallback(early_stopping_patience=recipe.patience)]
    if recipe.checkpoint_every is not None:
        callbacks = [*callbacks, saver(recipe.checkpoint_every)]
    trainer = make_trainer(
        model=prepared.model,
        args=_arguments(prepared, out, validated is not None),
        train_dataset=batches,
        eval_dataset=validated,
        callbacks=callbacks,
    )
    trainer.remove_callback(PrinterCallback)
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
        save_steps=every,
        save_total_limit=2,
        load_best_model_at_end=validates,
        metric_for_best_model="eval_loss" if validates else None,
        greater_is_better=False if validates else None,
        seed=recipe.seed,
        data_seed=recipe.seed,
        remove_unused_columns=False,
        dataloader_num_workers=0,
        dataloader_pin_memory=False,
        report_to=list(recipe.report_to),
        run_name=recipe.name,
        disable_tqdm=True,
    )


def _save(prepared: Prepared, out: Path) -> None:
    """The adapter in half precision, its base named as plain PEFT loads it, or the whole model after full training."""
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
    config["base_model_name_or_path"] = checkpoint_name(prepared.base.name)
    if isinstance(config["target_modules"], list):  # from a set: each process would order, and so hash, it anew
        config["target_modules"].sort()
    path.write_text(json.dumps(config, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    (target / "README.md").unlink(missing_ok=True)
