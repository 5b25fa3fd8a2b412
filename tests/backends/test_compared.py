"""Texts read alone are kept, and how they go together is told from their parts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from miniatures.backends.classifier_engine import pair_tokenizer
from miniatures.backends.compared import TextReader, features, texts_of
from miniatures.weights.encoders import WEIGHTS
from miniatures.weights.safetensors_file import read_safetensors
from tests.backends.tiny_encoder import HEADS, WIDTH, write_encoder


def opened(folder: Path) -> TextReader:
    base = write_encoder(folder)
    return TextReader(read_safetensors(base / WEIGHTS), pair_tokenizer(base, 24), HEADS)


@pytest.fixture
def reader(tmp_path: Path) -> TextReader:
    return opened(tmp_path / "base")


def test_a_question_holds_three_texts() -> None:
    assert texts_of("A hall is open.\nnew hall\nNews | Home\nmore") == ("A hall is open.", "new hall", "News | Home")
    assert texts_of("A hall is open.") == ("A hall is open.", "", "")


def test_a_text_reads_the_same_in_any_company_and_is_read_once(
    reader: TextReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    together = reader.read(["the new hall is open", "cold", "the store"])
    assert together.shape == (3, WIDTH)
    assert np.linalg.norm(together, axis=1) == pytest.approx(1, abs=1e-5)
    monkeypatch.setattr(reader, "_keep", None)
    assert np.array_equal(reader.read(["the store", "cold"]), together[[2, 1]])


def test_alone_it_reads_as_beside_longer_ones(tmp_path: Path, reader: TextReader) -> None:
    alone = reader.read(["cold"])
    beside = opened(tmp_path / "again").read(["cold", "the new cold store is the old hall"])
    assert alone[0] == pytest.approx(beside[0], abs=1e-5)


def test_features_hold_the_likeness_of_sentence_and_place_with_what_is_wanted() -> None:
    texts = np.zeros((1, 3, 4), dtype=np.float32)
    texts[0, 0, 0] = texts[0, 1, 0] = texts[0, 2, 1] = 1
    (seen,) = features(texts)
    assert seen.shape == (5 * 4 + 2,)
    assert seen[-2:] == pytest.approx([5, 0])
