"""An encoder with heads answers closed questions like any chat model, and computes what transformers computes."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from langchain_core.messages import HumanMessage, SystemMessage

from miniatures.backends.classifier import ClassifierBackend, open_classifier, pair_of
from miniatures.backends.errors import BadRequest
from miniatures.weights.adapter import CONFIG, TENSORS
from miniatures.weights.errors import BadAdapter
from tests.backends.tiny_encoder import HEADS, write_classifier, write_encoder

FIELDS = {"status": ("news", "old", "empty"), "worth": ("open", "none")}
SCHEMA = {"properties": {"status": {}, "worth": {}}}
QUESTIONS = ["the new hall is open\nin a cold store", "old\nit has been closed", "we\nwe we we we we we we"]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    root = tmp_path_factory.mktemp("encoder")
    return write_encoder(root / "base"), write_classifier(root / "classifier", FIELDS)


@pytest.fixture(scope="module")
def backend(folders: tuple[Path, Path]) -> ClassifierBackend:
    return open_classifier(*folders, "tiny")


def test_the_pair_is_the_first_line_and_the_rest_on_one_line() -> None:
    assert pair_of("a\nb\nc") == ("a", "b | c")
    assert pair_of("a") == ("a", "")


async def test_asked_at_once_or_one_by_one_it_says_the_same_and_how_sure_it_is(backend: ClassifierBackend) -> None:
    asked = [[SystemMessage("Judge."), HumanMessage(question)] for question in QUESTIONS]
    together = await asyncio.gather(*(backend.ainvoke(one, response_schema=SCHEMA) for one in asked))
    for one, answer in zip(asked, together, strict=True):
        alone = backend.invoke(one, response_schema=SCHEMA)
        shares = answer.response_metadata["shares"]
        assert (
            json.loads(answer.text)
            == json.loads(alone.text)
            == {field: max(told, key=told.__getitem__) for field, told in shares.items()}
        )
        assert {field: tuple(told) for field, told in shares.items()} == FIELDS
        for field, told in shares.items():
            assert sum(told.values()) == pytest.approx(1, abs=1e-4)
            assert told == pytest.approx(alone.response_metadata["shares"][field], abs=1e-5)
        assert answer.usage_metadata is not None
        assert answer.usage_metadata["output_tokens"] == 0


def test_it_computes_what_transformers_computes(folders: tuple[Path, Path], backend: ClassifierBackend) -> None:
    torch = pytest.importorskip("torch")
    from safetensors.torch import load_file

    from miniatures.backends.classifier_engine import pair_tokenizer
    from miniatures.finetune.classifier.network import Classifier, load_encoder

    base, folder = folders
    network = Classifier(load_encoder(base, HEADS), FIELDS).eval()
    saved = load_file(folder / TENSORS)
    weights = {f"encoder.{name}" if name.startswith("encoder.") else name: one.float() for name, one in saved.items()}
    assert not network.load_state_dict(weights, strict=False).unexpected_keys
    for question in QUESTIONS:
        encoded = pair_tokenizer(base, 24).encode(*pair_of(question))
        tokens, mask, kinds = (torch.tensor([one]) for one in (encoded.ids, encoded.attention_mask, encoded.type_ids))
        with torch.no_grad():
            logits = network(network.states(tokens, mask, kinds), mask)
        wanted = {field: torch.softmax(said[0], -1).tolist() for field, said in logits.items()}
        found = backend.invoke([HumanMessage(question)], response_schema=SCHEMA).response_metadata["shares"]
        for field, shares in wanted.items():
            assert [*found[field].values()] == pytest.approx(shares, abs=1e-4)


def test_it_answers_the_tiny_question_that_it_asks_for(backend: ClassifierBackend) -> None:
    question, options = backend.tiny_question()
    assert set(json.loads(backend.invoke(question, **options).text)) == set(FIELDS)


def test_a_text_longer_than_the_limit_is_cut(backend: ClassifierBackend) -> None:
    answer = backend.invoke([HumanMessage("the new hall\n" + "cold " * 500)], response_schema=SCHEMA)
    assert answer.usage_metadata is not None
    assert answer.usage_metadata["input_tokens"] == 24


@pytest.mark.parametrize("schema", [None, {"properties": {"body": {}}}])
def test_what_no_head_answers_is_refused(backend: ClassifierBackend, schema: dict[str, object] | None) -> None:
    with pytest.raises(BadRequest, match="answers closed questions of status, worth"):
        backend.invoke("Write an email.", response_schema=schema)


def test_a_folder_without_the_heads_it_names_is_refused(tmp_path: Path, folders: tuple[Path, Path]) -> None:
    folder = write_classifier(tmp_path, FIELDS)
    stated = json.loads((folder / CONFIG).read_text())
    (folder / CONFIG).write_text(json.dumps(stated | {"fields": {"status": ["news"], "kind": ["x"]}}))
    with pytest.raises(BadAdapter, match="no head of 1 words for status"):
        open_classifier(folders[0], folder, "tiny")
    (folder / CONFIG).write_text("{}")
    with pytest.raises(BadAdapter, match="adapter_config"):
        open_classifier(folders[0], tmp_path / ".", "tiny")
