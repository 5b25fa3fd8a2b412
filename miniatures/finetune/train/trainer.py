"""transformers' Trainer over planned micro-batches, with the loss on answers only.

What Trainer does well stays its own: optimizer, schedule, accumulation, checkpoints, resuming, the best model. Ours are
what is fed to it and how the loss is made.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from miniatures.finetune.dataset.rendering import Tokenized
from miniatures.finetune.train.completion_loss import summed_loss
from miniatures.finetune.train.micro_batches import MicroBatch
from miniatures.finetune.train.shared_prefix import collate, collate_rows


class MicroBatches:
    """A dataset whose items are whole micro-batches, in the order in which they are trained on."""

    def __init__(self, examples: Sequence[Tokenized], batches: Sequence[MicroBatch], pad: int, *, share: bool) -> None:
        self._examples = examples
        self._batches = batches
        self._pad = pad
        self._collate = collate if share else collate_rows

    def __len__(self) -> int:
        return len(self._batches)

    def __getitem__(self, place: int) -> dict[str, Any]:
        return self._collate(self._examples, self._batches[place], self._pad)


def batch_loss(model: Any, inputs: dict[str, Any]) -> Any:
    """Summed cross entropy of a micro-batch's learned tokens, in nats."""
    places, labels = inputs["places"], inputs["labels"]
    body, head = _parts(model)
    reading = {name: value for name, value in inputs.items() if name not in {"places", "labels"}}
    hidden = body(**reading, use_cache=False).last_hidden_state
    softcap = getattr(body.config.get_text_config(), "final_logit_softcapping", None)
    return summed_loss(hidden.flatten(0, 1)[places], head, labels, softcap)


def _parts(model: Any) -> tuple[Any, Any]:
    """The model without its head, and the head. A PEFT model is looked through."""
    causal = model.get_base_model() if hasattr(model, "get_base_model") else model
    return causal.get_decoder() if hasattr(causal, "get_decoder") else causal.model, causal.get_output_embeddings()


def make_trainer(**options: Any) -> Any:
    """A `CompletionTrainer`; its options are Trainer's."""
    import torch
    from torch.utils.data import SequentialSampler
    from transformers import Trainer

    class CompletionTrainer(Trainer):  # type: ignore[misc]
        """Trainer whose batches are planned and whose loss is summed over answers, then divided by their tokens."""

        def __init__(self, **options: Any) -> None:
            self.control: Any = None
            super().__init__(data_collator=_only_item, **options)
            self.loss_is_scaled_for_ga = True
            self._loss_shifts_labels = False  # ours are shifted already: none of them is left out of the count

        def _get_train_sampler(self, train_dataset: Any = None) -> Any:
            return SequentialSampler(train_dataset if train_dataset is not None else self.train_dataset)

        def compute_loss(
            self, model: Any, inputs: dict[str, Any], return_outputs: bool = False, num_items_in_batch: Any = None
        ) -> Any:
            loss = batch_loss(model, inputs)
            return loss / (len(inputs["labels"]) if num_items_in_batch is None else num_items_in_batch)

        def evaluate(
            self, eval_dataset: Any = None, ignore_keys: Any = None, metric_key_prefix: str = "eval"
        ) -> dict[str, float]:
            batches = self.eval_dataset if eval_dataset is None else eval_dataset
            self.model.eval()
            total, tokens = 0.0, 0
            with torch.no_grad():
                for place in range(len(batches)):
                    inputs = self._prepare_inputs(batches[place])
                    total += float(batch_loss(self.model, inputs))
                    tokens += len(inputs["labels"])
            metrics = {f"{metric_key_prefix}_loss": total / max(1, tokens)}
            self.log(dict(metrics))
            self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, metrics)
            return metrics

    return CompletionTrainer(**options)


def _only_item(items: list[dict[str, Any]]) -> dict[str, Any]:
    (item,) = items
    return item
