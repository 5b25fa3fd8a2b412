"""Renders a model's own chat template, byte for byte as transformers does, from the template that the GGUF carries.

The template is rendered here and not in the engine, so that any thread may do it and so that text from outside cannot
forge a turn: what a tokenizer reads as a control token is taken apart wherever it stands in a message.
"""

from __future__ import annotations

import json
import re
from datetime import datetime
from functools import cached_property
from typing import Any

from jinja2 import TemplateError
from langchain_core.messages import AIMessage, BaseMessage, ChatMessage, HumanMessage, SystemMessage, ToolMessage

from miniatures.backends.bounded_template import BoundedEnvironment, render
from miniatures.backends.errors import BadRequest, UnknownModel
from miniatures.weights.gguf_header import GGUFHeader

_ROLES: dict[type[BaseMessage], str] = {
    SystemMessage: "system",
    HumanMessage: "user",
    AIMessage: "assistant",
    ToolMessage: "tool",
}


class ChatTemplate:
    """One model's template, compiled at first use."""

    def __init__(self, header: GGUFHeader) -> None:
        self._header = header

    def render(self, messages: list[BaseMessage]) -> str:
        """The prompt up to and with the mark that opens the assistant's turn.

        Raises:
            BadRequest: a message is not text, or the template refuses the order of the roles.
        """
        turns = [{"role": _role(message), "content": self.defuse(_text(message))} for message in messages]
        try:
            return render(
                self._compiled,
                {
                    "messages": turns,
                    "add_generation_prompt": True,
                    "bos_token": self._header.token("bos"),
                    "eos_token": self._header.token("eos"),
                },
            )
        except TemplateError as error:
            raise BadRequest(
                f"the model's chat template refuses these messages: {error}", hint="Alternate user and assistant turns."
            ) from error

    def defuse(self, text: str) -> str:
        """The text with a space after the first character of each control token in it."""
        return self._controls.sub(lambda match: f"{match[0][0]} {match[0][1:]}", text)

    @cached_property
    def _controls(self) -> re.Pattern[str]:
        longest_first = sorted(self._header.control_tokens, key=len, reverse=True)
        return re.compile("|".join(map(re.escape, longest_first)) or r"(?!)")

    @cached_property
    def _compiled(self) -> Any:
        source = self._header.chat_template
        if source is None:
            raise UnknownModel("the GGUF carries no chat template", hint="Use an instruct model's GGUF.")
        environment = BoundedEnvironment()
        environment.filters["tojson"] = _to_json
        environment.globals["raise_exception"] = _refuse
        environment.globals["strftime_now"] = lambda layout: datetime.now().strftime(layout)
        try:
            return environment.from_string(source)
        except (TemplateError, RecursionError, ValueError) as error:
            raise UnknownModel(
                f"the model's chat template cannot be read: {error}", hint="Use another file of the model."
            ) from error


def _role(message: BaseMessage) -> str:
    if isinstance(message, ChatMessage):
        return message.role
    for kind, role in _ROLES.items():
        if isinstance(message, kind):
            return role
    raise BadRequest(f"{type(message).__name__} has no role in a chat", hint="Use system, human and AI messages.")


def _text(message: BaseMessage) -> str:
    if not isinstance(message.content, str):
        for block in message.content:
            if isinstance(block, dict) and block.get("type") != "text":
                raise BadRequest(f"the model reads text only, not {block.get('type')}", hint="Send text.")
    return str(message.text)


def _to_json(value: Any, **options: Any) -> str:
    return json.dumps(value, ensure_ascii=False, **options)


def _refuse(reason: str) -> None:
    raise TemplateError(reason)
