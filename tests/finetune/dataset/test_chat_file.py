"""Chats of one's own in both formats; a bad line is named by its number, and nothing else of a chat is changed."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from miniatures.datamodel.dataset import Split
from miniatures.datamodel.errors import InputError
from miniatures.finetune.dataset.build import BuildSettings, build_dataset
from miniatures.finetune.dataset.chat_file import read_chats

SYSTEM, USER, ANSWER = (
    {"role": "system", "content": "You answer for Northmill Bakery."},
    {"role": "user", "content": "When do you open?"},
    {"role": "assistant", "content": "At six, \U0001f950 and on Sundays at seven."},
)


def written(path: Path, *lines: object) -> Path:
    path.write_text("\n".join(one if isinstance(one, str) else json.dumps(one) for one in lines), encoding="utf-8")
    return path


def test_both_formats_are_the_same_chat(tmp_path: Path) -> None:
    lines = (
        {"messages": [USER, ANSWER], "weight": 1},
        {"prompt": USER["content"], "completion": ANSWER["content"]},
        {"prompt": [USER], "completion": [ANSWER]},
    )
    chats = read_chats(written(tmp_path / "chats.jsonl", *lines, "", "  "))
    assert len({chat.id for chat in chats}) == 1 and len(chats) == 3


def test_a_chat_is_learned_as_it_stands(tmp_path: Path) -> None:
    talk = [SYSTEM, USER, ANSWER, {"role": "user", "content": "Thanks"}, {"role": "assistant", "content": "Bye"}]
    chats = read_chats(written(tmp_path / "chats.jsonl", {"messages": talk}))
    dataset = build_dataset(chats, tmp_path / "data", BuildSettings(validation=0))
    (row,) = dataset.rows(Split.TRAIN, ["chat"])
    assert [message.model_dump() for message in row.messages] == talk
    assert [message.model_dump() for message in row.prompt] == talk[:-1], "earlier answers are read"
    (line,) = (tmp_path / "data" / "openai.train.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(line) == {"messages": talk}


def test_chats_that_ask_the_same_stand_on_one_side(tmp_path: Path) -> None:
    lines = [{"prompt": f"question {n % 10}", "completion": f"answer {n}"} for n in range(40)]
    dataset = build_dataset(read_chats(written(tmp_path / "c.jsonl", *lines)), tmp_path / "d", BuildSettings(test=0.4))
    sides = {split: {row.prompt[0].content for row in dataset.rows(split)} for split in Split}
    assert sides[Split.TEST] and sides[Split.TRAIN] and not sides[Split.TEST] & sides[Split.TRAIN]


def test_every_bad_line_is_named_by_its_number(tmp_path: Path) -> None:
    path = written(
        tmp_path / "chats.jsonl",
        {"messages": [USER, ANSWER]},
        "{",
        "[]",
        {"text": "x"},
        {"messages": [USER]},
        {"messages": [{"role": "tool", "content": "x"}, ANSWER]},
        {"messages": [USER, {"role": "assistant", "content": None}]},
        {"prompt": "", "completion": " "},
        {"prompt": 3, "completion": "x"},
        "[" * 100_000,
    )
    with pytest.raises(InputError) as refused:
        read_chats(path)
    told = refused.value.message
    for part in (
        f"{path}, line 2: it is no JSON",
        "line 3: it is no JSON object",
        "line 4: it has neither messages nor prompt and completion",
        "line 5: it does not end with an answer",
        "line 6: messages.0.role: Input should be 'system', 'user' or 'assistant'",
        "line 7: messages.1.content: Input should be a valid string",
        "line 8: it does not end with an answer",
        "line 9: prompt: Input should be a valid tuple",
        "line 10: it is nested too deeply",
    ):
        assert part in told, part
    assert "line 1:" not in told and "\n" not in told


def test_of_many_bad_lines_some_are_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"line 10: .*; and 90 more"):
        read_chats(written(tmp_path / "chats.jsonl", *["no"] * 100))


def test_text_in_parts_and_the_developer_s_role_are_read(tmp_path: Path) -> None:
    parts = [{"type": "text", "text": "When do "}, {"type": "text", "text": "you open?"}]
    talk = [{**SYSTEM, "role": "developer"}, {"role": "user", "content": parts}, {**ANSWER, "tool_calls": None}]
    (chat,) = read_chats(written(tmp_path / "chats.jsonl", {"messages": talk}))
    assert chat.variables["turns"] == [SYSTEM, USER]


@pytest.mark.parametrize(
    ("turns", "said"),
    [
        ([USER, {**ANSWER, "content": "\ud800"}], "messages.1: it holds half a character"),
        ([USER, {**ANSWER, "tool_calls": [{"id": "1"}]}], "messages.1: it calls a tool"),
        ([USER, {**ANSWER, "content": "", "tool_calls": [{"id": "1"}]}, USER, ANSWER], "messages.1: it calls a tool"),
        ([USER, {**ANSWER, "tool_calls": None, "function_call": {"name": "f"}}], "messages.1: it calls a tool"),
        ([USER, {**ANSWER, "weight": 0}], "its answer has weight 0"),
        ([USER, {**ANSWER, "content": " \u200b\u200d\ufe0f"}], "does not end with an answer"),
        ([{"role": "user", "content": [{"type": "image_url"}]}, ANSWER], "messages.0.content: it holds something that"),
    ],
    ids=lambda said: said if isinstance(said, str) else "",
)
def test_what_would_be_another_chat_without_it_is_refused(tmp_path: Path, turns: list[object], said: str) -> None:
    with pytest.raises(InputError, match=f"line 1: .*{said}"):
        read_chats(written(tmp_path / "chats.jsonl", {"messages": turns}))


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "chats.jsonl")
    with pytest.raises(InputError, match="it is a pipe"):
        read_chats(tmp_path / "chats.jsonl")


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xff\xfe{}"])
def test_no_chats_and_no_text(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "chats.jsonl").write_bytes(content)
    with pytest.raises(InputError, match=r"holds no chats|is not UTF-8"):
        read_chats(tmp_path / "chats.jsonl")


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200))
def test_whatever_the_file_holds_the_error_has_a_name(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "chats.jsonl").write_bytes(content)
    with pytest.raises(InputError, match=r"chats\.jsonl"):
        read_chats(tmp_path / "chats.jsonl")
