"""Between LangChain's messages and OpenAI's protocol, which litellm makes every provider speak."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from typing import Any

from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, convert_to_openai_messages
from langchain_core.messages.ai import InputTokenDetails, UsageMetadata
from langchain_core.messages.tool import tool_call_chunk
from langchain_core.output_parsers.openai_tools import make_invalid_tool_call, parse_tool_call
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult

from miniatures.backends.errors import MalformedAnswer, ServerFailed
from miniatures.backends.grounded_text import without_grounding
from miniatures.backends.json_grammar import Unsupported, json_grammar
from miniatures.backends.teacher_prices import quiet_litellm
from miniatures.datamodel.backend import Usage
from miniatures.datamodel.capabilities import Capabilities, Grammar
from miniatures.datamodel.json_types import JsonSchema, Options, WireObject

CostOf = Callable[[Any], float | None]
_WISHES = frozenset({"temperature", "seed", "frequency_penalty"})


def request(
    messages: list[BaseMessage],
    stop: list[str] | None,
    options: Options,
    capabilities: Capabilities,
    *,
    stream: bool,
) -> WireObject:
    """The arguments of litellm's completion; `options` holds at least the model."""
    options = {name: value for name, value in options.items() if name != "draw"}  # a provider draws as it likes
    if options.pop("probability", False) and capabilities.probability:
        options["logprobs"] = True
    if not capabilities.penalties:
        options.pop("frequency_penalty", None)
    schema = options.pop("response_schema", None)
    if schema is not None:
        options |= _holding(schema, capabilities.grammar, options.get("extra_body", {}))
    if stop:
        options["stop"] = stop
    if stream:
        options |= {"stream": True, "stream_options": {"include_usage": True}}
    if "tools" in options:
        options["_skip_mcp_handler"] = True  # else litellm imports a library that it does not install
    return {**options, "messages": convert_to_openai_messages(messages), "max_retries": 0, "num_retries": 0}


def _holding(schema: JsonSchema, grammar: Grammar, extra_body: WireObject) -> WireObject:
    """What holds an answer to the schema, in the form that the server takes; `extra_body` is kept in it."""
    if grammar is Grammar.EBNF:
        with suppress(Unsupported):  # then the schema has to do
            return {"extra_body": {**extra_body, "structured_outputs": {"grammar": json_grammar(schema)}}}
    if grammar is Grammar.GROUNDED:
        return {"response_format": _json_schema(schema, schema, strict=False)}
    return {"response_format": response_format(schema)}


def response_format(schema: JsonSchema) -> WireObject:
    """The schema in OpenAI's form; strict where it meets OpenAI's conditions for that, each property required."""
    closed = _closed(without_grounding(schema))
    return _json_schema(schema, closed, strict=_all_required(closed))


def _json_schema(named: JsonSchema, schema: JsonSchema, *, strict: bool) -> WireObject:
    name = re.sub(r"[^A-Za-z0-9_-]", "_", str(named.get("title") or "answer"))[:64]
    return {"type": "json_schema", "json_schema": {"name": name, "schema": schema, "strict": strict}}


def tool_choice(choice: str | WireObject | bool | None) -> str | WireObject | None:
    """LangChain's words for a tool choice in OpenAI's."""
    match choice:
        case None | False:
            return None
        case "any" | "required" | True:
            return "required"
        case "auto" | "none" | dict():
            return choice
        case name:
            return {"type": "function", "function": {"name": name}}


def result(response: Any, cost_of: CostOf) -> ChatResult:
    """The answer as LangChain's message.

    Raises:
        MalformedAnswer: the response holds no choice.
    """
    if not response.choices:
        raise MalformedAnswer(f"{response.model} answered with no choices", hint="Try again, or look at the server.")
    choice = response.choices[0]
    calls, invalid = _tool_calls(choice.message.tool_calls or [])
    message = AIMessage(
        content=choice.message.content or "",
        tool_calls=calls,
        invalid_tool_calls=invalid,
        usage_metadata=_usage_metadata(response.usage),
        response_metadata=_metadata(
            response.model, choice.finish_reason, response.usage, cost_of, _log_probabilities(choice)
        ),
    )
    return ChatResult(generations=[ChatGeneration(message=message)])


def usage(reported: Any) -> Usage:
    """Our token counts from OpenAI's."""
    details = getattr(reported, "prompt_tokens_details", None)
    return Usage(
        input_tokens=reported.prompt_tokens or 0,
        output_tokens=reported.completion_tokens or 0,
        cached_tokens=getattr(details, "cached_tokens", None) or 0,
    )


class StreamReader:
    """Reads litellm's pieces; says in the last chunk how the answer ended, what it used and cost."""

    def __init__(self, response: Any, cost_of: CostOf) -> None:
        self._response = response
        self._cost_of = cost_of
        self._model = ""
        self._finish_reason: str | None = None
        self._usage: Any = None
        self._log_probabilities: list[float] = []

    def read(self, piece: Any) -> ChatGenerationChunk | None:
        """The text or tool call in a piece, if there is any."""
        self._model = self._model or piece.model or ""
        self._usage = getattr(piece, "usage", None) or self._usage
        if not piece.choices:
            return None
        choice = piece.choices[0]
        self._finish_reason = choice.finish_reason or self._finish_reason
        self._log_probabilities += _log_probabilities(choice)
        calls = [
            tool_call_chunk(name=call.function.name, args=call.function.arguments, id=call.id, index=call.index)
            for call in choice.delta.tool_calls or []
        ]
        if not choice.delta.content and not calls:
            return None
        message = AIMessageChunk(content=choice.delta.content or "", tool_call_chunks=calls)
        return ChatGenerationChunk(message=message)

    def end(self) -> ChatGenerationChunk:
        """The last chunk.

        Raises:
            ServerFailed: the stream ended without a finish reason, so the answer is not whole; litellm itself would
                report such an answer as finished.
        """
        received = (self._response.received_finish_reason, self._response.intermittent_finish_reason)
        if not any(received):
            raise ServerFailed(
                f"{self._model} broke the answer off", hint="Try again; if it stays, look at the server."
            )
        message = AIMessageChunk(
            content="",
            usage_metadata=_usage_metadata(self._usage),
            response_metadata=_metadata(
                self._model, self._finish_reason, self._usage, self._cost_of, self._log_probabilities
            ),
            chunk_position="last",
        )
        return ChatGenerationChunk(message=message)


def close(response: Any) -> None:
    """End a synchronous stream, so that the server stops; litellm's own wrapper only offers the asynchronous way."""
    end = getattr(getattr(response, "completion_stream", None), "close", None)
    if end is not None:
        end()


def _reported(reported: Any) -> bool:
    """Whether the server told its usage: litellm fills in zeros where it did not."""
    return reported is not None and bool(reported.total_tokens)


def _metadata(
    model: str | None, finish_reason: str | None, reported: Any, cost_of: CostOf, log_probabilities: list[float]
) -> WireObject:
    """What every answer says of itself, streamed or not; the probability if it was asked for and is told."""
    return {
        "model_name": model or "",
        "finish_reason": finish_reason,
        "cost_usd": cost_of(reported) if _reported(reported) else None,
        **({"probability": math.exp(sum(log_probabilities))} if log_probabilities else {}),
    }


def _log_probabilities(choice: Any) -> list[float]:
    """One for each token of the answer, or for whatever pieces the server tells them of.

    vLLM takes them after its grammar: of an answer held to one, they say how it compares with what else was allowed,
    where engines of this process say what the model gave to it. A bound on one is no bound on the other.
    """
    logprobs = getattr(choice, "logprobs", None)
    return [token.logprob for token in getattr(logprobs, "content", None) or ()]


def _usage_metadata(reported: Any) -> UsageMetadata | None:
    if not _reported(reported):
        return None
    counts = usage(reported)
    return UsageMetadata(
        input_tokens=counts.input_tokens,
        output_tokens=counts.output_tokens,
        total_tokens=counts.total_tokens,
        input_token_details=InputTokenDetails(cache_read=counts.cached_tokens),
    )


def _tool_calls(raw_calls: list[Any]) -> tuple[list[Any], list[Any]]:
    calls, invalid = [], []
    for raw in raw_calls:
        plain = raw.model_dump()
        try:
            calls.append(parse_tool_call(plain, return_id=True))
        except Exception as error:  # the parser's own exception: arguments that are no JSON
            invalid.append(make_invalid_tool_call(plain, str(error)))
    return calls, invalid


def without_vain_wishes(model: str, options: Options) -> Options:
    """The options of one call without those about sampling that the model refuses: reasoning models draw their own way.

    What a campaign file sets is no wish, and is sent as it stands.
    """
    return {name: value for name, value in options.items() if name not in _WISHES or _takes(model, name, value)}


@lru_cache(maxsize=1_024)
def _takes(model: str, name: str, value: float) -> bool:
    """Whether litellm lets the option through to the model; a model that it does not know takes everything."""
    litellm = quiet_litellm()
    try:
        bare, provider, *_ = litellm.get_llm_provider(model)
        litellm.utils.get_optional_params(model=bare, custom_llm_provider=provider, **{name: value})
    except litellm.exceptions.UnsupportedParamsError:
        return False
    except Exception:
        return True
    return True


def _closed(schema: Any) -> Any:
    """The schema with each object closed to further properties, as the strict mode wants it."""
    if isinstance(schema, list):
        return [_closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: _closed(value) for key, value in schema.items()}
    return {"additionalProperties": False, **closed} if isinstance(schema.get("properties"), dict) else closed


def _all_required(schema: Any) -> bool:
    if isinstance(schema, list):
        return all(_all_required(item) for item in schema)
    if not isinstance(schema, dict):
        return True
    properties = schema.get("properties")
    complete = not isinstance(properties, dict) or set(properties) <= set(schema.get("required", ()))
    return complete and all(_all_required(value) for value in schema.values())
