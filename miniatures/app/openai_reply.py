"""What this server says in OpenAI's chat protocol: replies, streams and errors; no network, no model."""

from __future__ import annotations

import json
import math
import time
from uuid import uuid4

from langchain_core.messages import AIMessage, AIMessageChunk

from miniatures.app.door import Refused
from miniatures.backends.base import Backend, usage_of
from miniatures.backends.errors import (
    BackendError,
    BadRequest,
    BadSchema,
    ContextOverflow,
    OutOfMemory,
    RateLimited,
    TimedOut,
    UnknownModel,
)
from miniatures.datamodel.errors import BudgetReached, InputError, MiniaturesError
from miniatures.datamodel.json_types import WireObject


def completion(name: str, message: AIMessage) -> WireObject:
    """The reply to a request without a stream."""
    said = {"message": {"role": "assistant", "content": message.text, "refusal": None}}
    choice = _choice(said, _finish_reason(message), _logprobs(message, str(message.text)))
    return {**_head(name, "chat.completion"), "choices": [choice], "usage": usage(message)}


class ChunkWriter:
    """Writes the events of one stream."""

    def __init__(self, name: str, wants_usage: bool) -> None:
        self._head = _head(name, "chat.completion.chunk")
        self._wants_usage = wants_usage
        self._delta: WireObject = {"role": "assistant"}
        self._whole: AIMessageChunk | None = None
        self._text = ""

    def write(self, chunk: AIMessageChunk) -> bytes:
        """The event for a piece of text, empty if there is nothing to say yet."""
        text = str(chunk.text)
        if chunk.usage_metadata or chunk.response_metadata:
            facts = chunk.model_copy(update={"content": ""})
            self._whole = facts if self._whole is None else self._whole + facts
        if not text:
            return b""
        self._text += text
        delta, self._delta = {**self._delta, "content": text}, {}
        return self._event([_choice({"delta": delta})])

    def end(self) -> bytes:
        """The events after the last piece: why it ended, how probable it was and the usage if they were asked for, and
        the end mark."""
        whole = self._whole or AIMessageChunk(content="")
        last = _choice({"delta": self._delta}, _finish_reason(whole), _logprobs(whole, self._text))
        events = self._event([last])
        if self._wants_usage:
            events += self._event([], usage(whole))
        return events + b"data: [DONE]\n\n"

    def fail(self, error: MiniaturesError) -> bytes:
        """The event that says that the rest will not come; no end mark follows."""
        return _data(error_body(error))

    def _event(self, choices: list[WireObject], counted: WireObject | None = None) -> bytes:
        body = {**self._head, "choices": choices}
        return _data(body | {"usage": counted} if self._wants_usage else body)


def usage(message: AIMessage) -> WireObject:
    """Token counts in OpenAI's words."""
    counts = usage_of(message)
    return {
        "prompt_tokens": counts.input_tokens,
        "completion_tokens": counts.output_tokens,
        "total_tokens": counts.total_tokens,
        "prompt_tokens_details": {"cached_tokens": counts.cached_tokens},
    }


def models(entries: list[WireObject]) -> WireObject:
    """The reply of GET /v1/models."""
    return {"object": "list", "data": entries}


def model(name: str, backend: Backend, created: int) -> WireObject:
    """The reply of GET /v1/models/NAME. Beyond the protocol it says which model it is and how it may be asked, in the
    words of a campaign file's `capabilities`.
    """
    entry = {"id": name, "object": "model", "created": created, "owned_by": "miniatures"}
    return entry | {"backend": str(backend.identity), "capabilities": backend.capabilities.model_dump(mode="json")}


def error_body(error: MiniaturesError) -> WireObject:
    """An error as OpenAI's clients expect it, the hint in the message; and apart, for clients that tell it apart."""
    status, code = error_status(error)
    kind = "invalid_request_error" if status < 429 else "rate_limit_error" if status == 429 else "server_error"
    return {"error": {"message": error.told, "type": kind, "param": _param(error), "code": code, "hint": error.hint}}


def _param(error: MiniaturesError) -> str | None:
    """The field of the request that was at fault, null if it was none."""
    match error:
        case UnknownModel():
            return "model"
        case ContextOverflow():
            return "messages"
        case BadSchema():
            return "response_format"
        case BadRequest():
            return error.param
        case _:
            return None


_LEAST_LOGPROB = -9999.0  # OpenAI's word for "very unlikely"
_STATUSES: tuple[tuple[type[MiniaturesError], int, str], ...] = (
    (UnknownModel, 404, "model_not_found"),
    (ContextOverflow, 400, "context_length_exceeded"),
    (BadRequest, 400, "invalid_request"),
    (InputError, 400, "invalid_request"),
    (RateLimited, 429, "rate_limit_exceeded"),
    (BudgetReached, 429, "insufficient_quota"),
    (OutOfMemory, 503, "out_of_memory"),
    (TimedOut, 504, "timeout"),
    (BackendError, 502, "backend_failed"),
)


def error_status(error: MiniaturesError) -> tuple[int, str]:
    """HTTP status and OpenAI's error code."""
    if isinstance(error, Refused):
        return error.status, error.code
    return next(
        ((status, code) for kind, status, code in _STATUSES if isinstance(error, kind)), (500, "internal_error")
    )


def _head(name: str, kind: str) -> WireObject:
    return {"id": f"chatcmpl-{uuid4().hex}", "object": kind, "created": int(time.time()), "model": name}


def _choice(said: WireObject, finish_reason: str | None = None, logprobs: WireObject | None = None) -> WireObject:
    return {"index": 0, **said, "logprobs": logprobs, "finish_reason": finish_reason}


def _logprobs(message: AIMessage, text: str) -> WireObject | None:
    """How probable the answer was, if that was asked for: engines tell it of the whole, so the whole is one
    token, and `granularity` says so."""
    probability = message.response_metadata.get("probability")
    if probability is None:
        return None
    logprob = math.log(probability) if probability > 0 else _LEAST_LOGPROB
    token = {"token": text, "logprob": logprob, "bytes": None, "top_logprobs": []}
    return {"content": [token], "refusal": None, "granularity": "answer"}


def _finish_reason(message: AIMessage) -> str:
    return str(message.response_metadata.get("finish_reason") or "stop")


def to_json(body: WireObject) -> bytes:
    """The body as JSON in UTF-8; half a character that a model or a provider has said becomes a question mark."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _data(body: WireObject) -> bytes:
    return b"data: " + to_json(body) + b"\n\n"
