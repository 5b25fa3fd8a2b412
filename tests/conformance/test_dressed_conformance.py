"""The standard suite of langchain-tests against the embedded model with every wrapper around it."""

from __future__ import annotations

from typing import Any

import pytest

from miniatures.backends.base import Backend
from miniatures.backends.openvino import OpenVINOBackend
from miniatures.backends.wrappers.retrying import RetryingBackend
from miniatures.backends.wrappers.spending import Spending
from miniatures.backends.wrappers.wrap import dress
from miniatures.datamodel.campaign import BackendSettings, Budget
from miniatures.datamodel.errors import BudgetScope
from tests.conformance.suite import BackendIntegrationTests, BackendUnitTests
from tests.conformance.test_openvino_conformance import SAMPLING, parameters

pytestmark = pytest.mark.slow


def dressed(backend: Backend) -> Backend:
    spending = Spending(Budget(tokens=10_000_000), BudgetScope.CAMPAIGN, "campaign")
    settings = BackendSettings(use="local:smollm2-135m-instruct", max_concurrency=4)
    return dress(backend, settings=settings, spendings=[spending])


class Dressed(RetryingBackend):
    """Everything at once, made from the fields of the engine that it wraps."""

    def __init__(self, **fields: Any) -> None:
        super().__init__(dressed(OpenVINOBackend(**fields)))


class _Dressed:
    @property
    def chat_model_class(self) -> type[Dressed]:
        return Dressed

    @property
    def chat_model_params(self) -> dict[str, Any]:
        return parameters()


class TestDressedUnit(_Dressed, BackendUnitTests):
    pass


class TestDressedIntegration(_Dressed, BackendIntegrationTests):
    @property
    def chat_model_params(self) -> dict[str, Any]:
        return parameters() | SAMPLING
