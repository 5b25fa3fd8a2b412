"""What tests share: the repository on the import path, and the embedded model's weights, pulled once."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
# A shell has what it starts in the background ignore Ctrl-C, and so would the processes that tests interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def embedded_weights() -> Path:
    """The verified GGUF of the embedded model, pulled when absent."""
    from miniatures.weights.pull import ensure_weights

    return ensure_weights("smollm2-135m-instruct")


@pytest.fixture(scope="session")
def embedded_backend():
    """The embedded model behind OpenVINO: one engine for the whole test process."""
    from miniatures.backends.spec import open_backend

    return open_backend("openvino:smollm2-135m-instruct")
