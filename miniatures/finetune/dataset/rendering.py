"""Turns an example into the very text that is served and the answer that is wanted: one prompt path for both.

The prompt is rendered by the same library and the same chat template as a backend's; the answer is the compact JSON
that the backends' grammar lets a model write.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from pydantic import ValidationError

from miniatures.agents.roles.role import role_named
from miniatures.backends.ask import to_langchain
from miniatures.backends.chat_template import ChatTemplate
from miniatures.datamodel.capabilities import Capabilities
from miniatures.datamodel.errors import InputError
from miniatures.datamodel.example import CHAT, Example
from miniatures.datamodel.json_types import StructuredAnswer
from miniatures.datamodel.prompt import ChatMessage
from miniatures.finetune.dataset.sightings import is_choice
from miniatures.prompts.library import PromptLibrary


class Tokenizer(Protocol):
    """What is needed of a tokenizer: tokens of a text, nothing added."""

    def encode(self, text: str, add_special_tokens: bool) -> list[int]: ...


@dataclass(frozen=True)
class Tokenized:
    """One example as tokens; the first `prompt` of them are read, the others are learned, those at `again` once more
    for each time that they stand there.

    Examples of one `family` begin alike: they have the same system message, or none.
    """

    tokens: list[int]
    prompt: int
    family: str = ""
    again: tuple[int, ...] = ()

    @property
    def answer(self) -> int:
        """How many tokens are learned."""
        return len(self.tokens) - self.prompt

    @property
    def learned(self) -> tuple[int, ...]:
        """The places of the tokens that are learned."""
        return (*range(self.prompt, len(self.tokens)), *self.again)


def answer_text(example: Example, answer: StructuredAnswer, capabilities: Capabilities | None = None) -> str:
    """The answer as a model writes it: JSON on one line, one space after a colon or comma; a chat's own text as it is.

    A choice names no more sentences than were asked for. Without `capabilities` it is the answer as it is kept.

    Raises:
        InputError: a model of these capabilities cannot answer so.
    """
    if example.role == CHAT:
        return str(answer["text"])
    if capabilities is not None:
        role = role_named(example.role)
        answer = role.wanted(role.read(example.variables), answer, capabilities)
    if is_choice(example):
        answer = {"choices": answer["choices"][: example.variables["facts"]]}
    return json.dumps(answer, ensure_ascii=False)


def chat_messages(example: Example, prompts: PromptLibrary, capabilities: Capabilities) -> tuple[ChatMessage, ...]:
    """The messages that a backend of these capabilities is asked with.

    Raises:
        InputError: there is no such role, or the variables are not those of its prompt.
    """
    if example.role == CHAT:
        return tuple(ChatMessage.model_validate(turn) for turn in example.variables["turns"])
    role = role_named(example.role)
    try:
        variables = role.read(example.variables)
    except ValidationError as error:
        at, said = ".".join(map(str, error.errors()[0]["loc"])), error.errors()[0]["msg"]
        raise InputError(f"an example is no question to a {role.name}: {at}: {said}", hint=_HINT) from error
    return role.prompt(variables, prompts, capabilities).messages


_HINT = "Its trace was written by another version; choose newer ones with --since."


def served_prompt(messages: tuple[ChatMessage, ...], template: ChatTemplate) -> str:
    """The text that an engine would be given, up to and with the mark that opens the answer."""
    return template.render(to_langchain(messages))


def tokenize(
    messages: tuple[ChatMessage, ...],
    answer: str,
    template: ChatTemplate,
    tokenizer: Tokenizer,
    end: int,
    emphasis: Mapping[str, int] | None = None,
) -> Tokenized:
    """Prompt, answer and the token that ends the turn, which has to be learned or the model never stops.

    `emphasis` says how often the value of a field of the answer counts; 1 if it does not name it.
    """
    prompt = tokenizer.encode(served_prompt(messages, template), add_special_tokens=False)
    learned = template.defuse(answer)
    wanted = tokenizer.encode(learned, add_special_tokens=False)
    first = messages[0]
    family = first.content if first.role == "system" else ""
    again = [
        len(prompt) + place
        for field, times in (emphasis or {}).items()
        for place in _places(learned, field, tokenizer)
        for _ in range(times - 1)
    ]
    return Tokenized([*prompt, *wanted, end], len(prompt), family, tuple(again))


def _places(answer: str, field: str, tokenizer: Tokenizer) -> range:
    """The answer's tokens that are the text of a field; none where it has no such text."""
    found = re.search(rf'"{re.escape(field)}": "([^"]+)"', answer)
    if found is None:
        return range(0)
    start, stop = (len(tokenizer.encode(answer[:at], add_special_tokens=False)) for at in found.span(1))
    return range(start, stop)
