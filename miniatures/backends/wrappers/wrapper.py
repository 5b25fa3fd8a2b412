"""The base of every wrapper: a backend that is another backend, so that a subclass writes only what it adds.

Wrappers call the inner backend's `_generate` and its siblings directly: LangChain's own machinery (callbacks, caching,
input conversion) runs once, in the outermost backend, and each wrapper costs microseconds.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import Any, cast

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.language_models.base import LangSmithParams
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable, RunnableBinding
from langchain_core.tools import BaseTool

from miniatures.backends.base import Backend

CallManager = CallbackManagerForLLMRun | AsyncCallbackManagerForLLMRun | None


class WrappedBackend(Backend):
    """Delegates everything to `inner` and keeps its identity, price, capabilities and context size."""

    inner: Backend

    def __init__(self, inner: Backend, **fields: Any) -> None:
        kept = {name: getattr(inner, name) for name in ("identity", "price", "capabilities", "context_tokens")}
        super().__init__(inner=inner, **(kept | fields))

    @property
    def sampling(self) -> dict[str, Any]:
        """The inner backend's."""
        return self.inner.sampling

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return self.inner._generate(messages, stop=stop, run_manager=run_manager, **kwargs)

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return await self.inner._agenerate(messages, stop=stop, run_manager=run_manager, **kwargs)

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        return stream_of(self.inner, messages, stop, run_manager, kwargs)

    def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        return astream_of(self.inner, messages, stop, run_manager, kwargs)

    def bind_tools(
        self,
        tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool],
        *,
        tool_choice: str | None = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """Tools in the inner backend's own form, bound to this one.

        Raises:
            NotImplementedError: the inner backend calls no tools.
        """
        bound = cast("RunnableBinding[Any, AIMessage]", self.inner.bind_tools(tools, tool_choice=tool_choice, **kwargs))
        return self.bind(**bound.kwargs)

    def _get_ls_params(self, stop: list[str] | None = None, **kwargs: Any) -> LangSmithParams:
        return self.inner._get_ls_params(stop=stop, **kwargs)

    def get_token_ids(self, text: str) -> list[int]:
        """Token ids as the inner backend counts them."""
        return self.inner.get_token_ids(text)

    def get_num_tokens(self, text: str) -> int:
        """Tokens as the inner backend counts them."""
        return self.inner.get_num_tokens(text)


def stream_of(
    backend: Backend, messages: list[BaseMessage], stop: list[str] | None, run_manager: Any, kwargs: dict[str, Any]
) -> Iterator[ChatGenerationChunk]:
    """The backend's stream; its whole answer as one chunk where it has no stream."""
    if type(backend)._stream is not BaseChatModel._stream:
        yield from backend._stream(messages, stop=stop, run_manager=run_manager, **kwargs)
    else:
        yield _as_chunk(backend._generate(messages, stop=stop, run_manager=run_manager, **kwargs))


async def astream_of(
    backend: Backend, messages: list[BaseMessage], stop: list[str] | None, run_manager: Any, kwargs: dict[str, Any]
) -> AsyncIterator[ChatGenerationChunk]:
    """The backend's stream; its whole answer as one chunk where it has no stream."""
    kind = type(backend)
    if kind._astream is BaseChatModel._astream and kind._stream is BaseChatModel._stream:
        yield _as_chunk(await backend._agenerate(messages, stop=stop, run_manager=run_manager, **kwargs))
        return
    chunks = backend._astream(messages, stop=stop, run_manager=run_manager, **kwargs)
    try:
        async for chunk in chunks:
            yield chunk
    finally:
        await close(chunks)


async def close(stream: AsyncIterator[Any]) -> None:
    """End a stream now: an abandoned one would hold its slot until the garbage collector comes by."""
    aclose = getattr(stream, "aclose", None)
    if aclose is not None:
        await aclose()


def message_of(result: ChatResult) -> AIMessage:
    """The one answer of a result."""
    return cast(AIMessage, result.generations[0].message)


def _as_chunk(result: ChatResult) -> ChatGenerationChunk:
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
