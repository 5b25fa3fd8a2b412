"""Our side of `training.py`, and what is needed around both: the job, and one judge of all adapters.

    python benchmarks/training_ours.py prepare FOLDER BASE STEPS
    python benchmarks/training_ours.py train FOLDER PLAN WAY OUT
    python benchmarks/training_ours.py judge FOLDER OUT...

WAY is `whole`, or what is left out: `no-sharing`, `no-fused-lora`, `no-plain-attention`; `full` trains every weight.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
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
    write_job,
    write_result,
)

from miniatures.datamodel.recipe import LoraSettings, Method, Recipe
from miniatures.finetune.dataset.folder import Dataset, open_dataset
from miniatures.finetune.train import fused_lora, plain_attention
from miniatures.finetune.train.callbacks import Progress
from miniatures.finetune.train.micro_batches import MicroBatch, plan
from miniatures.finetune.train.preflight import _measured_rate, _operations
from miniatures.finetune.train.prepared import Prepared, prepare
from miniatures.finetune.train.training import train
from miniatures.finetune.train.training_data import TokenizedSplit

GOLD = Path(__file__).parent.parent / "examples" / "gold" / "atlas"
VARIANTS_EACH = 2
HELD_OUT = 24
POSITIONS = 2048
NEVER = 1_000_000
SHAPES: dict[str, dict[str, Any]] = {
    "qwen3-4b": {
        "kind": "qwen3",
        "hidden_size": 2560,
        "intermediate_size": 9728,
        "num_hidden_layers": 36,
        "num_attention_heads": 32,
        "num_key_value_heads": 8,
        "head_dim": 128,
        "vocab_size": 151_936,
        "max_position_embeddings": 32_768,
        "tie_word_embeddings": True,
    }
}
"""Models that are random, for their size alone."""


def save_base(base: str, folder: Path) -> None:
    """The base as a plain folder that both sides open: dequantized, or random in the shape that was named."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, GgufConfig

    from miniatures.finetune.base_checkpoint import checkpoint_of

    checkpoint = checkpoint_of("smollm2-135m-instruct" if base in SHAPES else base, Path())
    AutoTokenizer.from_pretrained(**checkpoint.arguments).save_pretrained(folder)
    if base in SHAPES:
        shape = dict(SHAPES[base])
        torch.manual_seed(SEED)
        model = AutoModelForCausalLM.from_config(AutoConfig.for_model(shape.pop("kind"), **shape), dtype=torch.bfloat16)
    else:
        options = {} if checkpoint.gguf is None else {"quantization_config": GgufConfig(dequantize=True)}
        model = AutoModelForCausalLM.from_pretrained(**checkpoint.arguments, dtype=torch.float32, **options)
    if hasattr(model.config, "quantization_config"):
        del model.config.quantization_config
    model.save_pretrained(folder)


def gold_dataset(folder: Path) -> Dataset:
    """The emails of one gold folder with two variants each and its researcher's questions, as `dataset build` does."""
    from miniatures.finetune.dataset.build import BuildSettings, build_dataset
    from miniatures.finetune.gold.all_examples import gold_examples

    examples, _ = gold_examples([GOLD], SEED, VARIANTS_EACH)
    return build_dataset(examples, folder, BuildSettings(seed=SEED, validation=0.1))


def recipe_of(base: str, dataset: str, steps: int, method: Method = Method.LORA) -> Recipe:
    return Recipe(
        name="benchmark",
        base=base,
        dataset=dataset,
        method=method,
        lora=LoraSettings(rank=RANK, alpha=ALPHA, dropout=DROPOUT, targets=TARGETS),
        learning_rate=RATE if method is Method.LORA else None,
        schedule="constant",
        warmup=0,
        epochs=1,
        max_steps=steps,
        batch_tokens=POSITIONS,
        micro_batch_tokens=POSITIONS,
        seed=SEED,
        checkpoint_every=NEVER,
    )


def prepare_job(folder: Path, base: str, steps: int) -> None:
    """Write the base, the dataset, and two plans: batches of examples with one system message, and of any."""
    import torch

    save_base(base, folder / "base")
    dataset = gold_dataset(folder / "dataset")
    prepared = prepare(recipe_of(str(folder / "base"), str(dataset.folder), steps), folder, dataset)
    examples, held_out = prepared.training.examples, prepared.validation.examples[:HELD_OUT]
    plans = {
        name: plan(examples, 1, POSITIONS, SEED, share=share)[0][:steps]
        for name, share in (("grouped", True), ("any", False))
    }
    write_job(
        folder,
        base=str(folder / "base"),
        dataset=str(dataset.folder),
        examples=[one.tokens for one in examples],
        prompts=[one.prompt for one in examples],
        held_out=[one.tokens for one in held_out],
        held_out_prompts=[one.prompt for one in held_out],
        batches={name: [list(batch.examples) for batch in batches] for name, batches in plans.items()},
        prefixes={name: [batch.prefix for batch in batches] for name, batches in plans.items()},
        cuda=torch.cuda.is_available(),
    )


def prepared_for(job: Job, name: str, way: str) -> Prepared:
    """What `finetune` prepares, with the job's batches and without validation."""
    method = Method.FULL if way == "full" else Method.LORA
    recipe = recipe_of(job.base, job.dataset, len(job.batches[name]), method)
    prepared = prepare(recipe, Path(), open_dataset(Path(job.dataset)))
    if [one.tokens for one in prepared.training.examples] != job.examples:
        raise SystemExit("the examples are not those of the job")
    prefixes = [0] * len(job.batches[name]) if way == "no-sharing" else job.prefixes[name]
    batches = [MicroBatch(tuple(members), prefix) for members, prefix in zip(job.batches[name], prefixes, strict=True)]
    return replace(prepared, batches=batches, validation=TokenizedSplit([], 0, 0))


def leave_out(way: str) -> None:
    """Put the libraries' own part in place of one of ours."""
    if way == "no-fused-lora":
        fused_lora.fuse = lambda _: 0
    elif way == "no-plain-attention":
        plain_attention.LONGEST = 0


def run_training(folder: Path, name: str, way: str, out: Path) -> None:
    job, clock = read_job(folder), StepClock()
    leave_out(way)
    prepared = prepared_for(job, name, way)

    def hear(progress: Progress) -> None:
        if progress.training is not None:
            clock.step_ended(progress.training)

    before = peak_bytes()
    summary = train(prepared, out, hear)
    write_result(
        out,
        clock,
        tokens=summary.tokens,
        labels=summary.learned_tokens,
        peak=peak_bytes(),
        before=before,
        trainable=summary.trainable_parameters,
        **limit_of(prepared),
    )


def limit_of(prepared: Prepared) -> dict[str, float]:
    """Operations of the measured steps, and this machine's rate on products: of the model's shape, and square."""
    examples = prepared.training.examples
    measured = prepared.batches[1:]
    computed = sum(batch.positions(examples) for batch in measured)
    learned = sum(examples[place].answer for batch in measured for place in batch.examples)
    return {
        "positions": computed,
        "operations": _operations(prepared, computed, learned),
        "rate": _measured_rate(prepared),
        "square_rate": square_rate(),
    }


def square_rate(size: int = 2048, repeats: int = 10) -> float:
    """Floating-point operations a second of a product of two square bf16 matrices."""
    import torch

    device = "cuda" if torch.cuda.is_available() else "cpu"
    left, right = (torch.randn(size, size, device=device).to(torch.bfloat16) for _ in range(2))
    left @ right
    started = time.perf_counter()
    for _ in range(repeats):
        result = left @ right
    float(result[0, 0])
    return repeats * 2 * size**3 / (time.perf_counter() - started)


def judge(folder: Path, outs: Sequence[Path]) -> None:
    """The held-out loss of the bare base and of each adapter, by plain transformers and peft, whoever trained it."""
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    job = read_job(folder)
    losses = {}
    for out in (None, *outs):
        model = AutoModelForCausalLM.from_pretrained(job.base, dtype=torch.bfloat16)
        if out is not None:
            model = PeftModel.from_pretrained(model, str(out / ADAPTER))
        losses["base" if out is None else out.name] = held_out_loss(model.eval(), job)
    print(json.dumps(losses))


def held_out_loss(model: Any, job: Job) -> float:
    """Mean cross entropy of the held-out answers, in nats a token."""
    import torch

    model = model.to("cuda" if job.cuda else "cpu")
    total = count = 0.0
    with torch.no_grad():
        for tokens, prompt in zip(job.held_out, job.held_out_prompts, strict=True):
            row = torch.tensor([tokens], device=model.device)
            logits = model(row, logits_to_keep=len(tokens) - prompt + 1).logits[0, :-1].float()
            total += float(torch.nn.functional.cross_entropy(logits, row[0, prompt:], reduction="sum"))
            count += len(tokens) - prompt
    return total / count


def main() -> None:
    command, folder, *rest = sys.argv[1:]
    if command == "prepare":
        prepare_job(Path(folder), rest[0], int(rest[1]))
    elif command == "train":
        run_training(Path(folder), rest[0], rest[1], Path(rest[2]))
    else:
        judge(Path(folder), [Path(out) for out in rest])


if __name__ == "__main__":
    main()
