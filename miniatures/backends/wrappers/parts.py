"""The parts that an answer comes in, one whole result or the chunks of a stream, and what they add up to."""

from __future__ import annotations

import json
from functools import reduce
from operator import add
from typing import Any, cast

from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.outputs import ChatGenerationChunk, ChatResult

from miniatures.backends.base import bill, usage_of
from miniatures.datamodel.backend import Bill, Price, Usage

Part = ChatResult | ChatGenerationChunk


def message_of(part: Part) -> AIMessage:
    """The message of a result or chunk."""
    return cast(AIMessage, part.generations[0].message if isinstance(part, ChatResult) else part.message)


def as_chunk(result: ChatResult) -> ChatGenerationChunk:
    """A whole answer as the only chunk of a stream."""
    message = message_of(result)
    chunk = AIMessageChunk(
        content=message.content,
        tool_call_chunks=[
            {
                "name": call["name"],
                "args": json.dumps(call["args"]),
                "id": call["id"],
                "index": index,
                "type": "tool_call_chunk",
            }
            for index, call in enumerate(message.tool_calls)
        ],
        usage_metadata=message.usage_metadata,
        response_metadata=message.response_metadata,
        chunk_position="last",
    )
    return ChatGenerationChunk(message=chunk, generation_info=result.generations[0].generation_info)


class Heard:
    """What has been heard of one answer."""

    def __init__(self) -> None:
        self._messages: list[AIMessage] = []

    def note(self, part: Part) -> None:
        """One more part."""
        self._messages.append(message_of(part))

    @property
    def begun(self) -> bool:
        """Whether there was any part."""
        return bool(self._messages)

    @property
    def text(self) -> str:
        return "".join(str(message.text) for message in self._messages)

    @property
    def tool_calls(self) -> list[Any]:
        """The tool calls, those of a stream in pieces."""
        return [
            call
            for message in self._messages
            for call in (message.tool_call_chunks if isinstance(message, AIMessageChunk) else message.tool_calls)
        ]

    @property
    def metadata(self) -> dict[str, Any]:
        return {name: value for message in self._messages for name, value in message.response_metadata.items()}

    @property
    def usage(self) -> Usage:
        told = [usage_of(message) for message in self._messages if message.usage_metadata is not None]
        return reduce(add, told) if told else Usage()

    def bill(self, price: Price | None) -> Bill:
        """As the backend states it, else by the price."""
        return bill(self.usage, self.metadata, price)
