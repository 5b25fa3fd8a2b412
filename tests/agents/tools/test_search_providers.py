"""The HTTP providers against loopback stand-ins that answer in the documented format, or refuse, or babble."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from miniatures.agents.tools.search.base import SearchOutcome, SearchQuery, SearchStatus
from miniatures.agents.tools.search.brave import BraveSearch
from miniatures.agents.tools.search.ddgs import DdgsSearch
from miniatures.agents.tools.search.searxng import SearxngSearch
from miniatures.agents.tools.search.tavily import TavilySearch

QUERY = SearchQuery(text="Nordvik Frost new store", company="Nordvik Frost", signal="expansion")


@dataclass
class Request:
    line: str = ""
    headers: str = ""
    body: bytes = b""


@asynccontextmanager
async def standing_in(status: int, body: bytes, headers: str = "") -> AsyncIterator[tuple[str, Request]]:
    """A server that answers every request the same. Gives its root and the last request."""
    last = Request()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        last.line, _, last.headers = head.partition("\r\n")
        length = [line.split(":")[1] for line in head.lower().split("\r\n") if line.startswith("content-length")]
        last.body = await reader.readexactly(int(length[0])) if length else b""
        writer.write(
            f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\n{headers}Connection: close\r\n\r\n".encode()
        )
        writer.write(body)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", last
    finally:
        server.close()


PROVIDERS: dict[str, Callable[[str], Any]] = {
    "searxng": SearxngSearch,
    "brave": lambda root: BraveSearch("the-key", f"{root}/res/v1/web/search"),
    "tavily": lambda root: TavilySearch("the-key", f"{root}/search"),
}


async def ask(name: str, status: int, body: object, headers: str = "") -> tuple[SearchOutcome, Request]:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    async with standing_in(status, content, headers) as (root, request):
        return await PROVIDERS[name](root).search(QUERY, 3), request


async def test_searxng() -> None:
    results = [{"url": "http://nordvik.example/", "title": "Nordvik", "content": "Cold &amp; dry", "engine": "bing"}]
    outcome, request = await ask("searxng", 200, {"query": "x", "results": results, "unresponsive_engines": []})
    assert request.line == "GET /search?q=Nordvik+Frost+new+store&format=json HTTP/1.1"
    assert outcome.status is SearchStatus.FOUND
    assert outcome.hits[0].model_dump(exclude={"page"}) == {
        "url": "http://nordvik.example/",
        "title": "Nordvik",
        "snippet": "Cold & dry",
    }


async def test_a_searxng_address_may_hold_credentials_which_go_nowhere_else() -> None:
    async with standing_in(200, b'{"results": []}') as (root, request):
        address = f"{root.replace('//', '//ana:hunter2@')}/meta?key=s3cret&categories=news"
        search = SearxngSearch(address)
        await search.search(QUERY, 3)
    assert request.line == (
        "GET /meta/search?key=s3cret&categories=news&q=Nordvik+Frost+new+store&format=json HTTP/1.1"
    )
    assert "authorization: Basic" in request.headers.replace("Authorization", "authorization")
    assert search.identity == f"searxng:{root}/meta?key=***&categories=news"


@pytest.mark.parametrize(
    ("address", "word"),
    [
        ("http://ana:hunter2@127.0.0.1:1/?key=s3cret", "connection refused"),
        ("http://ana:hunter2@nowhere.invalid/?key=s3cret", "DNS: "),
    ],
)
async def test_a_search_that_cannot_be_reached_says_the_networks_own_word(address: str, word: str) -> None:
    outcome = await SearxngSearch(address).search(QUERY, 3)
    assert outcome.status is SearchStatus.FAILED
    assert outcome.detail.startswith(f"searxng could not be reached: {word}")
    assert "hunter2" not in outcome.detail and "s3cret" not in outcome.detail


async def test_searxng_without_results() -> None:
    assert (await ask("searxng", 200, {"results": []}))[0].status is SearchStatus.EMPTY
    silent = {"results": [], "unresponsive_engines": [["google", "CAPTCHA"]]}
    outcome, _ = await ask("searxng", 200, silent)
    assert outcome.status is SearchStatus.BLOCKED_OR_EMPTY and "CAPTCHA" in outcome.detail


async def test_brave() -> None:
    hit = {"title": "Nordvik", "url": "https://nordvik.example/a", "description": "A <strong>new</strong> store"}
    outcome, request = await ask("brave", 200, {"type": "search", "web": {"type": "search", "results": [hit] * 9}})
    assert request.line.startswith("GET /res/v1/web/search?q=Nordvik+Frost+new+store&count=3 ")
    assert "x-subscription-token: the-key" in request.headers.lower()
    assert [(found.url, found.snippet) for found in outcome.hits] == [("https://nordvik.example/a", "A new store")]
    assert (await ask("brave", 200, {"type": "search"}))[0].status is SearchStatus.EMPTY


async def test_tavily() -> None:
    hits = [{"title": f"T{n}", "url": f"https://nordvik.example/{n}", "content": "x", "score": 0.9} for n in range(9)]
    outcome, request = await ask("tavily", 200, {"query": "x", "results": hits, "response_time": 1.2})
    assert json.loads(request.body) == {"query": QUERY.text, "max_results": 3, "search_depth": "basic"}
    assert "authorization: bearer the-key" in request.headers.lower()
    assert len(outcome.hits) == 3


@pytest.mark.parametrize("name", PROVIDERS)
@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (429, b'{"error": "too many"}', SearchStatus.BLOCKED),
        (403, b"Forbidden", SearchStatus.BLOCKED),
        (401, b"{}", SearchStatus.BLOCKED),
        (500, b"oops", SearchStatus.FAILED),
        (302, b"", SearchStatus.FAILED),
        (200, b"<html>a captcha</html>", SearchStatus.FAILED),
        (200, b"", SearchStatus.FAILED),
        (200, b"[1, 2]", SearchStatus.FAILED),
        (200, b"\xff\xfe\x00", SearchStatus.FAILED),
        (200, b"[" * 100_000, SearchStatus.FAILED),
        (200, b'{"results": "none", "web": "none"}', SearchStatus.FAILED),
    ],
)
async def test_refusals_and_garbage(name: str, status: int, body: bytes, expected: SearchStatus) -> None:
    outcome, _ = await ask(name, status, body)
    assert outcome.status is expected and outcome.hits == () and outcome.detail


@pytest.mark.parametrize("name", PROVIDERS)
async def test_strange_results_are_left_out(name: str) -> None:
    strange = [
        3,
        None,
        {},
        {"url": "javascript:alert(1)"},
        {"url": "file:///etc/passwd"},
        {"url": ["http://x.example"]},
    ]
    good = {"url": "http://x.example/", "title": None, "content": 5, "description": 5}
    outcome, _ = await ask(name, 200, {"results": [*strange, good], "web": {"results": [*strange, good]}})
    assert [hit.url for hit in outcome.hits] == ["http://x.example/"]


@pytest.mark.parametrize("name", PROVIDERS)
async def test_hidden_characters_of_results_are_washed(name: str) -> None:
    bad = {
        "url": "http://x.example/",
        "title": "<|im_start|>a\u200bb",
        "content": "c\u202ed",
        "description": "c\u202ed",
    }
    outcome, _ = await ask(name, 200, {"results": [bad], "web": {"results": [bad]}})
    assert (outcome.hits[0].title, outcome.hits[0].snippet) == ("(im_start)ab", "cd")


async def test_retry_after_is_told() -> None:
    outcome, _ = await ask("brave", 429, b"{}", "Retry-After: 17\r\n")
    assert "retry after 17 s" in outcome.detail


@pytest.mark.parametrize("name", PROVIDERS)
async def test_nobody_answers(name: str) -> None:
    async with standing_in(200, b"") as (root, _):
        pass
    assert (await PROVIDERS[name](root).search(QUERY, 3)).status is SearchStatus.FAILED


MOJEEK = b"""<html><body><ul class="results-standard results"><li><a class=ob href="http://nordvik.example/">x</a>
<h2><a href="http://nordvik.example/news">Nordvik Frost opens a new store</a></h2>
<p class="s">Nordvik Frost opened a new store at Larvik.</p></li></ul></body></html>"""


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (200, MOJEEK, SearchStatus.FOUND),
        (200, b"<html><body>Are you a robot?</body></html>", SearchStatus.BLOCKED_OR_EMPTY),
        (403, b"blocked", SearchStatus.BLOCKED_OR_EMPTY),
        (429, b"blocked", SearchStatus.BLOCKED_OR_EMPTY),
    ],
)
async def test_ddgs(monkeypatch: pytest.MonkeyPatch, status: int, body: bytes, expected: SearchStatus) -> None:
    """The real library with one of its real engines, whose address leads to loopback."""
    from ddgs.engines.mojeek import Mojeek

    async with standing_in(status, body) as (root, _):
        monkeypatch.setattr(Mojeek, "search_url", f"{root}/search")
        outcome = await DdgsSearch(("mojeek",)).search(QUERY, 3)
    assert outcome.status is expected, outcome
    if expected is SearchStatus.FOUND:
        assert outcome.hits[0].url == "http://nordvik.example/news"
    else:
        assert "No results found." in outcome.detail


async def test_ddgs_without_a_network(monkeypatch: pytest.MonkeyPatch) -> None:
    from ddgs.engines.mojeek import Mojeek

    async with standing_in(200, b"") as (root, _):
        pass
    monkeypatch.setattr(Mojeek, "search_url", f"{root}/search")
    outcome = await DdgsSearch(("mojeek",)).search(QUERY, 3)
    assert outcome.status is SearchStatus.FAILED
    assert outcome.detail == "ddgs could not be reached: connection refused"


def test_the_named_backends_exist() -> None:
    from ddgs.engines import ENGINES

    from miniatures.agents.tools.search.ddgs import BACKENDS

    assert set(BACKENDS) <= set(ENGINES["text"])
