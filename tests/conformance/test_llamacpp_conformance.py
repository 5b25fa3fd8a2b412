"""The standard suite of langchain-tests against the embedded model behind llama.cpp."""

from __future__ import annotations

from typing import Any

import pytest

from miniatures.backends.llamacpp import LlamaCppBackend, open_llamacpp
from miniatures.datamodel.campaign import BackendSettings
from tests.conformance.suite import BackendIntegrationTests, BackendUnitTests

pytestmark = pytest.mark.slow

SAMPLING = {"max_tokens": 128, "repetition_penalty": 1.3}
"""Without a penalty, a model of this size may repeat itself until the tokens run out, and then its JSON is cut."""


def parameters() -> dict[str, Any]:
    backend = open_llamacpp("smollm2-135m-instruct", BackendSettings(use="llamacpp:smollm2-135m-instruct"))
    return {"identity": backend.identity, "gguf": backend.gguf}


class _LlamaCpp:
    @property
    def chat_model_class(self) -> type[LlamaCppBackend]:
        return LlamaCppBackend

    @property
    def chat_model_params(self) -> dict[str, Any]:
        return parameters()


class TestLlamaCppUnit(_LlamaCpp, BackendUnitTests):
    pass


class TestLlamaCppIntegration(_LlamaCpp, BackendIntegrationTests):
    @property
    def chat_model_params(self) -> dict[str, Any]:
        return parameters() | SAMPLING
