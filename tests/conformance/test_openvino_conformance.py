"""The standard suite of langchain-tests against the embedded model behind OpenVINO."""

from __future__ import annotations

from typing import Any

import pytest

from miniatures.backends.openvino import OpenVINOBackend, open_openvino
from miniatures.datamodel.campaign import BackendSettings
from tests.conformance.suite import BackendIntegrationTests, BackendUnitTests

pytestmark = pytest.mark.slow


SAMPLING = {"max_tokens": 256, "repetition_penalty": 1.1}
"""Without a penalty, a model of this size may repeat itself until the tokens run out, and then its JSON is cut."""


def parameters() -> dict[str, Any]:
    backend = open_openvino("smollm2-135m-instruct", BackendSettings(use="openvino:smollm2-135m-instruct"))
    return {"identity": backend.identity, "gguf": backend.gguf}


class _OpenVINO:
    @property
    def chat_model_class(self) -> type[OpenVINOBackend]:
        return OpenVINOBackend

    @property
    def chat_model_params(self) -> dict[str, Any]:
        return parameters()


class TestOpenVINOUnit(_OpenVINO, BackendUnitTests):
    pass


class TestOpenVINOIntegration(_OpenVINO, BackendIntegrationTests):
    @property
    def chat_model_params(self) -> dict[str, Any]:
        return parameters() | SAMPLING
