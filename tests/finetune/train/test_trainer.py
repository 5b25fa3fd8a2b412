"""What Trainer is given to divide by: every learned token of a step, those of short answers too."""

from __future__ import annotations

from pathlib import Path

import pytest

from miniatures.finetune.dataset.rendering import Tokenized
from miniatures.finetune.train import shared_prefix
from miniatures.finetune.train.micro_batches import MicroBatch
from miniatures.finetune.train.trainer import MicroBatches, batch_loss, make_trainer
from tests.finetune.tiny_models import tiny


@pytest.mark.slow
def test_a_step_s_loss_is_the_mean_over_all_its_learned_tokens(tmp_path: Path) -> None:
    import torch
    from transformers import TrainingArguments

    model = tiny("llama", shared_prefix.register())
    examples = [Tokenized(list(range(5, 25)), 18), Tokenized(list(range(40, 60)), 15)]
    batches = MicroBatches(examples, [MicroBatch((0,), 0), MicroBatch((1,), 0)], 0, share=True)
    with torch.no_grad():
        expected = sum(float(batch_loss(model, batches[place])) for place in range(2)) / (2 + 5)
    options = {"per_device_train_batch_size": 1, "gradient_accumulation_steps": 2, "max_steps": 1, "logging_steps": 1}
    arguments = TrainingArguments(str(tmp_path), use_cpu=True, report_to=[], remove_unused_columns=False, **options)
    trainer = make_trainer(model=model, args=arguments, train_dataset=batches)
    trainer.train()
    assert trainer.state.log_history[0]["loss"] == pytest.approx(expected, rel=1e-5)
