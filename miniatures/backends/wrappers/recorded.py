"""Leaves a trace of each model call in the current scope, failed and cancelled calls included."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Literal

from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult

from miniatures.backends.ask import TRACE
from miniatures.backends.base import Backend, usage_of
from miniatures.backends.wrappers.limited import slot_wait_ms
from miniatures.backends.wrappers.observed import ObservedBackend, Watch
from miniatures.backends.wrappers.wrapper import message_of
from miniatures.datamodel.backend import Bill, Usage
from miniatures.datamodel.errors import MiniaturesError
from miniatures.datamodel.prompt import ChatMessage, RenderedPrompt
from miniatures.datamodel.trace import Trace, new_id
from miniatures.store.tracing import Scope, current_scope


class RecordedBackend(ObservedBackend):
    """Records every call of `inner` that is made within a scope; outside one, nothing."""

    def __init__(self, inner: Backend) -> None:
        super().__init__(inner)

    def _watch(self, messages: list[BaseMessage], options: dict[str, Any]) -> Watch | None:
        scope = current_scope()
        return None if scope is None else _TraceWatch(self, scope, messages, options)


class _TraceWatch:
    """Gathers one call into one trace."""

    def __init__(self, backend: Backend, scope: Scope, messages: list[BaseMessage], options: dict[str, Any]) -> None:
        self._backend = backend
        self._scope = scope
        self._messages = messages
        self._options = options
        self._id = new_id()
        self._waited_ms = slot_wait_ms.get()
        self._started_at = datetime.now(UTC)
        self._started = time.perf_counter()
        self._first_token_ms: float | None = None
        self._texts: list[str] = []
        self._tool_calls: list[Any] = []
        self._usage = Usage()
        self._metadata: dict[str, Any] = {}

    def chunk(self, chunk: ChatGenerationChunk) -> None:
        message = chunk.message
        if self._first_token_ms is None and message.content:
            self._first_token_ms = self._elapsed_ms()
        if isinstance(message, AIMessageChunk):
            self._note(message, message.tool_call_chunks)

    def answered(self, result: ChatResult) -> None:
        message = message_of(result)
        self._note(message, message.tool_calls)
        message.response_metadata[TRACE] = self._id
        self._record(None)

    def streamed(self) -> None:
        self._record(None)

    def failed(self, error: BaseException) -> None:
        self._record(describe(error))

    def _note(self, message: AIMessage, tool_calls: Sequence[Any]) -> None:
        self._texts.append(str(message.text))
        self._tool_calls.extend(tool_calls)
        self._metadata.update(message.response_metadata)
        if message.usage_metadata is not None:
            self._usage = self._usage + usage_of(message)

    def _record(self, error: str | None) -> None:
        scope, prompt, metadata = self._scope, self._scope.prompt, self._metadata
        output = "".join(self._texts)
        trace = Trace(
            id=self._id,
            run_id=scope.run_id,
            policy=scope.policy,
            campaign=scope.campaign,
            prospect=scope.prospect,
            parent_id=scope.parent_id,
            role=scope.role,
            seat=scope.seat,
            node=scope.node,
            attempt=scope.attempt,
            prompt_name=prompt and prompt.name,
            prompt_version=prompt and prompt.version,
            prompt_variant=prompt and prompt.variant,
            variables=prompt.variables if prompt else {},
            sources=scope.sources,
            backend=self._backend.identity,
            options=_plain_options(self._backend, self._options),
            messages=_plain_messages(self._messages, prompt),
            output=output or _tool_calls_text(self._tool_calls),
            structured=_json_object(output) if "response_schema" in self._options else None,
            probability=metadata.get("probability"),
            finish_reason=metadata.get("finish_reason"),
            bill=self._bill(error),
            queue_ms=self._queue_ms(),
            first_token_ms=metadata.get("first_token_ms", self._first_token_ms),
            total_ms=self._elapsed_ms(),
            error=error,
            started_at=self._started_at,
        )
        scope.sink.record(trace)

    def _bill(self, error: str | None) -> Bill:
        """As stated, else by the price; a failed call that reports no usage has no known cost."""
        if "cost_usd" in self._metadata:
            return Bill(usage=self._usage, cost_usd=self._metadata["cost_usd"])
        silent = error is not None and self._usage.total_tokens == 0
        return Bill.of(self._usage, None if silent else self._backend.price)

    def _queue_ms(self) -> float | None:
        engine_ms = self._metadata.get("queue_ms")
        return (engine_ms or 0.0) + self._waited_ms if engine_ms is not None or self._waited_ms else None

    def _elapsed_ms(self) -> float:
        return (time.perf_counter() - self._started) * 1000


def describe(error: BaseException) -> str:
    """An error as traces say it: its word, and its sentence. Foreign exceptions may quote secrets: their word only."""
    if isinstance(error, MiniaturesError):
        return f"{error.name}: {error.message}"
    interrupted = not isinstance(error, Exception)
    return "Cancelled: the call was given up before its answer was complete" if interrupted else type(error).__name__


_ROLES: dict[str, Literal["system", "user", "assistant"]] = {"system": "system", "ai": "assistant"}


def _plain_messages(messages: list[BaseMessage], prompt: RenderedPrompt | None) -> tuple[ChatMessage, ...]:
    """The messages as sent; the prompt's own objects when they are the same."""
    if prompt is not None and [str(m.text) for m in messages] == [m.content for m in prompt.messages]:
        return prompt.messages
    return tuple(ChatMessage(role=_ROLES.get(m.type, "user"), content=str(m.text)) for m in messages)


def _plain_options(backend: Backend, options: dict[str, Any]) -> dict[str, Any]:
    """What this call was sampled with and held to; of a schema its title, as the prompt's variables make it again."""
    stated = {name: value for name, value in options.items() if name != "response_schema" and value is not None}
    schema = options.get("response_schema")
    held = {} if schema is None else {"schema": schema.get("title") if isinstance(schema, dict) else schema.__name__}
    return {**backend.sampling, **stated, **held}


def _json_object(text: str) -> dict[str, Any] | None:
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _tool_calls_text(calls: Sequence[Any]) -> str:
    return json.dumps([{"name": call["name"], "args": call["args"]} for call in calls]) if calls else ""
