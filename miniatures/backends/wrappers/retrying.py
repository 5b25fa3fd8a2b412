"""Asks again after errors that may pass: exponential backoff with jitter, the server's own wish, and an end.

Only errors whose type says `retryable` are tried again; a wrong key or a malformed request never is.
"""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Iterator
from functools import cached_property
from typing import Any

import tenacity
from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.messages import BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from pydantic import BaseModel, ConfigDict, Field

from miniatures.backends.base import Backend
from miniatures.backends.errors import BackendError, RateLimited
from miniatures.backends.wrappers.wrapper import WrappedBackend, astream_of, close, stream_of


class RetryPolicy(BaseModel):
    """How often and for how long."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    attempts: int = Field(default=4, ge=1, description="Calls at most, the first included.")
    deadline_s: float = Field(default=300, gt=0, description="No attempt begins later than this after the first.")
    first_wait_s: float = Field(default=0.5, gt=0, description="Upper bound of the first wait; doubles each time.")
    longest_wait_s: float = Field(default=30, gt=0, description="Backoff never waits longer; a Retry-After may.")

    def wait(self, state: tenacity.RetryCallState) -> float:
        """Seconds to wait: half the backoff and a random part of the other half, at least what the server wished."""
        backoff = min(self.longest_wait_s, self.first_wait_s * 2.0 ** (state.attempt_number - 1))
        error = state.outcome.exception() if state.outcome else None
        wish = error.retry_after_s if isinstance(error, RateLimited) else None
        return max(random.uniform(backoff / 2, backoff), wish or 0.0)


def _may_pass(error: BaseException) -> bool:
    return isinstance(error, BackendError) and error.retryable


class RetryingBackend(WrappedBackend):
    """Retries `inner`. A stream is tried again only before its first chunk.

    The error that comes out in the end is the last one.
    """

    policy: RetryPolicy = RetryPolicy()

    def __init__(self, inner: Backend, *, policy: RetryPolicy | None = None) -> None:
        super().__init__(inner, policy=policy or RetryPolicy())

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return self._retrying()(self.inner._generate, messages, stop=stop, run_manager=run_manager, **kwargs)

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return await self._aretrying()(self.inner._agenerate, messages, stop=stop, run_manager=run_manager, **kwargs)

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        def begin() -> tuple[ChatGenerationChunk | None, Iterator[ChatGenerationChunk]]:
            chunks = stream_of(self.inner, messages, stop, run_manager, kwargs)
            return next(chunks, None), chunks

        first, chunks = self._retrying()(begin)
        if first is not None:
            yield first
            yield from chunks

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        async def begin() -> tuple[ChatGenerationChunk | None, AsyncIterator[ChatGenerationChunk]]:
            chunks = astream_of(self.inner, messages, stop, run_manager, kwargs)
            return await anext(chunks, None), chunks

        begun: tuple[ChatGenerationChunk | None, AsyncIterator[ChatGenerationChunk]] = await self._aretrying()(begin)
        first, chunks = begun
        try:
            if first is not None:
                yield first
                async for chunk in chunks:
                    yield chunk
        finally:
            await close(chunks)

    def _retrying(self) -> tenacity.Retrying:
        return tenacity.Retrying(**self._schedule)

    def _aretrying(self) -> tenacity.AsyncRetrying:
        return tenacity.AsyncRetrying(**self._schedule)

    @cached_property
    def _schedule(self) -> dict[str, Any]:
        """The policy in tenacity's words."""
        return {
            "retry": tenacity.retry_if_exception(_may_pass),
            "wait": self.policy.wait,
            "stop": tenacity.stop_any(
                tenacity.stop_after_attempt(self.policy.attempts), tenacity.stop_before_delay(self.policy.deadline_s)
            ),
            "reraise": True,
        }
