"""A process for work that may go wrong has no keys, prints nowhere, and ends with whoever started it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from miniatures.datamodel.child_process import start_module

CHILD = """
import json, os
from miniatures.datamodel.child_process import become_child, limit_memory
questions, answers = become_child()
limit_memory(1 << 30)
print("a library that prints")
os.write(1, b"and one that prints from C")
try:
    bytearray(2 << 30)
    memory = "taken"
except MemoryError:
    memory = "refused"
answers.write(json.dumps({"environment": dict(os.environ), "memory": memory}).encode() + b"\\n")
answers.flush()
questions.read()
"""
PARENT = """
import time
from miniatures.datamodel.child_process import start_module
child = start_module("child")
child.stdout.readline()
print(child.pid, flush=True)
time.sleep(60)
"""


@pytest.fixture
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "child.py").write_text(CHILD)
    (tmp_path / "parent.py").write_text(PARENT)
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


@pytest.mark.usefixtures("modules")
def test_it_gets_no_key_and_its_output_is_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-a-fictional-company")
    monkeypatch.setenv("DATABASE_URL", "postgresql://somebody:secret@db.example/x")
    child = start_module("child")
    assert child.stdin is not None and child.stdout is not None
    said = json.loads(child.stdout.readline())
    child.stdin.close()
    assert (child.stdout.read(), child.wait(10)) == (b"", 0), "it ends with its input"
    assert "secret" not in str(said) and "sk-of" not in str(said)
    assert "PATH" in said["environment"]
    if sys.platform == "linux":
        assert said["memory"] == "refused"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a process with its parent")
def test_it_ends_with_its_parent_whatever_it_is_doing(modules: Path) -> None:
    (modules / "child.py").write_text(CHILD.replace("questions.read()", "import time; time.sleep(60)"))
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(modules), *filter(None, sys.path)])}
    parent = subprocess.Popen([sys.executable, "-m", "parent"], env=environment, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = psutil.Process(int(parent.stdout.readline()))
    parent.kill()
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + 10
    while child.is_running() and child.status() != psutil.STATUS_ZOMBIE and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE
