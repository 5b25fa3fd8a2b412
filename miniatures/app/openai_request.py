"""What a client asks in OpenAI's chat protocol: its body read, bounded, and refused by name where it is not served."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeVar

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage
from pydantic import (
    BaseModel,
    ConfigDict,
    FailFast,
    Field,
    StrictBool,
    StringConstraints,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import from_json

from miniatures.backends.errors import BadRequest
from miniatures.datamodel.json_types import JsonSchema, Options

MAX_STOPS = 4
"""As many as OpenAI takes."""
MOST_MESSAGES = 2048
"""Messages of one request, and parts of one message: each takes the server's time, however short it is."""
_LONGEST_STOP = 200  # characters
_MOST_METADATA = 16  # as many as OpenAI takes
_MOST_TOKENS = 1_000_000
_LARGEST_SEED = 2**63 - 1
_LONGEST_REASON = 300  # characters
_LEAVE_OUT = "Leave it out."
_REFERENCE = "See OpenAI's chat completions reference."


class InvalidRequest(BadRequest):
    """The request is not one that this server answers."""


_T = TypeVar("_T")
_Few = Annotated[list[_T], FailFast(), Field(max_length=MOST_MESSAGES)]


class _Part(BaseModel):
    type: str
    text: str = ""

    @model_validator(mode="after")
    def _is_text(self) -> _Part:
        if self.type != "text":
            raise ValueError(f"this model takes text alone, and no part of the type {self.type[:40]!r}")
        if "text" not in self.model_fields_set:
            raise ValueError("a part of the type 'text' needs a text")
        return self


class _Message(BaseModel):
    """One turn. Clients hand back what they were answered, with fields of their own: those change no answer here."""

    role: Literal["system", "developer", "user", "assistant"]
    content: _Few[_Part]
    tool_calls: list[Any] | None = Field(default=None, max_length=0)
    function_call: None = None
    audio: None = None

    @model_validator(mode="before")
    @classmethod
    def _refused_text(cls, fields: object) -> object:
        """An assistant may have said nothing but why it refuses."""
        if isinstance(fields, dict) and fields.get("role") == "assistant" and fields.get("content") is None:
            return {**fields, "content": fields.get("refusal") or []}
        return fields

    @field_validator("content", mode="before")
    @classmethod
    def _as_parts(cls, content: object) -> object:
        match content:
            case str():
                return [_Part(type="text", text=content)]
            case list():
                return content
            case _:
                raise ValueError("must be a text, or a list of parts of the type 'text'")

    @model_validator(mode="after")
    def _says_something(self) -> _Message:
        if not self.content and self.role != "assistant":
            raise ValueError("its content holds no part: send a text")
        return self

    def to_langchain(self) -> BaseMessage:
        text = "\n".join(part.text for part in self.content)
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
    include_usage: StrictBool = False


_Stop = Annotated[str, StringConstraints(min_length=1, max_length=_LONGEST_STOP)]
_Tokens = Annotated[int, Field(gt=0, le=_MOST_TOKENS)]


class ChatRequest(BaseModel):
    """The body of POST /v1/chat/completions.

    What would change the answer and is not served is refused, unless it says what is served anyway; so is a field that
    nobody knows.
    """

    model_config = ConfigDict(extra="forbid")

    model: str
    messages: Annotated[_Few[_Message], Field(min_length=1)]
    stream: StrictBool = False
    stream_options: _StreamOptions | None = None
    response_format: _ResponseFormat | None = None
    stop: list[_Stop] | None = Field(default=None, max_length=MAX_STOPS)
    temperature: float | None = Field(default=None, ge=0, le=2)
    max_tokens: _Tokens | None = None
    max_completion_tokens: _Tokens | None = None
    seed: int | None = Field(default=None, ge=-_LARGEST_SEED - 1, le=_LARGEST_SEED)
    top_p: float | None = Field(default=None, gt=0, le=1)
    repetition_penalty: float | None = Field(default=None, gt=0, le=10, description="vLLM's name; OpenAI has none.")
    frequency_penalty: float | None = Field(default=None, ge=-2, le=2)
    logprobs: StrictBool | None = Field(default=None, description="Told for the answer as a whole, as one token.")

    # Served as it is anyway, and refused with anything else.
    n: Literal[1] | None = None
    presence_penalty: Literal[0] | None = None
    top_logprobs: Literal[0] | None = None
    logit_bias: dict[str, Any] | None = Field(default=None, max_length=0)
    tools: list[Any] | None = Field(default=None, max_length=0)
    tool_choice: Literal["none", "auto"] | None = None
    functions: list[Any] | None = Field(default=None, max_length=0)
    function_call: Literal["none", "auto"] | None = None
    modalities: list[Literal["text"]] | None = Field(default=None, max_length=1)
    top_k: Literal[-1, 0] | None = None
    min_p: Literal[0] | None = None

    # Changes no answer here.
    user: str | None = None
    safety_identifier: str | None = None
    metadata: dict[str, str] | None = Field(default=None, max_length=_MOST_METADATA)
    prompt_cache_key: str | None = None
    store: StrictBool | None = None
    service_tier: str | None = None
    parallel_tool_calls: StrictBool | None = None

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


_NOT_SERVED = {
    "n": "one request gets one answer here: ask several times, at a temperature above 0",
    "presence_penalty": "is not supported here: use frequency_penalty or repetition_penalty",
    "top_logprobs": "is not supported here: logprobs tells of the answer as a whole",
    "logit_bias": "is not supported here",
    "tools": "is not supported here: use response_format with a JSON schema",
    "functions": "is not supported here: use response_format with a JSON schema",
    "tool_choice": "is not supported here: no tools are called",
    "top_k": "is not supported here: use top_p",
    "min_p": "is not supported here: use top_p",
}


def parse_request(body: bytes) -> ChatRequest:
    """The request in a body.

    Raises:
        InvalidRequest: names the field and what it should be.
    """
    try:
        return ChatRequest.model_validate(_json(body))
    except ValidationError as error:
        raise _refusal(error) from error


def _json(body: bytes) -> Any:
    try:
        return from_json(body, allow_inf_nan=False)
    except ValueError as error:
        raise InvalidRequest(f"the body is no JSON: {_short(str(error))}", hint=_REFERENCE) from error


def _refusal(error: ValidationError) -> InvalidRequest:
    first = error.errors(include_url=False, include_input=False)[0]
    where = _short(".".join(str(part) for part in first["loc"]))
    said = _short(first["msg"].removeprefix("Value error, "))
    not_served = _NOT_SERVED.get(str(first["loc"][0]) if first["loc"] else "")
    if first["type"] == "extra_forbidden" and len(first["loc"]) == 1:
        not_served = "this server knows no such parameter"
    reason = not_served or said
    if first["type"] in ("model_type", "model_attributes_type"):
        reason = "must be an object"
    return InvalidRequest(
        f"{where or 'body'}: {reason}", hint=_LEAVE_OUT if not_served else _REFERENCE, param=where or None
    )


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_REASON else f"{text[:_LONGEST_REASON]}..."
