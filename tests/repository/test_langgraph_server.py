"""`langgraph dev`, the real one, runs the exported graph from JSON alone, and asks nobody outside this machine."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "cold_storage"
SOLVEIG = {
    "email": "solveig.asen@nordvik-frost.example",
    "first_name": "Solveig",
    "company": "Nordvik Frost AS",
    "website": "http://nordvik-frost.example/",
}

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, embedded_weights: Path) -> Iterator[httpx.Client]:
    folder = tmp_path_factory.mktemp("server")
    shutil.copy(ROOT / "langgraph.json", folder)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    langgraph = Path(sys.executable).with_name("langgraph")
    command = [str(langgraph), "dev", "--no-browser", "--no-reload", "--port", str(port)]
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "LANGSMITH_TRACING": "false",
        "LANGGRAPH_CLI_NO_ANALYTICS": "1",
    }
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=subprocess.STDOUT)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=240) as client:
            _wait_for(client, process, folder / "log")
            yield client
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()


def _wait_for(client: httpx.Client, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(240):
        assert process.poll() is None, log.read_text()
        try:
            if client.get("/ok").is_success:
                return
        except httpx.TransportError:
            time.sleep(0.5)
    raise AssertionError(log.read_text())


def run(server: httpx.Client, context: dict[str, str], prospect: dict[str, str] = SOLVEIG) -> dict[str, Any]:
    asked = {"assistant_id": "prospect", "input": {"prospect": prospect}, "context": context}
    answer = server.post("/runs/wait", json=asked)
    state: dict[str, Any] = answer.raise_for_status().json()
    return state


def test_its_schemas_say_what_to_send_and_what_comes_back(server: httpx.Client) -> None:
    [assistant] = server.post("/assistants/search", json={}).json()
    schemas = server.get(f"/assistants/{assistant['assistant_id']}/schemas").json()
    assert {"campaign", "brief", "writer", "researcher", "search"} == set(
        schemas["context_schema"]["allOf"][0]["properties"]
    )
    assert schemas["input_schema"]["required"] == ["prospect"]
    assert {"dossier", "draft"} <= set(schemas["output_schema"]["properties"])


def test_a_prospect_becomes_a_draft(server: httpx.Client) -> None:
    miniature = "miniature:outreach@live"
    context = {"brief": str(EXAMPLE / "brief.md"), "search": f"local:{EXAMPLE / 'sites'}"}
    state = run(server, {**context, "writer": miniature, "researcher": miniature})
    assert state["dossier"]["status"] == "found", state
    assert "Solveig," in state["draft"]["body"].splitlines()[0]
    again = run(server, {**context, "writer": miniature, "researcher": miniature})
    assert again["draft"] == state["draft"]


def test_a_mistake_comes_back_in_words(server: httpx.Client) -> None:
    assert "nowhere" in run(server, {"campaign": "nowhere.yaml"})["__error__"]["message"]
    typo = run(server, {"campaign": "nowhere.yaml", "breif": "x"})["__error__"]["message"]
    assert "breif" in typo and "nowhere" not in typo, "a misspelt key is none that was left out"
    told = run(server, {"campaign": "x.yaml"}, {"email": "x", "company": "y"})["__error__"]["message"]
    assert "email" in told
