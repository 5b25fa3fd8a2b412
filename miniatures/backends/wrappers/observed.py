"""Watches each call from start to end, however it is made: what recording and budgets have in common."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import AsyncIterator, Iterator
from typing import Any, Protocol

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.messages import BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult

from miniatures.backends.base import Backend
from miniatures.backends.wrappers.wrapper import WrappedBackend, astream_of, close, stream_of


class Watch(Protocol):
    """Follows one call. Exactly one of `answered`, `streamed` and `failed` ends it."""

    def chunk(self, chunk: ChatGenerationChunk) -> None:
        """One piece of a streamed answer went by."""
        ...

    def answered(self, result: ChatResult) -> None:
        """The whole answer is here."""
        ...

    def streamed(self) -> None:
        """The stream came to its end."""
        ...

    def failed(self, error: BaseException) -> None:
        """The call raised, was cancelled, or its reader went away."""
        ...


class ObservedBackend(WrappedBackend):
    """A backend whose every call has a `Watch`."""

    def __init__(self, inner: Backend, **fields: Any) -> None:
        super().__init__(inner, **fields)

    @abstractmethod
    def _watch(self, messages: list[BaseMessage], options: dict[str, Any]) -> Watch | None:
        """Begin to watch a call, or None if nobody is interested. May raise to forbid it, may add options."""

    async def _awatch(self, messages: list[BaseMessage], options: dict[str, Any]) -> Watch | None:
        """The same on an event loop, for watches that must wait for something first."""
        return self._watch(messages, options)

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        watch = self._watch(messages, kwargs)
        try:
            result = self.inner._generate(messages, stop=stop, run_manager=run_manager, **kwargs)
        except BaseException as error:
            _tell_failed(watch, error)
            raise
        if watch is not None:
            watch.answered(result)
        return result

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        watch = await self._awatch(messages, kwargs)
        try:
            result = await self.inner._agenerate(messages, stop=stop, run_manager=run_manager, **kwargs)
        except BaseException as error:
            _tell_failed(watch, error)
            raise
        if watch is not None:
            watch.answered(result)
        return result

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        watch = self._watch(messages, kwargs)
        try:
            for chunk in stream_of(self.inner, messages, stop, run_manager, kwargs):
                if watch is not None:
                    watch.chunk(chunk)
                yield chunk
        except BaseException as error:
            _tell_failed(watch, error)
            raise
        if watch is not None:
            watch.streamed()

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        watch = await self._awatch(messages, kwargs)
        chunks = astream_of(self.inner, messages, stop, run_manager, kwargs)
        try:
            async for chunk in chunks:
                if watch is not None:
                    watch.chunk(chunk)
                yield chunk
        except BaseException as error:
            _tell_failed(watch, error)
            raise
        finally:
            await close(chunks)
        if watch is not None:
            watch.streamed()


def _tell_failed(watch: Watch | None, error: BaseException) -> None:
    if watch is not None:
        watch.failed(error)
