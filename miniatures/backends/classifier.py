"""`miniature:NAME` of an encoder: answers closed questions, each field of the answer by the head trained for it.

To a graph it is a chat model like any other. It reads the last message alone, its first line as the one text of a pair
and the rest as the other, or compares its lines, and answers the JSON of the fields that the question asks for. How
sure it is of each word stands beside it, in the message's `response_metadata`.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from concurrent.futures import Future
from functools import lru_cache
from pathlib import Path
from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGeneration, ChatResult

from miniatures.backends.ask import SHARES
from miniatures.backends.base import Backend
from miniatures.backends.classifier_engine import Classified, ClassifierEngine
from miniatures.backends.compared import texts_of
from miniatures.backends.errors import BadRequest
from miniatures.backends.local import NO_API_COST
from miniatures.datamodel.backend import BackendIdentity, Price
from miniatures.datamodel.capabilities import READER, Capabilities, Grammar

CLASSIFIES = Capabilities(grammar=Grammar.SCHEMA, probability=True).with_trust(READER)


def pair_of(message: str) -> tuple[str, str]:
    """The two texts that an encoder is given: a message's first line, and the rest on one line."""
    first, _, rest = message.partition("\n")
    return first, rest.replace("\n", " | ")


class ClassifierBackend(Backend):
    """An encoder with heads as a chat model."""

    engine: ClassifierEngine
    price: Price | None = NO_API_COST
    capabilities: Capabilities = CLASSIFIES

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        fields = self._fields(kwargs)
        return self._result(self._submitted(messages, fields).result(), fields)

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        fields = self._fields(kwargs)
        return self._result(await asyncio.wrap_future(self._submitted(messages, fields)), fields)

    def tiny_question(self) -> tuple[str, dict[str, Any]]:
        """A sentence to judge, as it answers closed questions alone."""
        asked = self.engine.together or self.engine.compared
        return "We have opened a second hall.", {"response_schema": {"properties": {field: {} for field in asked}}}

    def _fields(self, options: dict[str, Any]) -> Sequence[str]:
        """What is asked for.

        Raises:
            BadRequest: a field that no head was trained for, or none at all.
        """
        asked = [*(options.get("response_schema") or {}).get("properties", {})]
        unknown = [field for field in asked if field not in self.engine.fields]
        mixed = len({field in self.engine.compared for field in asked}) > 1
        if unknown or not asked or mixed:
            raise BadRequest(
                f"{self.identity} answers closed questions of {', '.join(self.engine.fields)}, "
                f"and was asked for {unknown[0] if unknown else ' and '.join(asked) or 'text'}",
                hint="Put it behind a role that asks such questions, as the researcher's and the verifier's.",
            )
        return asked

    def _submitted(self, messages: list[BaseMessage], fields: Sequence[str]) -> Future[Classified]:
        message = messages[-1].text
        if all(field in self.engine.compared for field in fields):
            return self.engine.submit_texts(texts_of(message))
        return self.engine.submit(pair_of(message))

    def _result(self, found: Classified, fields: Sequence[str]) -> ChatResult:
        shares = {field: found.shares[field] for field in fields}
        words = {field: max(told, key=told.__getitem__) for field, told in shares.items()}
        usage = UsageMetadata(input_tokens=found.tokens, output_tokens=0, total_tokens=found.tokens)
        metadata = {
            "model_name": self.identity.model,
            "finish_reason": "stop",
            "queue_ms": found.queue_ms,
            "probability": min(shares[field][word] for field, word in words.items()),
            SHARES: shares,
        }
        message = AIMessage(content=json.dumps(words), usage_metadata=usage, response_metadata=metadata)
        return ChatResult(generations=[ChatGeneration(message=message)])


def open_classifier(base: Path, folder: Path, name: str) -> ClassifierBackend:
    """The classifier in `folder`, on the encoder in `base`.

    Raises:
        BadAdapter: the folder holds no classifier, or one of another encoder.
    """
    engine = _engine(base, folder)
    identity = BackendIdentity(provider="encoder", model=name, adapter=engine.sha256)
    return ClassifierBackend(identity=identity, engine=engine)


@lru_cache(maxsize=8)
def _engine(base: Path, folder: Path) -> ClassifierEngine:
    return ClassifierEngine(base, folder)
