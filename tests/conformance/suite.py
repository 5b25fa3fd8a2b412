"""What every kind of backend declares to the suite of langchain-tests: one place, so that no kind lowers its bar.

A kind's test file subclasses both classes and gives them a backend, made once per process:

    class TestOpenVINOUnit(BackendUnitTests):
        chat_model_class = OpenVINOBackend
        chat_model_params = property(lambda self: parameters())
"""

from __future__ import annotations

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
    """The suite's tests that ask the model."""
