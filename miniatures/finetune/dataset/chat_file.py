"""Reads one's own chats, a JSON object a line, as training examples: what they say is learned as it stands.

Two formats are known, those of OpenAI and of TRL: `{"messages": [{"role": ..., "content": ...}, ...]}`, whose last turn
is the assistant's, and `{"prompt": ..., "completion": ...}`, each a text or a list of turns. Nothing in them is
replaced: who stands in a chat is learned too. What cannot be learned (a call of a tool, a picture, an answer that is
marked as not to be learned) is refused, not left out: the rest would be another chat.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationError, model_validator

from miniatures.datamodel.characters import INVISIBLE, JOINERS, SURROGATES
from miniatures.datamodel.errors import InputError
from miniatures.datamodel.example import CHAT, Example, Source
from miniatures.datamodel.files import read_regular
from miniatures.datamodel.frozen import Frozen
from miniatures.datamodel.hashing import content_hash
from miniatures.datamodel.mistakes import mistakes
from miniatures.datamodel.prompt import ChatMessage

SUFFIX = ".jsonl"
_MOST_TOLD = 10
_MOST_BYTES = 4_000_000_000
_HALF = re.compile(f"[{SURROGATES}]")
_NOTHING = re.compile(rf"[\s{INVISIBLE}{JOINERS}]*")
_ROLES = {"developer": "system"}
"""OpenAI's newer word for a role."""


def _text_of(value: Any) -> Any:
    """The text of OpenAI's content parts, if all of them are text."""
    if not isinstance(value, list) or not value:
        return value
    if not all(isinstance(part, dict) and part.get("type") == "text" for part in value):
        raise ValueError("it holds something that is not text")
    return "".join(str(part.get("text", "")) for part in value)


def _known_role(role: Any) -> Any:
    return _ROLES.get(role, role) if isinstance(role, str) else role


class _Turn(Frozen):
    role: Annotated[Literal["system", "user", "assistant"], BeforeValidator(_known_role)]
    content: Annotated[str, BeforeValidator(_text_of)]
    tool_calls: Any = None
    function_call: Any = None
    weight: Any = 1

    @model_validator(mode="after")
    def _is_text(self) -> _Turn:
        if self.tool_calls or self.function_call:
            raise ValueError("it calls a tool, and only text is learned")
        if _HALF.search(self.content):
            raise ValueError("it holds half a character, written as an escape")
        return self


def _turns_of(role: str) -> BeforeValidator:
    """A text alone is one turn of this role."""
    return BeforeValidator(lambda value: [{"role": role, "content": value}] if isinstance(value, str) else value)


class _Chat(Frozen):
    messages: tuple[_Turn, ...]


class _Pair(Frozen):
    prompt: Annotated[tuple[_Turn, ...], _turns_of("user")] = Field(min_length=1)
    completion: Annotated[tuple[_Turn, ...], _turns_of("assistant")] = Field(min_length=1)


def read_chats(path: Path) -> list[Example]:
    """Every chat of the file. Chats that ask the same stand on one side of a split.

    Raises:
        InputError: lines that are no chat, each by its number; or there is none.
    """
    chats: list[Example] = []
    bad: list[str] = []
    lines = read_regular(path, _MOST_BYTES).removeprefix(b"\xef\xbb\xbf").split(b"\n")
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                chats.append(_example(_turns(line)))
            except (ValueError, RecursionError) as error:
                bad.append(f"line {number}: {_reason(error)}")
    if bad:
        more = f"; and {len(bad) - _MOST_TOLD:,} more" if len(bad) > _MOST_TOLD else ""
        raise InputError(f"{path}, {'; '.join(bad[:_MOST_TOLD])}{more}", hint=_HINT)
    if not chats:
        raise InputError(f"{path} holds no chats", hint=_HINT)
    return chats


_HINT = 'A line is {"messages": [...]} that ends with the assistant\'s turn, or {"prompt": "...", "completion": "..."}.'


def _turns(line: bytes) -> list[ChatMessage]:
    """The turns of one line.

    Raises:
        ValueError: it is no chat that can be learned from.
    """
    read = json.loads(line.decode("utf-8"))
    if not isinstance(read, dict):
        raise ValueError("it is no JSON object")
    if "messages" in read:
        turns = _Chat.model_validate(read).messages
    elif {"prompt", "completion"} <= read.keys():
        pair = _Pair.model_validate(read)
        turns = (*pair.prompt, *pair.completion)
    else:
        raise ValueError("it has neither messages nor prompt and completion")
    if len(turns) < 2 or turns[-1].role != "assistant" or _NOTHING.fullmatch(turns[-1].content):
        raise ValueError("it does not end with an answer of the assistant's to somebody")
    if turns[-1].weight == 0:
        raise ValueError("its answer has weight 0, and each chat's answer is learned")
    return [ChatMessage(role=turn.role, content=turn.content) for turn in turns]


def _example(turns: list[ChatMessage]) -> Example:
    *read, answer = (turn.model_dump() for turn in turns)
    variables: dict[str, Any] = {"turns": read}
    same = f"chat {content_hash(read)[:12]}"
    return Example(role=CHAT, variables=variables, answer={"text": answer["content"]}, company=same, source=Source.OWN)


def _reason(error: Exception) -> str:
    match error:
        case ValidationError():
            return mistakes(error, most=1)
        case json.JSONDecodeError():
            return f"it is no JSON ({error.msg} at character {error.pos + 1})"
        case UnicodeDecodeError():
            return "it is not UTF-8"
        case RecursionError():
            return "it is nested too deeply"
        case _:
            return str(error)
