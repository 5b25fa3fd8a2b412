"""The standard suite of langchain-tests against the embedded model behind OpenVINO."""

from __future__ import annotations

from typing import Any

import pytest

from miniatures.backends.openvino import OpenVINOBackend, open_openvino
from miniatures.datamodel.campaign import BackendSettings
from tests.conformance.suite import BackendIntegrationTests, BackendUnitTests

pytestmark = pytest.mark.slow


def parameters() -> dict[str, Any]:
    backend = open_openvino("smollm2-135m-instruct", BackendSettings(use="openvino:smollm2-135m-instruct"))
    return {"identity": backend.identity, "gguf": backend.gguf, "max_tokens": 256}


class _OpenVINO:
    @property
    def chat_model_class(self) -> type[OpenVINOBackend]:
        return OpenVINOBackend

    @property
    def chat_model_params(self) -> dict[str, Any]:
        return parameters()


class TestOpenVINOUnit(_OpenVINO, BackendUnitTests):
    @property
    def chat_model_params(self) -> dict[str, Any]:
        return {name: value for name, value in parameters().items() if name != "max_tokens"}


class TestOpenVINOIntegration(_OpenVINO, BackendIntegrationTests):
    pass
