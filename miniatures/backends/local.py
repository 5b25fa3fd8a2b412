"""What the engines that run in this process share: options, messages in and out, sync, async and streaming.

An engine gives one method, `_submit`: a future for the completion, cancelled when nobody wants the answer any more.
"""

from __future__ import annotations

import asyncio
import queue
import random
from abc import abstractmethod
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import suppress
from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_json_schema
from pydantic import Field

from miniatures.backends.base import Backend
from miniatures.backends.completion import Completion, Sampling
from miniatures.backends.errors import BadRequest
from miniatures.datamodel.backend import Price
from miniatures.datamodel.capabilities import SMALL, Capabilities, Grammar
from miniatures.datamodel.json_types import Options

_END = None
_SEEDS = 2**31  # engines differ in how large a seed they take, and in whether it may be negative
_SAMPLING = ("temperature", "top_p", "max_tokens", "seed", "repetition_penalty", "stop")

IN_PROCESS = Capabilities(grammar=Grammar.GROUNDED, probability=True).with_trust(SMALL)
"""What any model is trusted with in this process unless its card says otherwise, and what our engines can do."""

NO_API_COST = Price(input_per_million=0, output_per_million=0)
"""What nobody sends a bill for. The machine's own cost is stated apart, or as the backend's price if one sets it."""


class LocalBackend(Backend):
    """A chat model in this process. The fields are defaults; keyword arguments of a call win.

    Decoding is greedy and without a repetition penalty unless said otherwise: a miniature copies quotes and fills JSON,
    and a penalty would punish both.

    A `seed` is a promise: the same sampled answer again on this machine, or a `BadRequest`. The option `draw` sets the
    random numbers off as a seed does and promises nothing: it costs no engine its batch.
    """

    capabilities: Capabilities = IN_PROCESS
    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = Field(default=None, description="A ceiling: a call may ask for less.")
    seed: int | None = Field(default=None, description="Null: a fresh one for each sampled answer.")
    repetition_penalty: float | None = None
    stop: list[str] | None = None

    @property
    def sampling(self) -> Options:
        """The fields that are set, of those that change an answer."""
        stated = {name: getattr(self, name) for name in _SAMPLING}
        return {name: value for name, value in stated.items() if value is not None}

    def get_num_tokens_from_messages(
        self,
        messages: list[BaseMessage],
        tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool] | None = None,
    ) -> int:
        """Tokens of the whole prompt, the model's own marks of each turn included."""
        return self.get_num_tokens(self._prompt(messages))

    @abstractmethod
    def get_token_ids(self, text: str) -> list[int]:
        """The text's tokens in the model's own tokenizer; nothing is asked of the network."""

    @abstractmethod
    def _prompt(self, messages: list[BaseMessage]) -> str:
        """The messages as the model reads them."""

    @abstractmethod
    def _submit(
        self, messages: list[BaseMessage], sampling: Sampling, on_text: Callable[[str], None] | None = None
    ) -> Future[Completion]:
        """Start answering. `on_text` gets each piece of text, from the engine's thread, before the future is done."""

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        future = self._submit(messages, self._sampling(stop, kwargs))
        try:
            return self._result(future.result())
        finally:
            future.cancel()

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        future = self._submit(messages, self._sampling(stop, kwargs))
        return self._result(await asyncio.wrap_future(future))

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        pieces: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        future = self._submit(messages, self._sampling(stop, kwargs), pieces.put)
        future.add_done_callback(lambda _: pieces.put(_END))
        try:
            while (text := pieces.get()) is not _END:
                chunk = ChatGenerationChunk(message=AIMessageChunk(content=text))
                if run_manager:
                    run_manager.on_llm_new_token(text, chunk=chunk)
                yield chunk
            yield self._last_chunk(future.result())
        finally:
            future.cancel()

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        pieces: asyncio.Queue[str | None] = asyncio.Queue()
        put = _threadsafe(pieces)
        future = self._submit(messages, self._sampling(stop, kwargs), put)
        future.add_done_callback(lambda _: put(_END))
        try:
            while (text := await pieces.get()) is not _END:
                chunk = ChatGenerationChunk(message=AIMessageChunk(content=text))
                if run_manager:
                    await run_manager.on_llm_new_token(text, chunk=chunk)
                yield chunk
            yield self._last_chunk(future.result())
        finally:
            future.cancel()

    def _sampling(self, stop: list[str] | None, options: Options) -> Sampling:
        unknown = sorted(set(options) - _OPTIONS)
        if unknown:
            raise BadRequest(
                f"{self.identity} knows no option {', '.join(unknown)}", hint=f"It knows {', '.join(sorted(_OPTIONS))}."
            )
        schema = options.get("response_schema")
        temperature = _first(options.get("temperature"), self.temperature, 0.0)
        seed = _first(options.get("seed"), self.seed)
        drawn = _first(seed, options.get("draw"))
        return Sampling(
            max_tokens=_least(options.get("max_tokens"), self.max_tokens),
            temperature=temperature,
            top_p=_first(options.get("top_p"), self.top_p, 1.0),
            seed=random.getrandbits(31) if drawn is None else drawn % _SEEDS,
            repeats=seed is not None and temperature > 0,
            repetition_penalty=_first(options.get("repetition_penalty"), self.repetition_penalty, 1.0),
            frequency_penalty=options.get("frequency_penalty") or 0.0,
            stop=tuple(stop or self.stop or ()),
            schema=schema if schema is None or isinstance(schema, dict) else convert_to_json_schema(schema),
            probability=bool(options.get("probability")),
        )

    def _result(self, completion: Completion) -> ChatResult:
        message = AIMessage(
            content=completion.text, usage_metadata=_usage(completion), response_metadata=self._metadata(completion)
        )
        return ChatResult(generations=[ChatGeneration(message=message)])

    def _last_chunk(self, completion: Completion) -> ChatGenerationChunk:
        message = AIMessageChunk(
            content="",
            usage_metadata=_usage(completion),
            response_metadata=self._metadata(completion),
            chunk_position="last",
        )
        return ChatGenerationChunk(message=message)

    def _metadata(self, completion: Completion) -> dict[str, Any]:
        known = {
            "queue_ms": completion.queue_ms,
            "first_token_ms": completion.first_token_ms,
            "probability": completion.probability,
        }
        return {
            "model_name": self.identity.model,
            "finish_reason": str(completion.finish_reason),
            **{name: value for name, value in known.items() if value is not None},
        }


_OPTIONS = {
    "response_schema",
    "max_tokens",
    "temperature",
    "top_p",
    "seed",
    "draw",
    "repetition_penalty",
    "frequency_penalty",
    "probability",
}


def _first(*values: Any) -> Any:
    return next((value for value in values if value is not None), None)


def _least(*values: int | None) -> int | None:
    return min((value for value in values if value is not None), default=None)


def _threadsafe(pieces: asyncio.Queue[str | None]) -> Callable[[str | None], None]:
    loop = asyncio.get_running_loop()

    def put(text: str | None) -> None:
        with suppress(RuntimeError):  # The loop is closed: nobody reads any more.
            loop.call_soon_threadsafe(pieces.put_nowait, text)

    return put


def _usage(completion: Completion) -> UsageMetadata:
    usage = UsageMetadata(
        input_tokens=completion.input_tokens,
        output_tokens=completion.output_tokens,
        total_tokens=completion.input_tokens + completion.output_tokens,
    )
    if completion.cached_tokens is not None:
        usage["input_token_details"] = {"cache_read": completion.cached_tokens}
    return usage
