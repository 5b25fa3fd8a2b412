"""What every kind of backend declares to the suite of langchain-tests: one place, so that no kind lowers its bar.

A kind's test file subclasses both classes and gives them a backend, made once per process:

    class TestOpenVINOUnit(BackendUnitTests):
        chat_model_class = OpenVINOBackend
        chat_model_params = property(lambda self: parameters())
"""

from __future__ import annotations

from typing import Any

import pytest
from langchain_core.language_models import BaseChatModel
from langchain_tests.integration_tests import ChatModelIntegrationTests
from langchain_tests.unit_tests import ChatModelUnitTests


class Declared:
    """The features that every kind supports. Tool calling is declared by the kinds that have it."""

    @property
    def has_tool_calling(self) -> bool:
        return False

    @property
    def has_structured_output(self) -> bool:
        return True

    @property
    def structured_output_kwargs(self) -> dict[str, str]:
        return {"method": "json_schema"}

    @property
    def supports_json_mode(self) -> bool:
        return True

    @property
    def returns_usage_metadata(self) -> bool:
        return True


class BackendUnitTests(Declared, ChatModelUnitTests):
    """The suite's tests that ask nothing of the model."""


class BackendIntegrationTests(Declared, ChatModelIntegrationTests):
    """The suite's tests that ask the model. Only JSON has to come to its end: elsewhere few tokens tell as much."""

    @pytest.fixture
    def model(self, request: pytest.FixtureRequest) -> BaseChatModel:
        name = request.node.name
        few = {} if "structured" in name or "json" in name else {"max_tokens": 16}
        chosen: dict[str, Any] = getattr(request, "param", None) or {}
        return self.chat_model_class(**{**self.standard_chat_model_params, **self.chat_model_params, **few, **chosen})
