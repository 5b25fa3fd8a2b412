"""TRL's side of `training.py`: SFTTrainer on the job's tokens and batches, in an interpreter that has TRL.

    PEER_PYTHON benchmarks/training_peer.py FOLDER PLAN WAY OUT

FOLDER holds the job. WAY is `default` (SFTTrainer as it comes), `tuned` (no gradient checkpointing, weights in bf16) or
`packed` (tuned, and each batch flattened into one row without padding).

Nothing of TRL is replaced but the order of the batches: its own sampler would draw others than the other side's.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from training_job import (
    ADAPTER,
    ALPHA,
    DROPOUT,
    RANK,
    RATE,
    SEED,
    TARGETS,
    Job,
    StepClock,
    peak_bytes,
    read_job,
    write_result,
)

WAYS: dict[str, dict[str, Any]] = {
    "default": {},
    "tuned": {"gradient_checkpointing": False, "model_init_kwargs": {"dtype": "bfloat16"}},
    "packed": {
        "gradient_checkpointing": False,
        "model_init_kwargs": {"dtype": "bfloat16"},
        "padding_free": True,
    },
}


def dataset_of(job: Job) -> Any:
    """The examples as tokens, with the mask that tells TRL which of them to learn."""
    from datasets import Dataset

    masks = [
        [0] * prompt + [1] * (len(tokens) - prompt) for tokens, prompt in zip(job.examples, job.prompts, strict=True)
    ]
    return Dataset.from_dict({"input_ids": job.examples, "completion_mask": masks})


def trainer_of(job: Job, plan: str, way: str, out: Path, clock: StepClock) -> Any:
    """SFTTrainer with the settings that both sides have in common, and those of this way."""
    from peft import LoraConfig
    from torch.utils.data import DataLoader
    from transformers import TrainerCallback
    from trl import SFTConfig, SFTTrainer

    class InOrder(SFTTrainer):  # type: ignore[misc]
        def get_train_dataloader(self) -> Any:
            loader = DataLoader(self.train_dataset, batch_sampler=job.batches[plan], collate_fn=self.data_collator)
            return self.accelerator.prepare(loader)

    class Clock(TrainerCallback):  # type: ignore[misc]
        def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **_: Any) -> None:
            if logs and "loss" in logs:
                clock.step_ended(float(logs["loss"]))

    settings = SFTConfig(
        output_dir=str(out),
        max_steps=len(job.batches[plan]),
        learning_rate=RATE,
        lr_scheduler_type="constant",
        max_length=None,
        completion_only_loss=True,
        logging_steps=1,
        save_strategy="no",
        report_to=[],
        seed=SEED,
        use_cpu=not job.cuda,
        **WAYS[way],
    )
    adapter = LoraConfig(
        r=RANK, lora_alpha=ALPHA, lora_dropout=DROPOUT, target_modules=list(TARGETS), task_type="CAUSAL_LM"
    )
    return InOrder(
        model=job.base, args=settings, train_dataset=dataset_of(job), peft_config=adapter, callbacks=[Clock()]
    )


def labels_seen(trainer: Any, job: Job, plan: str) -> int:
    """Tokens that TRL itself has marked as learned, in the plan's examples; checks that it kept our tokens."""
    rows = trainer.train_dataset
    if list(rows["input_ids"]) != job.examples:
        raise SystemExit("TRL changed the tokens of the examples")
    labels = list(rows["labels"])
    return sum(label != -100 for batch in job.batches[plan] for place in batch for label in labels[place])


def main() -> None:
    folder, plan, way, out = Path(sys.argv[1]), sys.argv[2], sys.argv[3], Path(sys.argv[4])
    job, clock = read_job(folder), StepClock()
    trainer = trainer_of(job, plan, way, out, clock)
    trainable = sum(weight.numel() for weight in trainer.model.parameters() if weight.requires_grad)
    labels = labels_seen(trainer, job, plan)
    before = peak_bytes()
    trainer.train()
    peak = peak_bytes()
    tokens = [entry["num_tokens"] for entry in trainer.state.log_history if "num_tokens" in entry][-1]
    trainer.model.save_pretrained(str(out / ADAPTER))
    write_result(out, clock, tokens=int(tokens), labels=labels, peak=peak, before=before, trainable=trainable)


if __name__ == "__main__":
    main()
