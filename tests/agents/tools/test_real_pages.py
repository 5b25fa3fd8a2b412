"""At least 100 pages that nobody here wrote go through fetch and extraction, and the main text comes out."""

from __future__ import annotations

import asyncio
import importlib.util
import statistics
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def real_pages() -> ModuleType:
    spec = importlib.util.spec_from_file_location("real_pages_benchmark", ROOT / "benchmarks" / "real_pages.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def readings(real_pages: ModuleType) -> list[Any]:
    return list(asyncio.run(real_pages.read_all(real_pages.corpus())))


@pytest.mark.slow
def test_the_main_text_comes_out(
    real_pages: ModuleType, readings: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    with capsys.disabled():
        print(f"\n{real_pages.report(readings)}")
    assert len(readings) >= 100
    assert {reading.host for reading in readings} == {f"{package}.example" for package in real_pages.PACKAGES}
    assert [reading.name for reading in readings if reading.outcome.page is None] == []
    recalls = [reading.recall for reading in readings if reading.recall is not None]
    assert statistics.mean(recalls) > 0.95
    assert sum(recall > 0.7 for recall in recalls) > 0.98 * len(recalls)
    assert statistics.mean(reading.precision for reading in readings) > 0.99
    assert statistics.mean(reading.chrome for reading in readings) < 0.05
    assert statistics.median(reading.extract_ms for reading in readings) < 500


@pytest.mark.slow
def test_sentences_are_verbatim_slices(readings: list[Any]) -> None:
    from miniatures.agents.candidates import split_sentences

    pages = [reading.outcome.page for reading in readings]
    sentences = [(page, sentence) for page in pages for sentence in split_sentences(page.text)]
    assert len(sentences) > 1_000
    assert [sentence for page, sentence in sentences if sentence not in page.text] == []
