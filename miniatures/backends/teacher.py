"""Chat models behind an API: any provider that litellm knows, or any server that speaks OpenAI's protocol.

litellm translates between the providers and knows their prices; everything else it would do (retries, telemetry, logs,
fetching its price list) is turned off, because the wrappers of this package do it in one way for every backend.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import LanguageModelInput
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable
from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool
from pydantic import Field, SecretStr, model_validator

from miniatures.backends import teacher_prices, teacher_protocol, teacher_tokens
from miniatures.backends.base import Backend
from miniatures.backends.cards import is_known
from miniatures.backends.errors import BackendError, MissingKey, UnknownSpec
from miniatures.backends.teacher_errors import translate
from miniatures.backends.teacher_keys import ENDPOINT_KEY, NO_KEY, endpoint_key, missing_keys
from miniatures.backends.teacher_prices import quiet_litellm
from miniatures.datamodel.backend import BackendIdentity
from miniatures.datamodel.campaign import BackendSettings
from miniatures.datamodel.capabilities import CapabilitySettings
from miniatures.datamodel.json_types import Options, WireObject
from miniatures.datamodel.redaction import without_secrets

_log = logging.getLogger(__name__)
_ASKED_AS_LARGE = (
    "openai-compatible:%s has the name of a miniature, and is asked as a large model: if it is one, set its "
    "capabilities to {like: 'miniature:%s', grammar: grounded, probability: true}"
)

_MODEL = re.compile(r"[\w.:@+-]+(/[\w.:@+-]+)*")
"""Provider and model as litellm spells them; no part of an address but names between slashes."""


class TeacherBackend(Backend):
    """A model that is asked through litellm, in the words that its capabilities say the server knows.

    Without an explicit `price` the provider's price list counts, and only at the provider's own address; a model that
    is not listed has no known price and its costs are null.

    Raises (from each call):
        BackendError: one of the typed errors, with what to do; API keys are never part of it.
    """

    model: str = Field(description="litellm's name, such as anthropic/claude-sonnet-4-5.")
    api_base: str | None = Field(default=None, description="Address of the server, if not the provider's own.")
    api_key: SecretStr | None = Field(default=None, repr=False, description="From the environment if null.")
    temperature: float | None = None
    max_tokens: int | None = None
    timeout_s: float = Field(default=120, gt=0, description="For the whole answer; of a stream, for each chunk.")
    extra_body: WireObject | None = Field(default=None, description="What a server takes beyond the protocol.")
    listed_price: bool = Field(default=False, description="The price came from litellm's list; set by itself.")

    @model_validator(mode="before")
    @classmethod
    def _fill_in(cls, fields: WireObject) -> WireObject:
        model, api_base = fields["model"], fields.get("api_base")
        known = teacher_prices.known_facts(model) if api_base is None else {}
        fields.setdefault("identity", BackendIdentity(provider="litellm", model=_at(model, api_base)))
        if fields.get("context_tokens") is None:
            fields["context_tokens"] = known.get("context_tokens")
        if fields.get("price") is None and known.get("price") is not None:
            fields |= {"price": known["price"], "listed_price": True}
        return fields

    @property
    def sampling(self) -> Options:
        """The fields that are set, of those that change an answer."""
        stated = {name: getattr(self, name) for name in ("temperature", "max_tokens", "extra_body")}
        return {name: value for name, value in stated.items() if value is not None}

    @property
    def repeats_in_company(self) -> bool:
        """False: providers promise their best at most, and some servers refuse a seed; one that is given is sent."""
        return False

    def check_key(self) -> None:
        """Make sure that there is a key, without asking the provider.

        Raises:
            MissingKey: names the environment variable.
            UnknownModel: litellm knows no such provider.
        """
        missing = [] if self.api_key or self.api_base else missing_keys(self.model)
        if missing:
            names = " or ".join(missing)
            raise MissingKey(
                f"{self.identity} needs an API key, and {names} is not set", hint=f"export {missing[-1]}=..."
            )

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        try:
            response = quiet_litellm().completion(**self._request(messages, stop, kwargs))
            return teacher_protocol.result(response, self._cost)
        except Exception as error:
            raise self._typed(error) from None

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        litellm = await _loaded()
        try:
            async with asyncio.timeout(self.timeout_s):
                response = await litellm.acompletion(**self._request(messages, stop, kwargs))
            return teacher_protocol.result(response, self._cost)
        except Exception as error:
            raise self._typed(error) from None

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        response = None
        try:
            response = quiet_litellm().completion(**self._request(messages, stop, kwargs, stream=True))
            reader = teacher_protocol.StreamReader(response, self._cost)
            for piece in response:
                if (chunk := reader.read(piece)) is not None:
                    yield chunk
            yield reader.end()
        except Exception as error:
            raise self._typed(error) from None
        finally:
            teacher_protocol.close(response)

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        litellm, response = await _loaded(), None
        try:
            async with asyncio.timeout(self.timeout_s):
                response = await litellm.acompletion(**self._request(messages, stop, kwargs, stream=True))
            reader = teacher_protocol.StreamReader(response, self._cost)
            while (piece := await self._next(response)) is not None:
                if (chunk := reader.read(piece)) is not None:
                    yield chunk
            yield reader.end()
        except Exception as error:
            raise self._typed(error) from None
        finally:
            if response is not None:
                await response.aclose()

    def bind_tools(
        self,
        tools: Sequence[WireObject | type | Callable[..., Any] | BaseTool],
        *,
        tool_choice: str | WireObject | bool | None = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """Tools in OpenAI's form; `tool_choice` is auto, any (or required), none, or the name of a tool."""
        choice = teacher_protocol.tool_choice(tool_choice)
        return self.bind(
            tools=[convert_to_openai_tool(tool) for tool in tools],
            **({} if choice is None else {"tool_choice": choice}),
            **kwargs,
        )

    def get_token_ids(self, text: str) -> list[int]:
        """Tokens in the tokenizer that litellm carries for the model, else in OpenAI's; the network is not asked."""
        return teacher_tokens.token_ids(self.model, text)

    def get_num_tokens_from_messages(
        self,
        messages: list[BaseMessage],
        tools: Sequence[WireObject | type | Callable[..., Any] | BaseTool] | None = None,
    ) -> int:
        """Tokens of the prompt, the marks of each turn and the tools included, counted likewise."""
        return teacher_tokens.count(self.model, messages, [convert_to_openai_tool(tool) for tool in tools or ()])

    def _request(
        self, messages: list[BaseMessage], stop: list[str] | None, options: Options, *, stream: bool = False
    ) -> WireObject:
        self.check_key()
        own = {name: getattr(self, name) for name in ("model", "temperature", "max_tokens", "extra_body")}
        wished = teacher_protocol.without_vain_wishes(self.model, options)
        chosen = {name: value for name, value in (own | wished).items() if value is not None}
        connection = {"api_base": self.api_base, "api_key": self._key(), "timeout": self.timeout_s}
        return connection | teacher_protocol.request(messages, stop, chosen, self.capabilities, stream=stream)

    def _key(self) -> str | None:
        """The key to send; an address of one's own never gets the provider's key out of the environment."""
        if self.api_key is not None:
            return self.api_key.get_secret_value()
        return None if self.api_base is None else NO_KEY

    async def _next(self, response: Any) -> Any | None:
        async with asyncio.timeout(self.timeout_s):
            return await anext(response, None)

    def _cost(self, usage: Any) -> float | None:
        if self.listed_price:
            return teacher_prices.listed_cost(self.model, usage)
        return None if self.price is None else self.price.cost(teacher_protocol.usage(usage))

    def _typed(self, error: Exception) -> BackendError:
        return translate(error, str(self.identity), secret=self._key(), timeout_s=self.timeout_s)


def open_litellm(rest: str, settings: BackendSettings) -> TeacherBackend:
    """The backend of `litellm:PROVIDER/MODEL`.

    Raises:
        MissingKey: the provider's key is not in the environment.
        UnknownModel: litellm knows no such provider.
        UnknownSpec: the model's name is empty, or is an address: the provider's key would be sent there.
    """
    if not _MODEL.fullmatch(rest.strip()) or ".." in rest:
        raise UnknownSpec(
            f"litellm:{rest} names no provider and model", hint="Write it as litellm:anthropic/claude-sonnet-4-5."
        )
    backend = TeacherBackend(model=rest.strip(), **_chosen(settings))
    backend.check_key()
    return backend


def open_openai_compatible(rest: str, settings: BackendSettings) -> TeacherBackend:
    """The backend of `openai-compatible:URL#MODEL`. The key in OPENAI_COMPATIBLE_API_KEY is sent to the server that
    OPENAI_COMPATIBLE_BASE_URL names, else to one on this machine; the key of a provider is never sent there.

    Raises:
        UnknownSpec: the address or the model's name is missing.
    """
    url, _, model = rest.strip().partition("#")
    if not _is_address(url) or not model:
        raise UnknownSpec(
            "what follows openai-compatible: is not an address and a model",
            hint="Write it as openai-compatible:http://127.0.0.1:8000/v1#model.",
        )
    if without_secrets(url) != url:
        raise UnknownSpec(
            "the address of openai-compatible: holds a password or a key", hint=f"Put the key into {ENDPOINT_KEY}."
        )
    if settings.capabilities == CapabilitySettings() and is_known(model):
        _log.warning(_ASKED_AS_LARGE, rest.strip(), model)
    return TeacherBackend(
        model=f"openai/{model}",
        api_base=url,
        api_key=endpoint_key(url),
        identity=BackendIdentity(provider="openai-compatible", model=f"{url}#{model}"),
        **_chosen(settings),
    )


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


async def _loaded() -> Any:
    """litellm; its import takes seconds the first time, so it happens in a thread."""
    return quiet_litellm() if teacher_prices.is_loaded() else await asyncio.to_thread(quiet_litellm)


def _chosen(settings: BackendSettings) -> WireObject:
    names = ("price", "temperature", "max_tokens", "timeout_s")
    return {name: getattr(settings, name) for name in names}


def _at(model: str, api_base: str | None) -> str:
    return model if api_base is None else f"{model}@{api_base}"
