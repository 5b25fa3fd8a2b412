"""Who is let in: hosts, origins, content types, keys and bodies, over real HTTP; each refusal in OpenAI's shape."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator

import httpx
import pytest

from miniatures.app import door, listener
from miniatures.app.door import Door
from miniatures.app.openai_request import MOST_MESSAGES, InvalidRequest, parse_request
from miniatures.cli.main import main
from miniatures.datamodel.errors import InputError
from tests.app.test_serve import HI, JSON, running
from tests.backends.wrappers.scripted import ScriptedBackend

BODY = json.dumps({"model": "m", "messages": HI}).encode()


def post(url: str, content: bytes | Iterator[bytes] = BODY, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.post(f"{url}/v1/chat/completions", content=content, headers=JSON | named, timeout=20)


@pytest.mark.parametrize(
    "host", ["localhost:1", "127.0.0.1", "127.0.0.1:9", "192.0.2.7:80", "[::1]:8", "Models.Example."]
)
def test_hosts_that_are_served(host: str) -> None:
    with running({"m": ScriptedBackend()}, allowed_hosts=["models.example"]) as url:
        assert post(url, Host=host).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "a@localhost",
        "localhost/x",
        "",
        "[::1",
        "x:y",
    ],
)
def test_hosts_that_are_not(host: str) -> None:
    backend = ScriptedBackend(seen=[])
    with running({"m": backend}, allowed_hosts=["models.example"]) as url:
        reply = post(url, Host=host)
        assert httpx.get(f"{url}/v1/models", headers={"Host": host}).status_code == reply.status_code
        assert httpx.get(f"{url}/health", headers={"Host": host}).status_code == reply.status_code
    assert (reply.status_code, reply.json()["error"]["code"]) == (421, "unknown_host")
    assert backend.calls == 0


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "https://127.0.0.1", "http://localhost:3000", "file://", ""]
)
def test_a_page_of_another_site_is_refused(origin: str) -> None:
    backend = ScriptedBackend(seen=[])
    with running({"m": backend}) as url:
        reply = post(url, Origin=origin)
        assert post(url, Origin=url).status_code == 200
    assert (reply.status_code, reply.json()["error"]["code"]) == (403, "foreign_origin")
    assert backend.calls == 1


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "", "text/plain; application/json"]
)
def test_a_body_that_does_not_say_that_it_is_json_is_refused(kind: str) -> None:
    with running({"m": ScriptedBackend()}) as url:
        assert post(url, Content_Type=kind).status_code == 415
        assert post(url, Content_Type="Application/JSON; charset=utf-8").status_code == 200


@pytest.mark.parametrize("key", ["", "  ", "k\u00e9y", "a\nb"])
def test_a_key_that_would_keep_nobody_out_is_refused_at_start(key: str) -> None:
    with pytest.raises(InputError, match="--api-key"):
        Door(api_key=key)


def test_when_it_is_ready_it_says_where_and_how(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("miniatures.app.serve.open_named", lambda specs: {"m": ScriptedBackend()})
    monkeypatch.setattr(listener.Server, "run", lambda server, sockets: server._on_ready())
    assert main(["serve", "m=local:x", "--port", "0", "--api-key", "right"]) == 0
    said = capsys.readouterr().err
    assert "Ready at http://127.0.0.1:" in said and "Models: m" in said
    assert "curl http://127.0.0.1:" in said and "Bearer YOUR_KEY" in said and "right" not in said
    assert main(["serve", "m=local:x", "--port", "0", "--api-key", ""]) == 2
    assert "--api-key is empty" in capsys.readouterr().err


def test_a_port_that_is_taken_is_told_in_a_sentence() -> None:
    with listener.bound("127.0.0.1", 0) as taken, pytest.raises(InputError, match="nothing can listen at"):
        listener.bound("127.0.0.1", taken.getsockname()[1])


def test_a_host_that_is_no_name_is_refused_at_start() -> None:
    with pytest.raises(InputError, match="--allowed-host"):
        Door(names=["http://models.example/"])


@pytest.mark.parametrize("given", ["right", "Basic right", "Bearer wrong", "Bearer right2", "Bearer r\u00efght"])
def test_only_the_key_opens(given: str) -> None:
    with running({"m": ScriptedBackend()}, api_key="right") as url:
        headers = JSON | {"Authorization": given.encode("latin-1")}
        reply = httpx.post(f"{url}/v1/chat/completions", content=BODY, headers=headers)
        assert post(url, Authorization="bearer right").status_code == 200
    assert (reply.status_code, reply.json()["error"]["code"]) == (401, "invalid_api_key")


@pytest.mark.parametrize("announced", [True, False])
def test_a_body_without_a_limit_is_refused(announced: bool) -> None:
    whole = BODY + b" " * door.MAX_BODY_BYTES
    with running({"m": ScriptedBackend()}) as url:
        reply = post(url, whole if announced else iter([whole[:1000], whole[1000:]]))
        assert post(url).status_code == 200
    assert (reply.status_code, reply.json()["error"]["code"]) == (413, "request_too_large")


def test_a_body_that_does_not_come_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door.read_body, "__kwdefaults__", {"most": door.MAX_BODY_BYTES, "seconds": 0.2})
    with running({"m": ScriptedBackend()}) as url:
        said = raw(
            url,
            b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\n"
            b"Content-Type: application/json\r\nContent-Length: 50\r\n\r\n{",
        )
    assert b" 408 " in said and b'"code":"timeout"' in said


@pytest.mark.parametrize("begun", [b"", b"POST /v1/chat/comp", b"GET /health HTTP/1.1\r\nHost: localhost\r\nX-Slow: "])
def test_a_head_that_does_not_come_is_not_waited_for(begun: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener.PatientProtocol, "request_seconds", 0.2)
    with running({"m": ScriptedBackend(seconds=0.5)}) as url:
        assert raw(url, begun) == b""
        assert post(url).status_code == 200, "a whole request may be answered as slowly as need be"


def test_what_is_no_http_is_told_so_in_json() -> None:
    with running({"m": ScriptedBackend()}) as url:
        said = raw(url, b"\x16\x03\x01 nonsense\r\n\r\n")
    assert b" 400 " in said and b"invalid_http" in said


def test_what_is_no_http_after_an_answer_ends_the_connection_in_silence(caplog: pytest.LogCaptureFixture) -> None:
    begun = b"GET /health HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    with running({"m": ScriptedBackend()}) as url:
        host, _, port = url.removeprefix("http://").partition(":")
        with socket.create_connection((host, int(port)), timeout=10) as connection:
            connection.sendall(begun)
            said = connection.recv(65536)
            connection.sendall(b"no chunk\r\n")
            assert connection.recv(65536) == b""
    assert b" 200 " in said and b"invalid_http" not in said
    assert not caplog.records


def test_a_key_is_compared_as_a_header_carries_it() -> None:
    with running({"m": ScriptedBackend()}, api_key=" right ") as url:
        assert post(url, Authorization="Bearer right").status_code == 200


MANY = door.MAX_BODY_BYTES // 4
COSTLY = {
    "messages": b'{"model":"m","messages":[' + b",".join([b"1"] * MANY) + b"]}",
    "empty messages": b'{"model":"m","messages":[' + b",".join([b"{}"] * MANY) + b"]}",
    "parts": b'{"model":"m","messages":[{"role":"user","content":[' + b",".join([b"1"] * MANY) + b"]}]}",
    "modalities": BODY[:-1] + b', "modalities":[' + b",".join([b"1"] * MANY) + b"]}",
}


@pytest.mark.parametrize("body", COSTLY.values(), ids=COSTLY)
def test_what_is_wrong_a_quarter_of_a_million_times_is_refused_at_the_first(body: bytes) -> None:
    started = time.process_time()
    with pytest.raises(InvalidRequest):
        parse_request(body)
    assert time.process_time() - started < 1


def test_one_message_more_than_are_read_is_refused() -> None:
    with running({"m": ScriptedBackend()}) as url:
        reply = post(url, json.dumps({"model": "m", "messages": HI * (MOST_MESSAGES + 1)}).encode())
    assert (reply.status_code, reply.json()["error"]["param"]) == (400, "messages")


HOSTILE = {
    "deep": b"[" * 100_000,
    "no number": BODY[:-1] + b', "temperature": NaN}',
    "infinite": BODY[:-1] + b', "temperature": 1e999}',
    "huge": BODY[:-1] + b', "seed": 1' + b"0" * 5000 + b"}",
    "no UTF-8": BODY.replace(b"hi", b"\xff\xfe"),
    "half a character": BODY.replace(b"hi", b"\\ud800"),
    "empty": b"",
    "a list": b"[]",
    "100,000 stops": BODY[:-1] + b', "stop": [' + b", ".join([b'"a"'] * 100_000) + b"]}",
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_body_is_answered_in_json(body: bytes) -> None:
    backend = ScriptedBackend(seen=[])
    with running({"m": backend}) as url:
        reply = post(url, body)
        assert post(url).status_code == 200
    assert (reply.status_code, reply.json()["error"]["type"]) == (400, "invalid_request_error")
    assert backend.calls == 1


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 404),
        ("POST", "/v1/chat/completions/", 404),
        ("GET", "/v1/chat/completions", 405),
        ("POST", "/v1/embeddings", 404),
    ],
)
def test_what_is_not_served_at_all(method: str, path: str, status: int) -> None:
    with running({"m": ScriptedBackend()}) as url:
        reply = httpx.request(method, f"{url}{path}")
    assert reply.status_code == status
    assert "Served are POST /v1/chat/completions" in reply.json()["error"]["message"]


def raw(url: str, sent: bytes) -> bytes:
    """What the server answers to these bytes until it hangs up."""
    host, _, port = url.removeprefix("http://").partition(":")
    said = b""
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(sent)
        try:
            while piece := connection.recv(65536):
                said += piece
                if b"408" in said:
                    break
        except ConnectionResetError:
            pass
    return said
