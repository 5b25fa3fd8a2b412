"""The stand-in for a teacher gives the recorded answers, and no others."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from benchmarks.replayed_teacher import hash_of, read_answers, server

ASKED = [{"role": "system", "content": "Is it a reason?"}, {"role": "user", "content": "A second shift."}]


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    line = {"question": hash_of(ASKED), "answer": {"signal": 1, "reason": "good"}}
    file = tmp_path / "assessed.jsonl"
    file.write_text(json.dumps(line) + "\n", encoding="utf-8")
    running = server(read_answers(file), 0)
    thread = threading.Thread(target=running.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{running.server_port}/v1/chat/completions"
    running.shutdown()
    thread.join()
    running.server_close()


def test_a_recorded_question_gets_its_answer(address: str) -> None:
    answered = httpx.post(address, json={"messages": ASKED}).json()
    assert json.loads(answered["choices"][0]["message"]["content"]) == {"signal": 1, "reason": "good"}


def test_any_other_is_refused(address: str) -> None:
    refused = httpx.post(address, json={"messages": ASKED[:1]})
    assert refused.status_code == httpx.codes.BAD_REQUEST
    assert "nobody was asked" in refused.text
