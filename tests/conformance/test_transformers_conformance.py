"""The standard suite of langchain-tests against the embedded model behind transformers, read from its GGUF."""

from __future__ import annotations

from typing import Any

import pytest

from miniatures.backends.hugging_face import HuggingFaceBackend, open_transformers
from miniatures.datamodel.campaign import BackendSettings
from tests.conformance.suite import BackendIntegrationTests, BackendUnitTests

pytestmark = pytest.mark.slow

SAMPLING = {"max_tokens": 96, "repetition_penalty": 1.3}
"""Few tokens, for this is the slowest engine; without a penalty a model of this size may repeat itself to the limit."""


def parameters() -> dict[str, Any]:
    backend = open_transformers("smollm2-135m-instruct", BackendSettings(use="transformers:smollm2-135m-instruct"))
    return {"identity": backend.identity, "checkpoint": backend.checkpoint, "gguf": backend.gguf}


class _HuggingFace:
    @property
    def chat_model_class(self) -> type[HuggingFaceBackend]:
        return HuggingFaceBackend

    @property
    def chat_model_params(self) -> dict[str, Any]:
        return parameters()


class TestHuggingFaceUnit(_HuggingFace, BackendUnitTests):
    pass


class TestHuggingFaceIntegration(_HuggingFace, BackendIntegrationTests):
    @property
    def chat_model_params(self) -> dict[str, Any]:
        return parameters() | SAMPLING
