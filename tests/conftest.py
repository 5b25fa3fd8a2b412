"""What tests share: settings of Hypothesis, two workers that divide the files, and the embedded model, opened once."""

from __future__ import annotations

import ctypes
import gc
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.database import DirectoryBasedExampleDatabase

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
# A shell has what it starts in the background ignore Ctrl-C, and so would the processes that tests interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # the other worker is to have a core, too
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

ONE_AFTER_THE_OTHER = {
    "engines": (
        "tests/agents/test_estimate.py",
        "tests/agents/test_graph_with_embedded_model.py",
        "tests/app/test_served_like_here.py",
        "tests/backends/test_",
        "tests/conformance/",
        "tests/finetune/dataset/test_prompt_identity.py",
    ),
    "training": (
        "tests/cli/test_demo_command.py",
        "tests/finetune/test_synthesize.py",
        "tests/finetune/test_training_benchmark.py",
        "tests/finetune/test_whole_loop.py",
        "tests/finetune/train/",
        "tests/repository/test_ab_demo.py",
        "tests/repository/test_examples.py",
        "tests/repository/test_langgraph_server.py",
        "tests/repository/test_readme.py",
        "tests/repository/test_snippets.py",
        "tests/weights/test_merge.py",
    ),
}
"""What loads a model, in the test process or in one that it starts: never more than two at once are in memory."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """A file is one worker's, and so is each list of files that are to run one after the other."""
    from xdist.scheduler import LoadFileScheduling

    class Scheduling(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            lists = (name for name, files in ONE_AFTER_THE_OTHER.items() if nodeid.startswith(files))
            return next(lists, None) or super()._split_scope(nodeid)

    return Scheduling(config, log)


@pytest.fixture(scope="session", autouse=True)
def small_machine() -> Iterator[None]:
    """Engines that take a share of the machine's memory take that of a small one."""
    ask, pages = os.sysconf, (2 << 30) // os.sysconf("SC_PAGE_SIZE")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "sysconf", lambda name: pages if name == "SC_PHYS_PAGES" else ask(name))
        yield


@pytest.fixture(scope="session", autouse=True)
def own_configuration(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Whom a test trusts, the person at this machine does not trust thereby."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("configuration")))
        yield


@pytest.fixture(scope="session")
def embedded_weights() -> Path:
    """The verified GGUF of the embedded model, pulled when absent."""
    from miniatures.weights.pull import ensure_weights

    return ensure_weights("smollm2-135m-instruct")


@pytest.fixture(scope="module")
def embedded_backend():
    """The embedded model behind OpenVINO."""
    from miniatures.backends.spec import open_backend

    return open_backend("openvino:smollm2-135m-instruct")


@pytest.fixture(scope="module", autouse=True)
def engines_end_with_their_file() -> Iterator[None]:
    """An engine or a server that stayed would take memory from all that follow."""
    yield
    if (served := sys.modules.get("tests.conformance.served")) is not None:
        served.stop()
    for kind in ("openvino", "llamacpp", "hugging_face"):
        if (module := sys.modules.get(f"miniatures.backends.{kind}")) is not None and module._engines:
            if kind == "openvino":
                module.close_engines()
            module._engines.clear()
    gc.collect()
    _give_freed_memory_back()


def _give_freed_memory_back() -> None:
    """What C libraries have freed stays with the process until they are asked for it."""
    if hasattr(libc := ctypes.CDLL(None), "malloc_trim"):
        libc.malloc_trim(0)


@pytest.fixture(scope="session", autouse=True)
def one_secret(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The secret behind pseudonyms is always the same, and that of whoever runs the tests is left alone."""
    folder = tmp_path_factory.mktemp("secret")
    (folder / "pseudonyms.secret").write_bytes(b"s" * 32)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("miniatures.store.home_secret.user_data_path", lambda name: folder)
        yield
