"""A backend whose answers, failures and pace the test writes: the wrappers around it are what is tested."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult

from miniatures.backends.base import Backend
from miniatures.datamodel.backend import BackendIdentity

Usage = {"input_tokens": 10, "output_tokens": 2, "total_tokens": 12, "input_token_details": {"cache_read": 4}}
Script = Callable[[int], str | BaseException]


class ScriptedBackend(Backend):
    """Answers call number n (from 0) with `script(n)`, in `seconds`; counts calls and how many ran at once."""

    identity: BackendIdentity = BackendIdentity(provider="scripted", model="m")
    script: Script = lambda _: "one two"
    seconds: float = 0.0
    usage: dict[str, Any] | None = Usage
    calls: int = 0
    running: int = 0
    most_running: int = 0
    seen: list[dict[str, Any]] = []

    def _generate(self, messages: list[BaseMessage], stop: Any = None, run_manager: Any = None, **kwargs: Any):
        answer = self._begin(kwargs)
        try:
            time.sleep(self.seconds)
            return self._result(answer)
        finally:
            self.running -= 1

    async def _agenerate(self, messages: list[BaseMessage], stop: Any = None, run_manager: Any = None, **kwargs: Any):
        answer = self._begin(kwargs)
        try:
            if self.seconds:
                await asyncio.sleep(self.seconds)
            return self._result(answer)
        finally:
            self.running -= 1

    def _begin(self, kwargs: dict[str, Any]) -> str | BaseException:
        self.calls += 1
        self.seen.append(kwargs)
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        return self.script(self.calls - 1)

    def _result(self, answer: str | BaseException) -> ChatResult:
        if isinstance(answer, BaseException):
            raise answer
        metadata = {"model_name": "m", "finish_reason": "stop", "queue_ms": 1.0}
        message = AIMessage(answer, usage_metadata=self.usage, response_metadata=metadata)
        return ChatResult(generations=[ChatGeneration(message=message)])


class StreamingBackend(ScriptedBackend):
    """Streams its answer word by word; `breaks_after` words it fails."""

    breaks_after: int | None = None
    failure: BaseException | None = None
    closed: int = 0

    def _stream(self, messages: Any, stop: Any = None, run_manager: Any = None, **kwargs: Any) -> Iterator[Any]:
        answer = self._begin(kwargs)
        try:
            for chunk in self._chunks(answer):
                time.sleep(self.seconds)
                yield chunk
        finally:
            self.closed += 1
            self.running -= 1

    async def _astream(
        self, messages: Any, stop: Any = None, run_manager: Any = None, **kwargs: Any
    ) -> AsyncIterator[Any]:
        answer = self._begin(kwargs)
        try:
            for chunk in self._chunks(answer):
                await asyncio.sleep(self.seconds)
                yield chunk
        finally:
            self.closed += 1
            self.running -= 1

    def _chunks(self, answer: str | BaseException) -> Iterator[ChatGenerationChunk]:
        if isinstance(answer, BaseException):
            raise answer
        for index, word in enumerate(answer.split(" ")):
            if index == self.breaks_after and self.failure is not None:
                raise self.failure
            yield ChatGenerationChunk(message=AIMessageChunk(content=f" {word}" if index else word))
        metadata = {"model_name": "m", "finish_reason": "stop"}
        last = AIMessageChunk(content="", usage_metadata=self.usage, response_metadata=metadata, chunk_position="last")
        yield ChatGenerationChunk(message=last)


def failing(times: int, error: BaseException, then: str = "one two") -> Script:
    """Fail so many times, then answer."""
    return lambda call: error if call < times else then
