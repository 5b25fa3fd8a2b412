"""The standard LangChain suite against `litellm:`, its OpenAI provider pointed at a real server on loopback."""

from __future__ import annotations

from typing import Any

import pytest

from miniatures.backends.teacher import TeacherBackend
from tests.conformance.served import MODEL, SAMPLING, served_url
from tests.conformance.suite import BackendIntegrationTests, BackendUnitTests


class _LiteLLM:
    @property
    def chat_model_class(self) -> type[TeacherBackend]:
        return TeacherBackend

    @property
    def chat_model_params(self) -> dict[str, Any]:
        return {"model": f"openai/{MODEL}", "api_base": served_url(), "api_key": "not-checked-here"}


@pytest.mark.slow
class TestLiteLLMUnit(_LiteLLM, BackendUnitTests):
    pass


@pytest.mark.slow
class TestLiteLLMIntegration(_LiteLLM, BackendIntegrationTests):
    @property
    def chat_model_params(self) -> dict[str, Any]:
        return super().chat_model_params | SAMPLING
