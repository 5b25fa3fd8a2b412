"""OpenAI's chat protocol as this server speaks it: requests in, replies and errors out; no network, no model."""

from __future__ import annotations

import json
import math
import time
from typing import Any, Literal
from uuid import uuid4

from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, HumanMessage, SystemMessage
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from miniatures.backends.base import usage_of
from miniatures.backends.errors import (
    BackendError,
    BadRequest,
    ContextOverflow,
    OutOfMemory,
    RateLimited,
    TimedOut,
    UnknownModel,
)
from miniatures.datamodel.errors import BudgetReached, InputError, MiniaturesError
from miniatures.datamodel.json_types import JsonSchema, Options, WireObject


class _Part(BaseModel):
    type: Literal["text"]
    text: str


class _Message(BaseModel):
    role: Literal["system", "developer", "user", "assistant"]
    content: str | list[_Part] | None = None

    def to_langchain(self) -> BaseMessage:
        content = self.content or ""
        text = content if isinstance(content, str) else "\n".join(part.text for part in content)
        kinds: dict[str, type[BaseMessage]] = {"user": HumanMessage, "assistant": AIMessage}
        return kinds.get(self.role, SystemMessage)(content=text)


class _JsonSchema(BaseModel):
    model_config = ConfigDict(populate_by_name=True)

    schema_: JsonSchema = Field(alias="schema")


class _ResponseFormat(BaseModel):
    type: Literal["text", "json_object", "json_schema"]
    json_schema: _JsonSchema | None = None

    @model_validator(mode="after")
    def _has_a_schema(self) -> _ResponseFormat:
        if self.type == "json_schema" and self.json_schema is None:
            raise ValueError("json_schema needs a json_schema beside it")
        return self


class _StreamOptions(BaseModel):
    include_usage: bool = False


class ChatRequest(BaseModel):
    """The body of POST /v1/chat/completions.

    Fields that would change the answer and are not served are refused unless they say what is served anyway.
    """

    model: str
    messages: list[_Message] = Field(min_length=1)
    stream: bool = False
    stream_options: _StreamOptions | None = None
    response_format: _ResponseFormat | None = None
    stop: list[str] | None = None
    temperature: float | None = Field(default=None, ge=0, le=2)
    max_tokens: int | None = Field(default=None, gt=0)
    max_completion_tokens: int | None = Field(default=None, gt=0)
    seed: int | None = None
    top_p: float | None = Field(default=None, gt=0, le=1)
    repetition_penalty: float | None = Field(default=None, gt=0, description="Not OpenAI's; vLLM's name for it.")
    n: Literal[1] | None = None
    presence_penalty: Literal[0] | None = None
    frequency_penalty: float | None = Field(default=None, ge=-2, le=2)
    logprobs: bool | None = Field(default=None, description="Told for the answer as a whole, as one token.")
    top_logprobs: Literal[0] | None = None
    logit_bias: dict[str, float] | None = Field(default=None, max_length=0)
    tools: list[Any] | None = Field(default=None, max_length=0)
    functions: list[Any] | None = Field(default=None, max_length=0)
    top_k: Literal[-1, 0] | None = None
    min_p: Literal[0] | None = None

    @field_validator("stop", mode="before")
    @classmethod
    def _one_stop(cls, value: object) -> object:
        return [value] if isinstance(value, str) else value

    def langchain_messages(self) -> list[BaseMessage]:
        return [message.to_langchain() for message in self.messages]

    def options(self) -> Options:
        """The keyword arguments of a backend's call."""
        chosen = {
            "stop": self.stop or None,
            "temperature": self.temperature,
            "max_tokens": self.max_completion_tokens or self.max_tokens,
            "seed": self.seed,
            "top_p": None if self.top_p == 1 else self.top_p,
            "repetition_penalty": self.repetition_penalty,
            "frequency_penalty": self.frequency_penalty or None,
            "response_schema": self._response_schema(),
            "probability": self.logprobs or None,
        }
        return {name: value for name, value in chosen.items() if value is not None}

    @property
    def wants_usage(self) -> bool:
        return self.stream_options is not None and self.stream_options.include_usage

    def _response_schema(self) -> JsonSchema | None:
        if self.response_format is None or self.response_format.type == "text":
            return None
        if self.response_format.json_schema is not None:
            return self.response_format.json_schema.schema_
        return {"type": "object"}


def parse_request(body: bytes) -> ChatRequest:
    """The request in a body.

    Raises:
        BadRequest: names the field and what it should be.
    """
    try:
        return ChatRequest.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "body"
        raise BadRequest(f"{where}: {first['msg']}", hint="See OpenAI's chat completions reference.") from error


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


def models(names: list[str], created: int) -> WireObject:
    """The reply of GET /v1/models."""
    listed = [{"id": name, "object": "model", "created": created, "owned_by": "miniatures"} for name in names]
    return {"object": "list", "data": listed}


def error_body(error: MiniaturesError) -> WireObject:
    """An error as OpenAI's clients expect it, the hint in the message."""
    status, code = error_status(error)
    kind = "invalid_request_error" if status < 429 else "rate_limit_error" if status == 429 else "server_error"
    message = f"{error.message}. {error.hint}" if error.hint else error.message
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


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
    return next(
        ((status, code) for kind, status, code in _STATUSES if isinstance(error, kind)), (500, "internal_error")
    )


def _head(name: str, kind: str) -> WireObject:
    return {"id": f"chatcmpl-{uuid4().hex}", "object": kind, "created": int(time.time()), "model": name}


def _choice(said: WireObject, finish_reason: str | None = None, logprobs: WireObject | None = None) -> WireObject:
    return {"index": 0, **said, "logprobs": logprobs, "finish_reason": finish_reason}


def _logprobs(message: AIMessage, text: str) -> WireObject | None:
    """How probable the answer was, if that was asked for: engines tell it of the whole, so the whole is one token."""
    probability = message.response_metadata.get("probability")
    if probability is None:
        return None
    logprob = math.log(probability) if probability > 0 else _LEAST_LOGPROB
    token = {"token": text, "logprob": logprob, "bytes": None, "top_logprobs": []}
    return {"content": [token], "refusal": None}


def _finish_reason(message: AIMessage) -> str:
    return str(message.response_metadata.get("finish_reason") or "stop")


def _data(body: WireObject) -> bytes:
    return b"data: " + json.dumps(body, ensure_ascii=False).encode("utf-8", "replace") + b"\n\n"
