"""Training on a small base: it learns, keeps the best, says what went wrong, and leaves an adapter that can be used."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from miniatures.backends.errors import UnknownModel
from miniatures.cli.main import main
from miniatures.datamodel.dataset import Split
from miniatures.datamodel.errors import ExitCode, InputError, MiniaturesError
from miniatures.finetune.dataset.folder import MANIFEST
from miniatures.finetune.train.checkpoints import CHECKPOINTS
from miniatures.finetune.train.preflight import preflight
from miniatures.finetune.train.training import ADAPTER, PICTURE, SUMMARY, TrainingFailed, train
from tests.finetune.tiny_runs import (
    BASE,
    DATA,
    Workshop,
    losses,
    make_workshop,
    one_thread,
    points,
    read_json,
    validations,
)

pytestmark = pytest.mark.slow
WORSE = {
    "learning_rate": 30.0,
    "schedule": "constant",
    "warmup": 0,
    "max_steps": 40,
    "evaluate_every": 1,
    "patience": 2,
}
"""Settings under which the validation loss soon rises."""


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    with one_thread():
        yield make_workshop(tmp_path_factory.mktemp("training"))


@pytest.fixture(scope="module")
def long_run(workshop: Workshop):
    """Thirty steps, and what they left."""
    out = workshop.folder / "long"
    summary, curve = workshop.run(out, max_steps=30, evaluate_every=10, learning_rate=1e-2)
    return out, summary, curve


def test_the_loss_falls_and_the_rate_follows_the_schedule(long_run):
    _, _, curve = long_run
    trained = [loss for _, loss in losses(curve)]
    assert len(trained) == 30
    assert sum(trained[-5:]) / 5 < sum(trained[:5]) / 5 - 0.1
    checked = [loss for _, loss in validations(curve)]
    assert [step for step, _ in validations(curve)] == [10, 20, 30]
    assert checked[-1] < trained[0]
    rates = [point.rate for point in curve if point.rate is not None]
    assert max(rates) <= 1e-2
    assert rates[-1] < 0.05 * max(rates)


def test_the_summary_counts_what_was_done(long_run, workshop: Workshop):
    out, summary, curve = long_run
    assert summary.model_dump(mode="json") == read_json(out / SUMMARY)
    assert (summary.steps, summary.device, summary.spikes, summary.too_long) == (30, "cpu", (), 0)
    assert summary.final_training_loss == pytest.approx(losses(curve)[-1][1], rel=1e-3)
    assert summary.best_validation_loss == pytest.approx(min(loss for _, loss in validations(curve)))
    assert 0 < summary.learned_tokens < summary.tokens
    assert 0 < summary.computed_positions < summary.tokens, "prompts of one brief share their beginning"
    assert summary.tokens_per_second == pytest.approx(summary.tokens / summary.seconds, rel=0.1)
    prepared = workshop.prepared(max_steps=30)
    assert summary.trainable_parameters == prepared.trainable
    assert (out / PICTURE).read_bytes().startswith(b"\x89PNG")


def test_the_adapter_is_in_half_precision_and_tells_no_path_but_its_bases(long_run, workshop: Workshop):
    import torch
    from safetensors.torch import load_file

    out, _, _ = long_run
    weights = load_file(out / ADAPTER / "adapter_model.safetensors")
    assert len(weights) == 2 * 2 * 7
    assert all(weight.dtype is torch.float16 for weight in weights.values())
    assert all(bool(weight.isfinite().all()) for weight in weights.values())
    assert any(bool(weight.any()) for name, weight in weights.items() if "lora_B" in name)
    config = (out / ADAPTER / "adapter_config.json").read_text(encoding="utf-8")
    base = str(workshop.folder / BASE)
    assert json.loads(config)["base_model_name_or_path"] == base
    assert str(workshop.folder.parent) not in config.replace(base, "")


def test_what_was_saved_is_the_best_and_not_the_last(workshop: Workshop, tmp_path: Path):
    """A rate so large that the run gets worse: what is in the model afterwards has the loss of the best point."""
    from miniatures.finetune.train.micro_batches import plan
    from miniatures.finetune.train.trainer import MicroBatches, batch_loss

    prepared = workshop.prepared(**WORSE)
    train(prepared, tmp_path, lambda progress: None)
    checked = [loss for _, loss in validations(points(tmp_path))]
    assert min(checked) < checked[-1] - 0.01, "this test needs a run that gets worse"
    held = prepared.validation.examples
    batches = plan(held, 1, 1024, 7)[0]
    source = MicroBatches(held, batches, prepared.base.turn_end, share=True)
    prepared.model.eval()
    total = sum(float(batch_loss(prepared.model, source[place]).detach()) for place in range(len(source)))
    learned = sum(example.answer for example in held)
    assert total / learned == pytest.approx(min(checked), rel=5e-3)


def test_early_stopping(workshop: Workshop, tmp_path: Path):
    summary, curve = workshop.run(tmp_path, **WORSE)
    checked = [loss for _, loss in validations(curve)]
    assert summary.steps == len(checked) < 40
    best = min(checked[:-2])
    assert all(loss >= best for loss in checked[-2:])
    assert summary.best_validation_loss == pytest.approx(best)


def test_checkpoints_come_as_often_as_was_asked_beside_evaluations(workshop: Workshop, tmp_path: Path):
    workshop.run(tmp_path, max_steps=4, evaluate_every=4, checkpoint_every=3)
    kept = sorted(path.name for path in (tmp_path / CHECKPOINTS).iterdir())
    assert "checkpoint-3" in kept, kept


def test_a_resume_without_a_checkpoint_says_that_it_begins_anew(
    workshop: Workshop, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("MINIATURES_HOME", str(tmp_path / "home"))
    recipe = workshop.recipe("anew", max_steps=1)
    assert main(["finetune", str(recipe), "--out", str(tmp_path / "out"), "--resume"]) == ExitCode.OK
    assert "no checkpoint to go on from: training begins anew" in capsys.readouterr().err


def test_a_finished_run_is_not_written_over(long_run, workshop: Workshop, capsys: pytest.CaptureFixture[str]):
    out, _, _ = long_run
    before = (out / SUMMARY).read_bytes()
    assert main(["finetune", str(workshop.recipe("again")), "--out", str(out)]) == ExitCode.BAD_INPUT
    told = capsys.readouterr().err
    assert "reached step 30" in told and "--resume" in told
    assert (out / SUMMARY).read_bytes() == before


def test_without_validation_the_last_is_kept(tmp_path: Path):
    workshop = make_workshop(tmp_path / "shop", validation=0.0, emails=6)
    summary, curve = workshop.run(tmp_path / "out", max_steps=4)
    assert validations(curve) == []
    assert summary.best_validation_loss is None
    assert summary.final_training_loss == pytest.approx(losses(curve)[-1][1], rel=1e-3)
    assert (tmp_path / "out" / ADAPTER / "adapter_model.safetensors").is_file()


def test_a_loss_that_is_no_number_fails_and_is_told(workshop: Workshop, tmp_path: Path):
    heard = []
    prepared = workshop.prepared(learning_rate=1e30, warmup=0, max_steps=10, evaluate_every=5)
    with pytest.raises(TrainingFailed, match=r"no number at step \d") as caught:
        train(prepared, tmp_path, heard.append)
    assert "learning_rate" in caught.value.hint
    assert heard[-1].spike and not math.isfinite(heard[-1].training)
    assert not (tmp_path / ADAPTER).exists()
    assert all(math.isfinite(loss) for _, loss in losses(points(tmp_path)))


def test_a_loss_that_is_no_number_later_leaves_the_best_so_far(workshop: Workshop, tmp_path: Path):
    """The weights are spoilt in the middle of a good run: what was best before is kept and saved."""
    import torch
    from safetensors.torch import load_file

    prepared = workshop.prepared(max_steps=12, evaluate_every=2)

    def spoil_after_the_second_evaluation(progress) -> None:
        if progress.step == 5 and progress.training is not None:
            next(w for name, w in prepared.model.named_parameters() if "lora_B" in name).data.fill_(math.nan)

    summary = train(prepared, tmp_path, spoil_after_the_second_evaluation)
    assert summary.steps == 6
    assert summary.spikes == (6,)
    assert summary.final_training_loss is None
    checked = [loss for _, loss in validations(points(tmp_path))]
    assert summary.best_validation_loss == pytest.approx(min(checked[:2]))
    weights = load_file(tmp_path / ADAPTER / "adapter_model.safetensors")
    assert all(bool(torch.isfinite(weight).all()) for weight in weights.values())
    assert not list((tmp_path / CHECKPOINTS).glob("checkpoint-6"))


def test_full_tuning_of_every_weight(workshop: Workshop, tmp_path: Path):
    from transformers import AutoModelForCausalLM, AutoTokenizer

    summary, curve = workshop.run(tmp_path, method="full", learning_rate=3e-3, max_steps=10, evaluate_every=5)
    trained = [loss for _, loss in losses(curve)]
    assert trained[-1] < trained[0] - 0.5
    model = AutoModelForCausalLM.from_pretrained(tmp_path / ADAPTER)
    assert summary.trainable_parameters == sum(weight.numel() for weight in model.parameters())
    assert len(AutoTokenizer.from_pretrained(tmp_path / ADAPTER)) == model.config.vocab_size


def test_gradient_checkpointing_does_not_change_the_losses(workshop: Workshop, tmp_path: Path):
    same = {"lora": {"rank": 8, "dropout": 0.0}, "max_steps": 4, "evaluate_every": 4}
    _, plain = workshop.run(tmp_path / "plain", **same)
    _, saved = workshop.run(tmp_path / "saved", gradient_checkpointing=True, **same)
    for (_, one), (_, other) in zip(losses(plain), losses(saved), strict=True):
        assert one == pytest.approx(other, rel=1e-4)
    assert validations(saved)[0][1] == pytest.approx(validations(plain)[0][1], rel=1e-4)


def test_too_long_examples_are_counted_and_left_out(workshop: Workshop, tmp_path: Path):
    whole = workshop.prepared()
    lengths = sorted(len(example.tokens) for example in whole.training.examples)
    limit = lengths[len(lengths) // 2]
    prepared = workshop.prepared(max_tokens=limit)
    assert prepared.training.too_long == sum(length > limit for length in lengths) > 0
    assert len(prepared.training.examples) == sum(length <= limit for length in lengths)
    summary = train(prepared, tmp_path, lambda progress: None)
    assert summary.too_long == prepared.training.too_long
    assert preflight(prepared).too_long == prepared.training.too_long
    assert preflight(prepared).longest_tokens == lengths[-1]


def test_the_turns_end_is_learned_and_nothing_of_the_prompt(workshop: Workshop):
    prepared = workshop.prepared()
    rows = {row.messages[-1].content: row for row in workshop.dataset.rows(Split.TRAIN, ["writer"])}
    tokenizer = prepared.base.tokenizer
    for example in prepared.training.examples:
        learned = example.tokens[example.prompt :]
        assert tokenizer.convert_ids_to_tokens(learned[-1]) == "<|im_end|>"
        assert tokenizer.decode(learned[:-1]) in rows
        assert tokenizer.decode(example.tokens[: example.prompt]).endswith("<|im_start|>assistant\n")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"roles": ["verifier"]}, "no example to train verifier on"),
        ({"max_tokens": 16}, r"every one of \d+ examples is longer than 16 tokens; the longest has \d+"),
        ({"lora": {"targets": ["no_such_layer"]}}, "takes no adapter"),
        ({"dataset": "nowhere"}, "nowhere is no dataset"),
    ],
)
def test_what_cannot_be_trained_says_why(workshop: Workshop, changes: dict[str, object], said: str):
    with pytest.raises(InputError, match=said) as caught:
        workshop.prepared(**changes)
    assert caught.value.hint


def spoilt_base(workshop: Workshop, folder: Path, **files: str | None) -> str:
    base = Path(shutil.copytree(workshop.folder / BASE, folder / "spoilt"))
    for name, text in files.items():
        path = next(base.glob(f"{name}.*"))
        path.unlink() if text is None else path.write_text(text, encoding="utf-8")
    return str(base)


@pytest.mark.parametrize(
    "files",
    [{"config": "{}"}, {"config": "no json"}, {"config": None}, {"model": "no weights"}, {"model": None}],
    ids=["empty", "no-json", "none", "broken-weights", "no-weights"],
)
def test_a_base_that_cannot_be_loaded(workshop: Workshop, tmp_path: Path, files: dict[str, str | None]):
    with pytest.raises(UnknownModel, match="spoilt") as caught:
        workshop.prepared(base=spoilt_base(workshop, tmp_path, **files))
    assert caught.value.hint
    assert "Traceback" not in caught.value.message


def test_a_gguf_that_is_not_there(workshop: Workshop):
    with pytest.raises(MiniaturesError, match=r"none\.gguf"):
        workshop.prepared(base="none.gguf")


_TURNS = "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}"
_DROPS = "{% for m in messages if m.role != 'system' %}{{ m.content }}\n{% endfor %}"
_REFUSES = "{% if messages[0].role == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}" + _TURNS


@pytest.mark.parametrize(("template", "said"), [(_DROPS, "drops the system message"), (_REFUSES, "not supported")])
def test_a_chat_template_without_system_role(workshop: Workshop, tmp_path: Path, template: str, said: str):
    with pytest.raises(InputError, match=said) as caught:
        workshop.prepared(base=spoilt_base(workshop, tmp_path, chat_template=template))
    assert "system role" in caught.value.hint


def test_a_damaged_dataset_is_refused_before_anything_is_loaded(
    workshop: Workshop, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    shutil.copytree(workshop.folder / DATA, workshop.folder / "damaged")
    with (workshop.folder / "damaged" / "train.jsonl").open("a", encoding="utf-8") as file:
        file.write("{}\n")
    recipe = workshop.recipe("damaged", dataset="damaged", base="not-even-looked-at")
    assert main(["finetune", str(recipe), "--out", str(tmp_path)]) == ExitCode.BAD_INPUT
    assert "train.jsonl was changed after the dataset was built" in capsys.readouterr().err


def test_a_line_that_is_no_row_is_named(workshop: Workshop, tmp_path: Path):
    """The manifest may agree with a file whose lines do not."""
    import hashlib

    folder = Path(shutil.copytree(workshop.folder / DATA, tmp_path / "data"))
    lines = (folder / "train.jsonl").read_bytes().splitlines()
    (folder / "train.jsonl").write_bytes(b"\n".join([*lines[:2], b'{"id": 1}', *lines[3:]]) + b"\n")
    manifest = read_json(folder / MANIFEST)
    manifest["splits"]["train"]["sha256"] = hashlib.sha256((folder / "train.jsonl").read_bytes()).hexdigest()
    (folder / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(InputError, match=r"train\.jsonl, line 3: not a row"):
        workshop.prepared(dataset=str(folder))


def test_the_estimate_is_positive_and_counts_what_is_there(workshop: Workshop):
    prepared = workshop.prepared()
    expected = preflight(prepared)
    numbers = expected.model_dump(exclude={"too_long"})
    assert all(number > 0 for number in numbers.values()), numbers
    assert expected.examples == len(prepared.training.examples)
    assert expected.steps == 6
    assert expected.trainable == prepared.trainable < expected.parameters
    assert expected.positions <= expected.tokens
    smaller = preflight(workshop.prepared(micro_batch_tokens=300))
    assert smaller.memory_bytes < expected.memory_bytes
