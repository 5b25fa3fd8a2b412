"""Leaves a trace of each model call in the current scope, failed and cancelled calls included."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Literal

from langchain_core.messages import BaseMessage

from miniatures.backends.ask import TRACE
from miniatures.backends.base import Backend
from miniatures.backends.wrappers.call import Call
from miniatures.backends.wrappers.parts import Heard, Part, message_of
from miniatures.backends.wrappers.wrapper import WrappedBackend
from miniatures.datamodel.errors import described
from miniatures.datamodel.json_types import Options
from miniatures.datamodel.prompt import ChatMessage, RenderedPrompt
from miniatures.datamodel.trace import Trace, new_id
from miniatures.store.tracing import Scope, current_scope


class RecordedBackend(WrappedBackend):
    """Records every call of `inner` that is made within a scope; outside one, nothing."""

    def __init__(self, inner: Backend) -> None:
        super().__init__(inner)

    async def around(self, call: Call) -> None:
        scope = current_scope()
        if scope is None:
            await call.ask(self.inner)
            return
        record = _Record(self, scope, call)
        try:
            await call.heard_by(record.note).ask(self.inner)
        except BaseException as error:
            scope.sink.record(record.trace(described(error)))
            raise
        scope.sink.record(record.trace(None))


class _Record:
    """Gathers one call into one trace, which the answer's first part names."""

    def __init__(self, backend: Backend, scope: Scope, call: Call) -> None:
        self._backend = backend
        self._scope = scope
        self._call = call
        self._id = new_id()
        self._started_at = datetime.now(UTC)
        self._started = time.perf_counter()
        self._first_token_ms: float | None = None
        self._heard = Heard()

    def note(self, part: Part) -> None:
        message = message_of(part)
        if not self._heard.begun:
            message.response_metadata[TRACE] = self._id
        if self._first_token_ms is None and self._call.streamed and message.content:
            self._first_token_ms = self._elapsed_ms()
        self._heard.note(part)

    def trace(self, error: str | None) -> Trace:
        scope, prompt, heard, options = self._scope, self._scope.prompt, self._heard, self._call.options
        output, metadata = heard.text, heard.metadata
        return Trace(
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
            options=_plain_options(self._backend, options),
            messages=_plain_messages(self._call.messages, prompt),
            output=output or _tool_calls_text(heard.tool_calls),
            structured=_json_object(output) if "response_schema" in options else None,
            probability=metadata.get("probability"),
            finish_reason=metadata.get("finish_reason"),
            bill=heard.bill(self._backend.price),
            queue_ms=self._queue_ms(metadata.get("queue_ms")),
            first_token_ms=metadata.get("first_token_ms", self._first_token_ms),
            total_ms=self._elapsed_ms(),
            error=error,
            started_at=self._started_at,
        )

    def _queue_ms(self, engine_ms: float | None) -> float | None:
        waited_ms = self._call.waited_ms
        return (engine_ms or 0.0) + waited_ms if engine_ms is not None or waited_ms else None

    def _elapsed_ms(self) -> float:
        return (time.perf_counter() - self._started) * 1000


_ROLES: dict[str, Literal["system", "user", "assistant"]] = {"system": "system", "ai": "assistant"}


def _plain_messages(messages: list[BaseMessage], prompt: RenderedPrompt | None) -> tuple[ChatMessage, ...]:
    """The messages as sent; the prompt's own objects when they are the same."""
    if prompt is not None and [str(m.text) for m in messages] == [m.content for m in prompt.messages]:
        return prompt.messages
    return tuple(ChatMessage(role=_ROLES.get(m.type, "user"), content=str(m.text)) for m in messages)


def _plain_options(backend: Backend, options: Options) -> Options:
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
