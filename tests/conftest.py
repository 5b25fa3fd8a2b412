"""What tests share: the repository on the import path, Hypothesis's settings, and the embedded model, opened once."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.database import DirectoryBasedExampleDatabase

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
# A shell has what it starts in the background ignore Ctrl-C, and so would the processes that tests interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)
# A test of a property tries the same examples every time and is judged by no clock; `make explore` looks for new ones.
_UNTIMED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("repeatable", _UNTIMED, max_examples=100, derandomize=True, database=None)
settings.register_profile(
    "explore",
    _UNTIMED,
    max_examples=2000,
    derandomize=False,
    database=DirectoryBasedExampleDatabase(".hypothesis/examples"),
    print_blob=True,
)
settings.load_profile("repeatable")


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
