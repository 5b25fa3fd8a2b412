"""Asks a second backend when the first one cannot answer. Falling back because checks fail is the graph's business."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult

from miniatures.backends.base import Backend, bill_of
from miniatures.backends.errors import BackendError
from miniatures.backends.wrappers.wrapper import WrappedBackend, astream_of, close, message_of, stream_of


class FallbackBackend(WrappedBackend):
    """`inner` is asked first, and `then` when it raises a `BackendError`.

    Identity, price and prompt profile are the first one's; `answered_by` and `cost_usd` in `response_metadata` say who
    answered and at what cost. A stream falls back only before its first chunk: half an answer is never continued by
    another model. A budget that is reached is no backend error and is not spent elsewhere.
    """

    then: Backend

    def __init__(self, first: Backend, then: Backend) -> None:
        super().__init__(first, then=then)

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        try:
            return _signed(self.inner._generate(messages, stop=stop, run_manager=run_manager, **kwargs), self.inner)
        except BackendError:
            return _signed(self.then._generate(messages, stop=stop, run_manager=run_manager, **kwargs), self.then)

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        try:
            result = await self.inner._agenerate(messages, stop=stop, run_manager=run_manager, **kwargs)
            return _signed(result, self.inner)
        except BackendError:
            result = await self.then._agenerate(messages, stop=stop, run_manager=run_manager, **kwargs)
            return _signed(result, self.then)

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        backend, chunks = self.inner, stream_of(self.inner, messages, stop, run_manager, kwargs)
        try:
            first = next(chunks, None)
        except BackendError:
            backend, chunks = self.then, stream_of(self.then, messages, stop, run_manager, kwargs)
            first = next(chunks, None)
        if first is not None:
            yield _signed_first(first, backend)
            for chunk in chunks:
                yield _priced(chunk, backend)

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        backend, chunks = self.inner, astream_of(self.inner, messages, stop, run_manager, kwargs)
        try:
            try:
                first = await anext(chunks, None)
            except BackendError:
                backend, chunks = self.then, astream_of(self.then, messages, stop, run_manager, kwargs)
                first = await anext(chunks, None)
            if first is not None:
                yield _signed_first(first, backend)
                async for chunk in chunks:
                    yield _priced(chunk, backend)
        finally:
            await close(chunks)


def _signed(result: ChatResult, backend: Backend) -> ChatResult:
    message = message_of(result)
    message.response_metadata.setdefault("answered_by", str(backend.identity))
    message.response_metadata.setdefault("cost_usd", _cost(message, backend))
    return result


def _signed_first(chunk: ChatGenerationChunk, backend: Backend) -> ChatGenerationChunk:
    chunk.message.response_metadata.setdefault("answered_by", str(backend.identity))
    return _priced(chunk, backend)


def _priced(chunk: ChatGenerationChunk, backend: Backend) -> ChatGenerationChunk:
    """The chunk that carries the usage carries the cost."""
    message = chunk.message
    if isinstance(message, AIMessageChunk) and message.usage_metadata is not None:
        message.response_metadata.setdefault("cost_usd", _cost(message, backend))
    return chunk


def _cost(message: AIMessage, backend: Backend) -> float | None:
    return bill_of(message, backend.price).cost_usd
