"""The backend interface: a LangChain chat model with an identity, a price and capabilities."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, Literal, cast

from langchain_core.language_models import BaseChatModel, LangSmithParams, LanguageModelInput
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.runnables import Runnable, RunnableLambda, RunnableMap, RunnablePassthrough
from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_json_schema
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from miniatures.backends.errors import CutAnswer, MalformedAnswer
from miniatures.datamodel.backend import BackendIdentity, Bill, Price, Usage
from miniatures.datamodel.capabilities import Capabilities
from miniatures.datamodel.json_types import JsonSchema, Options
from miniatures.datamodel.mistakes import mistakes

ResponseSchema = JsonSchema | type[BaseModel]


_TINY_ANSWER_TOKENS = 8


class Backend(BaseChatModel):
    """A chat model with an identity.

    Subclasses implement LangChain's `_generate` and `_agenerate` (and `_stream`, `_astream` where they can) and
    honour the keyword arguments `stop`, `temperature`, `max_tokens`, `seed`, `response_schema` (a JSON schema that the
    answer's text must satisfy) and, where their capabilities say so, `frequency_penalty` and `probability`. The message
    they return carries `usage_metadata` and, in `response_metadata`, `model_name`, `finish_reason` ("stop" or
    "length"), `cost_usd` where the provider states one, `queue_ms` and `first_token_ms` where they are known, and the
    `probability` that was asked for: what the model itself gave to the text, from 0 to 1, whatever it was held to.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    identity: BackendIdentity
    price: Price | None = Field(default=None, description="None: unknown, and then costs are null.")
    capabilities: Capabilities = Capabilities()
    context_tokens: int | None = Field(default=None, description="Prompt and answer together; None: unknown.")

    @property
    def sampling(self) -> Options:
        """What its calls are made with unless they say otherwise, as far as it changes answers: part of the policy."""
        return {}

    @property
    def repeats_in_company(self) -> bool:
        """Whether a sampled answer with a seed comes out the same again whatever else is asked at the same time, at no
        cost to that."""
        return True

    def tiny_question(self) -> tuple[str, Options]:
        """A question that costs next to nothing, and what to ask it with: whether the backend answers at all."""
        return "Reply with one word: ready", {"max_tokens": _TINY_ANSWER_TOKENS}

    def bind_tools(
        self,
        tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool],
        *,
        tool_choice: str | None = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """Only backends that can call tools take them.

        Raises:
            NotImplementedError: says which backend cannot, and what to use.
        """
        raise NotImplementedError(
            f"{self.identity} calls no tools: use with_structured_output for an answer of a given form, "
            "or a model that calls tools, such as litellm:anthropic/claude-sonnet-4-5"
        )

    @property
    def _llm_type(self) -> str:
        return f"miniatures-{self.identity.provider}"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return self.identity.model_dump()

    def _get_ls_params(self, stop: list[str] | None = None, **kwargs: Any) -> LangSmithParams:
        """The standard tracing parameters of LangChain, with the identity's provider and model in them."""
        params = super()._get_ls_params(stop=stop, **kwargs)
        params["ls_provider"] = self.identity.provider
        params["ls_model_name"] = kwargs.get("model") or self.identity.model
        return params

    def with_structured_output(
        self,
        schema: ResponseSchema,
        *,
        include_raw: bool = False,
        method: Literal["json_schema", "json_mode", "function_calling"] = "json_schema",
        strict: bool | None = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, Any]:
        """Answers as instances of `schema` (a Pydantic class) or as dictionaries (a JSON schema).

        Every method is served by the engine's own schema-constrained decoding.
        """
        json_schema = convert_to_json_schema(schema)
        model = self.bind(
            response_schema=json_schema,
            ls_structured_output_format={"kwargs": {"method": method}, "schema": json_schema},
            **kwargs,
        )
        parse = RunnableLambda(lambda message: parse_structured(message, schema))
        if not include_raw:
            return model | parse
        parsed = RunnablePassthrough.assign(parsed=lambda step: parse.invoke(step["raw"]), parsing_error=lambda _: None)
        failed = RunnablePassthrough.assign(parsed=lambda _: None)
        return RunnableMap(raw=model) | parsed.with_fallbacks([failed], exception_key="parsing_error")


def parse_structured(message: BaseMessage, schema: ResponseSchema) -> Any:
    """The message's JSON text as an instance of `schema`.

    Raises:
        MalformedAnswer: the text is no JSON or does not satisfy the schema; names the first reasons.
        CutAnswer: and it was cut at max_tokens.
    """
    text = cast(str, message.text)
    try:
        if isinstance(schema, type) and issubclass(schema, BaseModel):
            return schema.model_validate_json(text)
        plain = json.loads(text)
        legacy_class = getattr(schema, "parse_obj", None)  # pydantic.v1, which LangChain still promises to take
        return plain if legacy_class is None else legacy_class(plain)
    except (ValidationError, ValueError) as error:
        reasons = mistakes(error) if isinstance(error, ValidationError) else str(error)
        said = f"the answer is not the JSON asked for: {reasons}"
        if message.response_metadata.get("finish_reason") == "length":
            raise CutAnswer(said, hint="The answer was cut at max_tokens: raise it.") from error
        raise MalformedAnswer(said, hint="Ask again, or use a backend that can.") from error


def usage_of(message: AIMessage) -> Usage:
    """Token counts of an answer, zero where the backend reports none."""
    metadata = message.usage_metadata
    if metadata is None:
        return Usage()
    cached = metadata.get("input_token_details", {}).get("cache_read") or 0
    return Usage(input_tokens=metadata["input_tokens"], output_tokens=metadata["output_tokens"], cached_tokens=cached)


def bill_of(message: AIMessage, price: Price | None) -> Bill:
    """What one answer took."""
    return bill(usage_of(message), message.response_metadata, price)


def bill(usage: Usage, metadata: dict[str, Any], price: Price | None) -> Bill:
    """What an answer took: as the backend states it, else by the price; unknown where no usage is reported."""
    if "cost_usd" in metadata:
        return Bill(usage=usage, cost_usd=metadata["cost_usd"])
    return Bill.of(usage, price if usage.total_tokens else None)
