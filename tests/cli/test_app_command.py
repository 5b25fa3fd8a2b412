"""`miniatures app` says how to come in, and listens to other machines only where somebody has a name."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from miniatures.app.web import serve
from miniatures.app.web.users import Users
from miniatures.app.web.visitors import COOKIE, Rights
from miniatures.cli.main import main
from tests.app.web.entered import PASSWORD, hash_quickly

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def listened(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, str, int]]:
    """What listens where; it is ready at once, and nothing is bound."""
    calls: list[tuple[Any, str, int]] = []

    def listen(app: Any, host: str, port: int, *, on_ready: Callable[[int], None]) -> None:
        calls.append((app, host, port))
        on_ready(port)

    monkeypatch.setattr(serve, "listen", listen)
    return calls


@pytest.fixture
def run(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    listened: list[tuple[Any, str, int]],
) -> Run:
    monkeypatch.setenv("MINIATURES_HOME", str(tmp_path))
    monkeypatch.setenv("MINIATURES_REVIEWER", "kim")
    hash_quickly(monkeypatch)

    def running(*options: str) -> tuple[int, str]:
        code = main(["app", *options])
        return code, capsys.readouterr().err

    return running


def visit(app: Any, url: str = "http://localhost") -> TestClient:
    return TestClient(app, base_url=url, follow_redirects=False)


def add_user() -> None:
    Users().add("mara", Rights.REVIEWER, PASSWORD)


def test_on_loopback_it_prints_an_address_that_lets_the_owner_in_once(run: Run, listened: list[Any]) -> None:
    code, said = run()
    assert code == 0
    ((app, host, port),) = listened
    assert (host, port) == ("127.0.0.1", 8080)
    found = re.search(
        r"^Open http://127\.0\.0\.1:8080(/enter/\S+)\nIt lets in once\. Ctrl-C ends the app\.$", said, re.M
    )
    assert found, said
    client = visit(app)
    assert client.get(found[1]).status_code == 303
    assert ">kim</span>" in client.get("/").text
    assert client.get(found[1]).status_code == 403


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.7", "::", "team.example"])
def test_another_address_without_users_is_refused_in_one_sentence(run: Run, listened: list[Any], host: str) -> None:
    code, said = run("--host", host)
    assert code == 2
    assert said == (
        f"Error: at {host} the app lets in named users alone, and there are none: "
        "add one with `miniatures users add NAME --rights owner`\n"
    )
    assert listened == []


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_with_users_on_loopback_both_ways_are_open(run: Run, listened: list[Any], host: str) -> None:
    add_user()
    code, said = run("--host", host)
    assert code == 0
    assert "/enter/" in said and "Users sign in at http" in said and "Warning" not in said
    client = visit(listened[0][0])
    assert client.post("/login", data={"name": "mara", "password": PASSWORD}).status_code == 303


def test_with_users_another_address_is_listened_at_and_no_token_crosses_the_network(
    run: Run, listened: list[Any]
) -> None:
    add_user()
    code, said = run("--host", "0.0.0.0")
    assert code == 0
    assert "Open http://127.0.0.1:8080/login (it listens at 0.0.0.0) and sign in by name." in said
    assert "/enter/" not in said
    assert "Warning: passwords cross the network in clear." in said and "--behind-tls" in said
    assert listened[0][1] == "0.0.0.0"


def test_behind_tls_the_address_is_the_proxy_s_and_the_cookie_is_secure(run: Run, listened: list[Any]) -> None:
    add_user()
    _, said = run(
        "--host", "192.0.2.7", "--behind-tls", "--allowed-host", "team.example", "--allowed-host", "b.example"
    )
    assert "Open https://team.example/login and sign in by name." in said
    assert "Warning" not in said
    for name in ("team.example", "b.example"):
        reply = visit(listened[0][0], f"http://{name}").post(
            "/login", data={"name": "mara", "password": PASSWORD}, headers={"Origin": f"https://{name}"}
        )
        assert reply.status_code == 303
        assert reply.headers["set-cookie"].startswith(f"__Host-{COOKIE}=") and "Secure" in reply.headers["set-cookie"]
    assert visit(listened[0][0], "http://c.example").get("/login").status_code == 421


def test_a_name_that_it_listens_at_is_a_name_it_answers_to(run: Run, listened: list[Any]) -> None:
    add_user()
    run("--host", "team.example")
    assert visit(listened[0][0], "http://team.example").get("/login").status_code == 200


def test_a_user_who_is_removed_while_it_runs_is_out(run: Run, listened: list[Any]) -> None:
    add_user()
    run()
    client = visit(listened[0][0])
    client.post("/login", data={"name": "mara", "password": PASSWORD})
    assert client.get("/").status_code == 200
    assert main(["users", "remove", "mara"]) == 0
    assert client.get("/").headers["location"] == "/login"
    add_user()
    assert client.get("/").headers["location"] == "/login"


def test_an_allowed_host_that_is_no_name_is_refused_at_the_start(run: Run) -> None:
    code, said = run("--allowed-host", "http://team.example/")
    assert code == 2
    assert "is no host name" in said
