"""Counts the tokens of a teacher's prompt with the tokenizers that litellm carries, and never over the network."""

from __future__ import annotations

from typing import Any

from langchain_core.messages import BaseMessage, convert_to_openai_messages

from miniatures.backends.teacher_prices import quiet_litellm
from miniatures.datamodel.json_types import WireObject


def token_ids(model: str, text: str) -> list[int]:
    """The text's tokens."""
    encoded: Any = _offline_litellm().encode(model=model, text=text)
    return list(getattr(encoded, "ids", encoded))


def count(model: str, messages: list[BaseMessage], tools: list[WireObject]) -> int:
    """Tokens of a prompt with its turns and tools."""
    asked = convert_to_openai_messages(messages)
    return int(_offline_litellm().token_counter(model=model, messages=asked, tools=tools or None))


def _offline_litellm() -> Any:
    litellm = quiet_litellm()
    litellm.disable_hf_tokenizer_download = True
    return litellm
