"""The standard LangChain suite against `openai-compatible:`, which asks a real server with the real embedded model."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import SecretStr

from miniatures.backends.spec import open_backend
from miniatures.backends.teacher import TeacherBackend
from tests.conformance.served import MODEL, served_url
from tests.conformance.suite import BackendIntegrationTests, BackendUnitTests


def parameters() -> dict[str, Any]:
    opened = open_backend(f"openai-compatible:{served_url()}#{MODEL}")
    assert isinstance(opened, TeacherBackend)
    return {
        "model": opened.model,
        "api_base": opened.api_base,
        "api_key": SecretStr("none"),
        "identity": opened.identity,
    }


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
    pass
