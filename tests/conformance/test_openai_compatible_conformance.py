"""The standard LangChain suite against `openai-compatible:`, which asks a real server with the real embedded model."""

from __future__ import annotations

from typing import Any

import pytest

from miniatures.backends.spec import open_backend
from miniatures.backends.teacher import TeacherBackend
from tests.conformance.served import MODEL, SAMPLING, served_url
from tests.conformance.suite import BackendIntegrationTests, BackendUnitTests


def parameters() -> dict[str, Any]:
    opened = open_backend(f"openai-compatible:{served_url()}#{MODEL}")
    assert isinstance(opened, TeacherBackend)
    return {name: getattr(opened, name) for name in ("model", "api_base", "api_key", "identity")}


class _OpenAICompatible:
    @property
    def chat_model_class(self) -> type[TeacherBackend]:
        return TeacherBackend

    @property
    def chat_model_params(self) -> dict[str, Any]:
        return parameters()


@pytest.mark.slow
class TestOpenAICompatibleUnit(_OpenAICompatible, BackendUnitTests):
    pass


@pytest.mark.slow
class TestOpenAICompatibleIntegration(_OpenAICompatible, BackendIntegrationTests):
    @property
    def chat_model_params(self) -> dict[str, Any]:
        return super().chat_model_params | SAMPLING
