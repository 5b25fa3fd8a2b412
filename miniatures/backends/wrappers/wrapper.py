"""The base of every wrapper: a backend that is another backend, so that a subclass writes only what it adds.

A subclass writes `around`, and LangChain's four methods come out of it. One wrapper asks the next by `around` too:
LangChain's own machinery (callbacks, caching, input conversion) runs once, in the outermost backend, and each wrapper
costs microseconds.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import Any, cast

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import LanguageModelInput
from langchain_core.language_models.base import LangSmithParams
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable, RunnableBinding
from langchain_core.tools import BaseTool

from miniatures.backends.base import Backend
from miniatures.backends.wrappers.call import Around, Call
from miniatures.backends.wrappers.handing import Reader
from miniatures.backends.wrappers.own_loop import OwnLoop
from miniatures.datamodel.json_types import Options


class WrappedBackend(Backend, Around):
    """Keeps `inner`'s identity, price, capabilities, sampling and context size."""

    inner: Backend

    def __init__(self, inner: Backend, **fields: Any) -> None:
        kept = {name: getattr(inner, name) for name in ("identity", "price", "capabilities", "context_tokens")}
        super().__init__(inner=inner, **(kept | fields))

    @property
    def sampling(self) -> Options:
        """The inner backend's."""
        return self.inner.sampling

    @property
    def repeats_in_company(self) -> bool:
        return self.inner.repeats_in_company

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        with OwnLoop() as loop:
            return loop.run(self._whole(Call(messages, stop, run_manager, kwargs, blocking=True)))

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return await self._whole(Call(messages, stop, run_manager, kwargs))

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        reader = Reader(self.around(Call(messages, stop, run_manager, kwargs, streamed=True, blocking=True)))
        with OwnLoop() as loop:
            try:
                while (chunk := loop.run(reader.next())) is not None:
                    yield chunk
            finally:
                loop.run(reader.close())

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        reader = Reader(self.around(Call(messages, stop, run_manager, kwargs, streamed=True)))
        try:
            while (chunk := await reader.next()) is not None:
                yield chunk
        finally:
            await reader.close()

    async def _whole(self, call: Call) -> ChatResult:
        """The one part of a plain answer, and the end of the work after it."""
        reader = Reader(self.around(call))
        result: ChatResult = await reader.next()
        await reader.next()
        return result

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

    def get_num_tokens_from_messages(
        self,
        messages: list[BaseMessage],
        tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool] | None = None,
    ) -> int:
        """Tokens of a prompt as the inner backend counts them."""
        return self.inner.get_num_tokens_from_messages(messages, tools)
