"""Asks a chat model one rendered prompt for a typed answer: the one way in which the graphs reach a model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Generic, TypeVar, cast

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage
from pydantic import BaseModel, ValidationError

from miniatures.backends.base import Backend, bill_of, parse_structured
from miniatures.backends.errors import MalformedAnswer
from miniatures.datamodel.backend import BackendIdentity, Bill
from miniatures.datamodel.capabilities import Capabilities
from miniatures.datamodel.json_types import JsonSchema, Options
from miniatures.datamodel.mistakes import mistakes
from miniatures.datamodel.prompt import ChatMessage, RenderedPrompt
from miniatures.datamodel.seat import Seat
from miniatures.store.tracing import narrow_scope

T = TypeVar("T", bound=BaseModel)

SHARES = "shares"
"""Key of `response_metadata` under which a classifier tells how probable each word of each field is."""

TRACE = "trace"
"""Key of `response_metadata` under which a recorder names the trace of the call."""


@dataclass(frozen=True)
class Answer(Generic[T]):
    """What came back. `value` is None when the text was not the JSON asked for, and `error` then says why.

    `probability` is None where it was not asked for, or the backend cannot tell; `trace` where nothing was recorded.
    """

    value: T | None
    text: str
    error: str | None
    identity: BackendIdentity
    bill: Bill
    probability: float | None = None
    trace: str | None = None
    shares: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """For each field of a closed question the probability of each word, where the backend tells."""


async def ask(
    model: BaseChatModel,
    prompt: RenderedPrompt,
    schema: type[T],
    *,
    role: str,
    node: str,
    attempt: int = 1,
    seat: Seat = Seat.FIRST,
    sources: tuple[str, ...] = (),
    **options: Any,
) -> Answer[T]:
    """One structured answer. `options` go to a `Backend` as they are (temperature, max_tokens, seed), but that a seed
    which would cost it its batch is only a `draw`; a chat model that is none is asked as its owner configured it.

    `response_schema` among them narrows what a backend may decode for this one question; `schema` reads the answer.
    `sources` are the traces of the calls whose answers stand in the prompt.

    Raises:
        BackendError: the model could not be asked; a malformed answer is no exception but an `Answer` with an `error`.
    """
    with narrow_scope(role=role, seat=seat, node=node, attempt=attempt, prompt=prompt, sources=sources):
        message, value, error = await _structured_call(model, to_langchain(prompt.messages), schema, options)
    return Answer(
        value=value,
        text=message.text,
        error=error,
        identity=identity_of(model),
        bill=bill_of(message, model.price if isinstance(model, Backend) else None),
        probability=message.response_metadata.get("probability"),
        trace=message.response_metadata.get(TRACE),
        shares=message.response_metadata.get(SHARES) or {},
    )


async def _structured_call(
    model: BaseChatModel, messages: list[BaseMessage], schema: type[T], options: Options
) -> tuple[AIMessage, T | None, str | None]:
    if isinstance(model, Backend):
        if "seed" in options and not model.repeats_in_company:
            options = {"draw": options["seed"], **{name: options[name] for name in options if name != "seed"}}
        message = await model.ainvoke(messages, **{"response_schema": _json_schema(schema), **options})
        try:
            return message, cast(T, parse_structured(message, schema)), None
        except MalformedAnswer as error:
            return message, None, error.message
    structured = model.with_structured_output(schema, include_raw=True)
    result = cast(dict[str, Any], await structured.ainvoke(messages))
    failure = result.get("parsing_error")
    return result["raw"], result.get("parsed"), None if failure is None else _reason(failure)


def _reason(failure: BaseException) -> str:
    """Why another model's answer was not the JSON asked for; LangChain's own error stands before that of Pydantic."""
    cause = failure if isinstance(failure, ValidationError) else failure.__cause__
    return mistakes(cause) if isinstance(cause, ValidationError) else str(failure)


@lru_cache(maxsize=64)
def _json_schema(schema: type[BaseModel]) -> JsonSchema:
    """The schema's JSON form, made once: Pydantic takes a millisecond for it. Shared, so not to be changed."""
    return schema.model_json_schema()


def to_langchain(messages: tuple[ChatMessage, ...]) -> list[BaseMessage]:
    """The same messages in LangChain's classes."""
    kinds: dict[str, type[BaseMessage]] = {"system": SystemMessage, "user": HumanMessage, "assistant": AIMessage}
    return [kinds[message.role](content=message.content) for message in messages]


def identity_of(model: BaseChatModel) -> BackendIdentity:
    """A backend's identity; for any other chat model, its type and model name."""
    if isinstance(model, Backend):
        return model.identity
    name = getattr(model, "model_name", None) or getattr(model, "model", None) or type(model).__name__
    return BackendIdentity(provider=model._llm_type, model=str(name))


def capabilities_of(model: BaseChatModel) -> Capabilities:
    """How the model may be asked: as a large one, unless the backend says otherwise."""
    return model.capabilities if isinstance(model, Backend) else Capabilities()
