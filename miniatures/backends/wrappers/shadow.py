"""Lets a second backend answer beside the one whose answer is used, so that both can be compared on real work.

The shadow is asked in its own prompt profile, from the variables of the same prompt: a teacher reads its long prompt
where the student beside it reads the compact one. A small researcher is asked about single sentences, which no long
prompt does: a large shadow gives no answer to that. The answer is given when both are done: a kill loses neither, and a
slow shadow slows the run instead of piling up behind it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager, suppress
from contextvars import copy_context
from dataclasses import dataclass
from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.messages import BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult

from miniatures.backends.ask import to_langchain
from miniatures.backends.base import Backend
from miniatures.backends.wrappers.spending import prospect_spending
from miniatures.backends.wrappers.wrapper import WrappedBackend, close
from miniatures.datamodel.backend import Profile
from miniatures.datamodel.prompt import RenderedPrompt
from miniatures.datamodel.trace import SHADOW
from miniatures.prompts.library import PromptLibrary
from miniatures.store.tracing import current_scope, narrow_scope

_log = logging.getLogger(__name__)


class ShadowBackend(WrappedBackend):
    """`inner` answers; `shadow` answers the same question at the same time, into a trace of the role `shadow`.

    Identity, price and prompt profile are the first one's: to everything outside, the shadow is not there. What it
    spends counts against its own and the campaign's budget, never against the prospect's, and none of its failures
    is raised. An awaited call that fails or is given up takes its shadow with it.
    """

    shadow: Backend
    prompts: PromptLibrary

    def __init__(self, first: Backend, shadow: Backend, prompts: PromptLibrary | None = None) -> None:
        super().__init__(first, shadow=shadow, prompts=prompts or PromptLibrary())

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        with self._beside(messages, stop, kwargs):
            return self.inner._generate(messages, stop=stop, run_manager=run_manager, **kwargs)

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        async with self._abeside(messages, stop, kwargs):
            return await self.inner._agenerate(messages, stop=stop, run_manager=run_manager, **kwargs)

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        with self._beside(messages, stop, kwargs):
            yield from super()._stream(messages, stop=stop, run_manager=run_manager, **kwargs)

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        async with self._abeside(messages, stop, kwargs):
            chunks = super()._astream(messages, stop=stop, run_manager=run_manager, **kwargs)
            try:
                async for chunk in chunks:
                    yield chunk
            finally:
                await close(chunks)

    @contextmanager
    def _beside(self, messages: list[BaseMessage], stop: list[str] | None, options: dict[str, Any]) -> Iterator[None]:
        """The shadow answers in a thread of its own while the block runs; a block that ends waits for it."""
        with ThreadPoolExecutor(max_workers=1, thread_name_prefix="shadow") as thread:
            thread.submit(copy_context().run, self._answer, messages, stop, options)
            yield

    @asynccontextmanager
    async def _abeside(
        self, messages: list[BaseMessage], stop: list[str] | None, options: dict[str, Any]
    ) -> AsyncIterator[None]:
        task = asyncio.create_task(self._aanswer(messages, stop, options))
        try:
            yield
            await task
        finally:
            if task.cancel():
                with suppress(asyncio.CancelledError):
                    await task

    def _answer(self, messages: list[BaseMessage], stop: list[str] | None, options: dict[str, Any]) -> None:
        try:
            question = self._question(messages, options)
            with _in_the_shadow(question.prompt):
                self.shadow._generate(question.messages, stop=stop, **question.options)
        except Exception as error:
            self._say(error)

    async def _aanswer(self, messages: list[BaseMessage], stop: list[str] | None, options: dict[str, Any]) -> None:
        try:
            question = self._question(messages, options)
            with _in_the_shadow(question.prompt):
                await self.shadow._agenerate(question.messages, stop=stop, **question.options)
        except Exception as error:
            self._say(error)

    def _say(self, error: Exception) -> None:
        _log.warning("the shadow %s gave no answer: %s", self.shadow.identity, error)

    def _question(self, messages: list[BaseMessage], options: dict[str, Any]) -> _Question:
        """The same question in the shadow's profile; as it was where no prompt is known or the profiles are equal."""
        scope, profile, options = current_scope(), self.shadow.prompt_profile, dict(options)
        if profile is Profile.FULL and self.inner.prompt_profile is Profile.COMPACT:
            for bound in ("max_tokens", "frequency_penalty"):  # They hold small models (agents/attempt.py).
                options.pop(bound, None)
        prompt = scope.prompt if scope else None
        if prompt is None or prompt.profile == profile:
            return _Question(messages, options, prompt)
        prompt = self.prompts.render(prompt.name, profile, prompt.variables)
        return _Question(to_langchain(prompt.messages), options, prompt)


@dataclass(frozen=True)
class _Question:
    messages: list[BaseMessage]
    options: dict[str, Any]
    prompt: RenderedPrompt | None


@contextmanager
def _in_the_shadow(prompt: RenderedPrompt | None) -> Iterator[None]:
    """Traces say so, and the prospect's budget is out of sight. The context is the shadow's own: no reset is owed."""
    prospect_spending.set(None)
    with narrow_scope(role=SHADOW, prompt=prompt):
        yield
