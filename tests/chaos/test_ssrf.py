"""Only public addresses are ever connected to: proved by loopback listeners and by watching every connect call."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress

import pytest

from miniatures.agents.tools.fetch.http import HttpFetcher
from miniatures.agents.tools.fetch.network import resolve_with_system
from miniatures.agents.tools.fetching import FetchStatus
from miniatures.datamodel.campaign import FetchSettings

_watching: list[list[object]] = []


def _hook(event: str, arguments: tuple[object, ...]) -> None:
    if event == "socket.connect":
        for seen in _watching:
            seen.append(arguments[1])


sys.addaudithook(_hook)


@contextmanager
def connects() -> Iterator[list[object]]:
    """Every address that any socket of this process connects to."""
    seen: list[object] = []
    _watching.append(seen)
    try:
        yield seen
    finally:
        _watching.remove(seen)


@asynccontextmanager
async def listener(
    answer: bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret",
) -> AsyncIterator[tuple[int, list[bytes]]]:
    """A web server on 127.0.0.1 and, where there is IPv6, on ::1, with the requests that reached it."""
    reached: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reached.append(b"")
        try:
            reached[-1] = await reader.readuntil(b"\r\n\r\n")
            writer.write(_robots() if b"/robots.txt" in reached[-1] else answer)
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    servers = [await asyncio.start_server(serve, "127.0.0.1", 0)]
    port = servers[0].sockets[0].getsockname()[1]
    with suppress(OSError):
        servers.append(await asyncio.start_server(serve, "::1", port))
    try:
        yield port, reached
    finally:
        for server in servers:
            server.close()


def _robots() -> bytes:
    return b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


def _redirect(url: str) -> bytes:
    return f"HTTP/1.1 302 Found\r\nLocation: {url}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()


LITERALS = [
    "http://127.0.0.1:{port}/",
    "https://127.0.0.1:{port}/",
    "http://127.1:{port}/",
    "http://127.0.1:{port}/",
    "http://127.255.255.254:{port}/",
    "http://2130706433:{port}/",
    "http://0x7f000001:{port}/",
    "http://0x7f.0.0.1:{port}/",
    "http://017700000001:{port}/",
    "http://0x7f.1:{port}/",
    "http://0:{port}/",
    "http://0.0.0.0:{port}/",
    "http://localhost:{port}/",
    "http://LOCALHOST:{port}/",
    "http://user:pass@127.0.0.1:{port}/",
    "http://example.com@127.0.0.1:{port}/",
    "http://127.0.0.1:{port}/?http://example.com/",
    "http://[::1]:{port}/",
    "http://[0:0:0:0:0:0:0:1]:{port}/",
    "http://[::]:{port}/",
    "http://[::ffff:127.0.0.1]:{port}/",
    "http://[::ffff:7f00:1]:{port}/",
    "http://[::127.0.0.1]:{port}/",
    "http://[64:ff9b::127.0.0.1]:{port}/",
    "http://[64:ff9b:1::7f00:1]:{port}/",
    "http://[2002:7f00:1::]:{port}/",
    "http://[2001:0:7f00:1::]:{port}/",
    "http://[fe80::1]:{port}/",
    "http://[fd00:ec2::254]/latest/meta-data/",
    "http://[fc00::1]/",
    "http://[ff02::1]/",
    "http://[fec0::1]/",
    "http://[2001:db8::1]/",
    "http://[2606:4700::5efe:7f00:1]/",
    "http://169.254.169.254/latest/meta-data/",
    "http://0xa9fea9fe/latest/meta-data/",
    "http://2852039166/latest/meta-data/",
    "http://[::ffff:169.254.169.254]/latest/meta-data/",
    "http://100.100.100.200/latest/meta-data/",
    "http://168.63.129.16/machine?comp=goalstate",
    "http://192.0.0.192/opc/v2/",
    "http://10.0.0.1/",
    "http://172.16.0.1/",
    "http://172.31.255.254/",
    "http://192.168.1.1/",
    "http://100.64.0.1/",
    "http://198.18.0.1/",
    "http://224.0.0.1/",
    "http://239.255.255.250:1900/",
    "http://240.0.0.1/",
    "http://255.255.255.255/",
    "http://192.88.99.1/",
]
SCHEMES = [
    "file:///etc/passwd",
    "ftp://127.0.0.1:{port}/",
    "gopher://127.0.0.1:{port}/_GET%20/",
    "dict://127.0.0.1:{port}/info",
    "unix:///var/run/docker.sock",
    "javascript:fetch('http://127.0.0.1:{port}/')",
    "data:text/html,<h1>hi</h1>",
    "//127.0.0.1:{port}/",
    "127.0.0.1:{port}/",
]
NAMES = {
    "intranet.test": ["10.20.30.40"],
    "metadata.test": ["169.254.169.254"],
    "loop.test": ["127.0.0.1"],
    "loop6.test": ["::1"],
    "mapped.test": ["::ffff:127.0.0.1"],
    "nat64.test": ["64:ff9b::a00:1"],
    "half-public.test": ["93.184.216.34", "127.0.0.1"],
    "public-last.test": ["127.0.0.1", "93.184.216.34"],
    "scoped.test": ["fe80::1%lo"],
    "nonsense.test": ["not-an-address"],
}
MALFORMED = [
    "http://012.0.0.1/",
    "http://0251.0376.0251.0376/latest/meta-data/",
    "http://0177.0.0.1:{port}/",
    "http://127.0.0.1%00.example.com:{port}/",
    "http://[::1:{port}/",
    "http://[fe80::1%25lo]:{port}/",
    "http://127.0.0.1:{port}\\@example.com/",
    "http://\u2460\u2461\u2466.\u24ea.\u24ea.\u2460:{port}/",
    "http://127\u30020\u30020\u30021:{port}/",
    "http://127.0.0.1:{port}#@example.com/",
    "http:///127.0.0.1:{port}/",
    "http://",
    "http://127.0.0.1:99999/",
]


async def _named(host: str, port: int) -> list[str]:
    if host in NAMES:
        return NAMES[host]
    return await resolve_with_system(host, port)


def _fetcher(allow: tuple[str, ...] = ()) -> HttpFetcher:
    return HttpFetcher(FetchSettings(allow=allow, per_host_interval_s=0, timeout_s=5), resolve=_named)


async def _refused(url: str, expected: set[FetchStatus]) -> None:
    async with listener() as (port, reached), _fetcher() as fetcher:
        with connects() as seen:
            outcome = await fetcher.fetch(url.format(port=port))
    assert outcome.status in expected, outcome
    assert outcome.page is None
    assert seen == []
    assert reached == []


@pytest.mark.parametrize("url", LITERALS)
async def test_literal_addresses(url: str) -> None:
    await _refused(url, {FetchStatus.ADDRESS_REFUSED})


@pytest.mark.parametrize("url", SCHEMES)
async def test_other_schemes(url: str) -> None:
    await _refused(url, {FetchStatus.ADDRESS_REFUSED, FetchStatus.FAILED})


@pytest.mark.parametrize("name", NAMES)
async def test_names_that_lead_inside(name: str) -> None:
    await _refused(f"http://{name}:{{port}}/", {FetchStatus.ADDRESS_REFUSED})


@pytest.mark.parametrize("url", MALFORMED)
async def test_malformed_urls(url: str) -> None:
    await _refused(url, {FetchStatus.ADDRESS_REFUSED, FetchStatus.FAILED})


@pytest.mark.parametrize("url", [*LITERALS, *SCHEMES[:7], *(f"http://{name}/" for name in NAMES)])
async def test_redirects_of_an_allowed_site(url: str) -> None:
    """A site that may be asked sends the fetcher inside: only the site itself is ever connected to."""
    async with listener() as (secret_port, reached):
        target = url.format(port=secret_port)
        async with listener(_redirect(target)) as (port, _), _fetcher((f"127.0.0.1:{port}",)) as fetcher:
            with connects() as seen:
                outcome = await fetcher.fetch(f"http://127.0.0.1:{port}/")
    assert outcome.status in {FetchStatus.ADDRESS_REFUSED, FetchStatus.FAILED}, outcome
    assert set(seen) == {("127.0.0.1", port)}
    assert reached == []


async def test_an_answer_that_changes_between_two_connections() -> None:
    """Rebinding: the first answers lead to an allowed address, later ones inside."""
    async with listener() as (secret_port, reached), listener(b"") as (port, _):
        answers = iter([["127.0.0.1"]])

        async def rebinding(host: str, asked_port: int) -> list[str]:
            return next(answers, ["127.0.0.2"])

        settings = FetchSettings(allow=("127.0.0.1",), per_host_interval_s=0)
        async with HttpFetcher(settings, resolve=rebinding) as fetcher:
            with connects() as seen:
                outcome = await fetcher.fetch(f"http://rebind.test:{port}/")
    assert outcome.status is FetchStatus.ADDRESS_REFUSED
    assert seen == [("127.0.0.1", port)]  # robots.txt; the page itself was refused
    assert secret_port and reached == []


async def test_each_connection_resolves_once() -> None:
    """Check and connect use one answer: there is no second look-up that could differ."""
    asked: list[str] = []

    async def counting(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"]

    async with listener(b"") as (port, reached):
        settings = FetchSettings(allow=("127.0.0.1",), per_host_interval_s=0)
        async with HttpFetcher(settings, resolve=counting) as fetcher:
            await fetcher.fetch(f"http://once.test:{port}/")
    assert len(asked) == len(reached)


async def test_the_hosts_map_is_no_way_around() -> None:
    async with (
        listener() as (port, reached),
        HttpFetcher(FetchSettings(), hosts={"site.example": f"127.0.0.1:{port}"}) as fetcher,
    ):
        outcome = await fetcher.fetch("http://site.example/")
    assert outcome.status is FetchStatus.ADDRESS_REFUSED
    assert reached == []


async def test_proxies_of_the_environment_are_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    async with listener() as (port, reached):
        for variable in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY", "HTTPS_PROXY"):
            monkeypatch.setenv(variable, f"http://127.0.0.1:{port}")
        async with _fetcher() as fetcher:
            outcome = await fetcher.fetch("http://10.0.0.1/")
    assert outcome.status is FetchStatus.ADDRESS_REFUSED
    assert reached == []


async def test_an_allowed_address_is_reached() -> None:
    """The listener does answer when it may be asked: the zeros above mean something."""
    async with listener() as (port, reached), _fetcher((f"127.0.0.1:{port}",)) as fetcher:
        with connects() as seen:
            outcome = await fetcher.fetch(f"http://127.0.0.1:{port}/")
    assert outcome.status is FetchStatus.FETCHED
    assert outcome.page is not None and outcome.page.text == "secret"
    assert set(seen) == {("127.0.0.1", port)} and len(reached) == 2
