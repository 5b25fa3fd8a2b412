"""Schemas are tried in a process of their own: what is wrong is said, what hangs or grows is ended, no key is in it."""

from __future__ import annotations

import threading
import time
from typing import Any

import psutil
import pytest

from miniatures.backends.constraint import Constraint, constraint_of
from miniatures.backends.errors import BackendError, BadSchema, ServerFailed
from miniatures.backends.grammar_compiler import GrammarCompiler

pytest.importorskip("llguidance")

STRING = {"type": "string"}


def holding(value: Any, **others: Any) -> Constraint:
    return constraint_of({"type": "object", "properties": {"a": value}, **others})


def tried(compiler: GrammarCompiler, constraint: Constraint) -> BackendError | None:
    answers: list[BackendError | None] = []
    told = threading.Event()
    compiler.try_out(constraint, lambda error: (answers.append(error), told.set()))
    assert told.wait(60)
    return answers[0]


@pytest.fixture(scope="module")
def compiler() -> Any:
    made = GrammarCompiler("miniatures.backends.llamacpp_compile")
    yield made
    made.close()


DOUBLED = {f"a{level}": {"allOf": [{"$ref": f"#/$defs/a{level + 1}"}] * 2} for level in range(40)}
MANY_PATTERNS = [{**STRING, "pattern": f".*{chr(97 + number % 26)}.{{{number}}}b"} for number in range(60)]


@pytest.mark.parametrize(
    ("constraint", "said"),
    [
        (holding({**STRING, "pattern": "(["}), "cannot be compiled: unclosed character class"),
        (holding({**STRING, "pattern": "(?=a)a"}), "cannot be compiled: look-around"),
        (holding({"type": "array", "items": STRING, "uniqueItems": True}), 'Unimplemented keys: ["uniqueItems"]'),
        (holding({"type": "strnig"}), "cannot be compiled: Invalid type: strnig"),
        (holding({"$ref": "#/$defs/a0"}, **{"$defs": DOUBLED | {"a40": {**STRING, "pattern": "x"}}}), "more than 1 s"),
        (holding({"allOf": MANY_PATTERNS}), "more than 1 s"),
        (holding({"type": "integer", "multipleOf": 123_456_789}), "more than 1 s"),
    ],
    ids=["pattern", "look-around", "keyword", "type", "memory", "time", "numbers"],
)
def test_what_llamacpp_would_ignore_or_die_of_is_refused_by_name(
    compiler: GrammarCompiler, constraint: Constraint, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("miniatures.backends.grammar_compiler._KILLED_AFTER_SECONDS", 4.0)
    error = tried(compiler, constraint)
    assert isinstance(error, BadSchema) and said in error.message
    assert len(error.message) < 300
    with pytest.raises(BadSchema):
        compiler.knows(constraint)


@pytest.mark.parametrize(
    "value",
    [
        {**STRING, "pattern": "^[A-Z]{2}[0-9]{2,30}$"},
        {**STRING, "format": "date"},
        {"type": "number", "minimum": 0, "maximum": 1},
        {"type": "integer", "minimum": 1, "maximum": 1_000_000},
        {"type": "array", "items": {**STRING, "format": "email"}, "minItems": 1, "maxItems": 100},
    ],
)
def test_what_people_ask_for_passes(compiler: GrammarCompiler, value: dict[str, Any]) -> None:
    constraint = holding(value)
    assert tried(compiler, constraint) is None
    assert compiler.knows(constraint)


def test_its_process_has_no_keys(compiler: GrammarCompiler, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-a-fictional-company")
    compiler._end()
    assert tried(compiler, holding({**STRING, "pattern": "b"})) is None
    assert compiler._process is not None
    assert "OPENAI_API_KEY" not in psutil.Process(compiler._process.pid).environ()


def test_a_closed_one_starts_no_process_again_and_blames_no_schema(monkeypatch: pytest.MonkeyPatch) -> None:
    compiler = GrammarCompiler("miniatures.backends.llamacpp_compile")
    answers: list[BackendError | None] = []
    for constraint in (holding({"allOf": MANY_PATTERNS}), holding({**STRING, "pattern": "c"})):
        compiler.try_out(constraint, answers.append)
    deadline = time.monotonic() + 30
    while compiler._process is None and time.monotonic() < deadline:
        time.sleep(0.01)
    compiler.close()
    while len(answers) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert [type(answer) for answer in answers] == [ServerFailed, ServerFailed]
    assert compiler._process is None
