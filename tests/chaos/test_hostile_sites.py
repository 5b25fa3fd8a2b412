"""Sites that stream for ever, bomb, loop, lie or hang up: the fetcher says which, in bounded time and memory."""

from __future__ import annotations

import asyncio
import gzip
import time
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import psutil
import pytest

from miniatures.agents.tools.fetch.http import HttpFetcher
from miniatures.agents.tools.fetching import FetchOutcome, FetchStatus
from miniatures.datamodel.campaign import FetchSettings

Handler = Callable[[str, asyncio.StreamWriter], Awaitable[None]]

TEXT = "The cold store at Larvik has eleven doors and four rooms."
PAGE = f"<html><head><title>Store</title></head><body><p>{TEXT}</p></body></html>".encode()


@asynccontextmanager
async def site(handler: Handler) -> AsyncIterator[str]:
    """A server whose robots.txt is absent and whose every other path is the handler's. Gives the root URL."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            path = request.split(" ")[1]
            if path == "/robots.txt":
                writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            else:
                await handler(path, writer)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    finally:
        server.close()


def answer(body: bytes, content_type: str = "text/html", *headers: str) -> bytes:
    lines = ["HTTP/1.1 200 OK", f"Content-Type: {content_type}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*lines, "Connection: close", "", ""]).encode() + body


async def fetch(handler: Handler, timeout_s: float = 5, max_bytes: int = 2_000_000, path: str = "") -> FetchOutcome:
    settings = FetchSettings(allow=("127.0.0.1",), per_host_interval_s=0, timeout_s=timeout_s, max_bytes=max_bytes)
    async with site(handler) as root, HttpFetcher(settings) as fetcher:
        return await fetcher.fetch(root + path)


def sending(*pieces: bytes) -> Handler:
    async def handler(_: str, writer: asyncio.StreamWriter) -> None:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()

    return handler


async def test_a_good_page_is_read() -> None:
    outcome = await fetch(sending(answer(PAGE)))
    assert outcome.page is not None and outcome.page.text == TEXT and outcome.page.title == "Store"


@pytest.mark.parametrize("pause_s", [0.0, 0.05])
async def test_a_site_that_streams_for_ever(pause_s: float) -> None:
    async def endless(_: str, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n")
        while True:
            writer.write(b"<p>and on and on</p>" * (200 if pause_s == 0 else 1))
            await writer.drain()
            await asyncio.sleep(pause_s)

    started = time.monotonic()
    outcome = await fetch(endless, timeout_s=1.5)
    assert outcome.status is (FetchStatus.TOO_LARGE if pause_s == 0 else FetchStatus.TIMED_OUT)
    assert time.monotonic() - started < 4


def bomb(megabytes: int) -> bytes:
    """A gzip body of so many megabytes of zeros, a thousandth of that in size."""
    packer = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    return b"".join([packer.compress(bytes(1_000_000)) for _ in range(megabytes)]) + packer.flush()


async def test_a_gzip_bomb_is_cut_while_it_streams() -> None:
    body = bomb(500)
    process = psutil.Process()
    before = process.memory_info().rss
    outcome = await fetch(sending(answer(body, "text/html", "Content-Encoding: gzip")))
    assert outcome.status is FetchStatus.TOO_LARGE
    assert process.memory_info().rss - before < 100_000_000


@pytest.mark.parametrize("encoding", ["gzip, gzip", "br", "zstd", "compress", "x-unknown"])
async def test_encodings_that_were_not_asked_for(encoding: str) -> None:
    outcome = await fetch(
        sending(answer(gzip.compress(gzip.compress(PAGE)), "text/html", f"Content-Encoding: {encoding}"))
    )
    assert outcome.status is FetchStatus.UNREADABLE


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", gzip.compress(PAGE)),
        ("x-gzip", gzip.compress(PAGE)),
        ("deflate", zlib.compress(PAGE)),
        ("deflate", zlib.compress(PAGE)[2:-4]),
        ("identity", PAGE),
    ],
)
async def test_encodings_that_were(encoding: str, body: bytes) -> None:
    outcome = await fetch(sending(answer(body, "text/html", f"Content-Encoding: {encoding}")))
    assert outcome.page is not None and outcome.page.text == TEXT


async def test_gzip_that_is_none() -> None:
    outcome = await fetch(sending(answer(PAGE, "text/html", "Content-Encoding: gzip")))
    assert outcome.status is FetchStatus.UNREADABLE


@pytest.mark.parametrize("location", ["/", "/a", "//{host}/next", "?n=1"])
async def test_redirects_that_never_end(location: str) -> None:
    count = 0

    async def looping(path: str, writer: asyncio.StreamWriter) -> None:
        nonlocal count
        count += 1
        host = f"127.0.0.1:{writer.get_extra_info('sockname')[1]}"
        writer.write(
            f"HTTP/1.1 302 Found\r\nLocation: {location.format(host=host)}\r\nContent-Length: 0\r\n\r\n".encode()
        )

    assert (await fetch(looping)).status is FetchStatus.TOO_MANY_REDIRECTS
    assert count == 6


async def test_five_redirects_are_followed() -> None:
    async def stepping(path: str, writer: asyncio.StreamWriter) -> None:
        step = int(path.strip("/") or 0)
        writer.write(
            answer(PAGE)
            if step == 5
            else f"HTTP/1.1 301 Moved\r\nLocation: /{step + 1}\r\nContent-Length: 0\r\n\r\n".encode()
        )

    outcome = await fetch(stepping)
    assert outcome.page is not None and outcome.url.endswith("/5")


@pytest.mark.parametrize(
    "location", ["http://[broken/", "javascript:alert(1)", "file:///etc/passwd", "http://10.1.2.3/", "\x00"]
)
async def test_redirects_to_nowhere(location: str) -> None:
    reply = f"HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()
    outcome = await fetch(sending(reply))
    assert outcome.status in {FetchStatus.FAILED, FetchStatus.ADDRESS_REFUSED}


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("text/html; charset=utf-8", "Kälte für Öl: 5 °C groß".encode("cp1252")),
        ("text/html; charset=iso-8859-1", "Kälte für Öl: 5 °C groß".encode()),
        ("text/html; charset=nonsense", "Kälte für Öl: 5 °C groß".encode()),
        ("text/html; charset=utf-7", "Kälte für Öl: 5 °C groß".encode()),
        ("text/html; charset=utf-8", "Kälte für Öl: 5 °C groß".encode("utf-16")),
        ("text/html", b"<meta charset=windows-1252>" + "Kälte für Öl: 5 °C groß".encode("cp1252")),
        ("text/html; charset=idna", "Kälte für Öl: 5 °C groß".encode()),
    ],
)
async def test_charsets_that_lie(content_type: str, body: bytes) -> None:
    outcome = await fetch(sending(answer(body, content_type)))
    assert outcome.page is not None and outcome.page.text == "Kälte für Öl: 5 °C groß"


@pytest.mark.parametrize(
    "body", [b"", b" \n\t ", b"<html></html>", b"<html><body><!-- x --></body></html>", b"\x00" * 0]
)
async def test_empty_pages(body: bytes) -> None:
    assert (await fetch(sending(answer(body)))).status is FetchStatus.EMPTY


async def test_no_content() -> None:
    assert (await fetch(sending(b"HTTP/1.1 204 No Content\r\n\r\n"))).status is FetchStatus.EMPTY


async def test_headers_that_drip() -> None:
    async def dripping(_: str, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n")
        while True:
            writer.write(b"X-Wait: 1\r\n")
            await writer.drain()
            await asyncio.sleep(0.2)

    started = time.monotonic()
    assert (await fetch(dripping, timeout_s=1)).status is FetchStatus.TIMED_OUT
    assert time.monotonic() - started < 3


async def test_silence() -> None:
    async def silent(_: str, __: asyncio.StreamWriter) -> None:
        await asyncio.sleep(30)

    assert (await fetch(silent, timeout_s=0.5)).status is FetchStatus.TIMED_OUT


@pytest.mark.parametrize(
    "pieces",
    [
        (),
        (b"HTTP/1.1 200 OK\r\nContent-Le",),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\nContent-Type: text/html\r\n\r\n<p>half",),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: text/html\r\n\r\n5\r\nhello\r\n",),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: text/html\r\n\r\nZZ\r\n",),
        (b"this is not HTTP at all\r\n\r\n",),
        (b"HTTP/9.9 888 What\r\n\r\n",),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",),
        (b"HTTP/1.1 200 OK\r\n: no name\r\n\r\n",),
        (b"HTTP/1.1 200 OK\r\nX-Big: " + b"a" * 500_000 + b"\r\n\r\n",),
        (b"HTTP/1.1 200 OK\r\n" + b"X-Many: a\r\n" * 50_000 + b"\r\n",),
        (b"\x16\x03\x01\x02\x00",),
    ],
    ids=range(13),
)
async def test_broken_answers(pieces: tuple[bytes, ...]) -> None:
    assert (await fetch(sending(*pieces))).status is FetchStatus.FAILED


async def test_a_connection_reset() -> None:
    async def resetting(_: str, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n<p>")
        await writer.drain()
        writer.transport.abort()

    assert (await fetch(resetting)).status is FetchStatus.FAILED


async def test_nobody_listens() -> None:
    async with site(sending(b"")) as root:
        pass
    async with HttpFetcher(FetchSettings(allow=("127.0.0.1",), per_host_interval_s=0)) as fetcher:
        outcome = await fetcher.fetch(root)
    assert (outcome.status, outcome.detail) == (FetchStatus.FAILED, "connection refused")


@pytest.mark.parametrize(
    ("content_type", "body", "expected"),
    [
        ("text/html", b"\x89PNG\r\n\x1a\n" + bytes(200), FetchStatus.UNSUPPORTED_TYPE),
        ("text/html", b"MZ\x90\x00" + bytes(200), FetchStatus.UNSUPPORTED_TYPE),
        ("image/png", PAGE, FetchStatus.UNSUPPORTED_TYPE),
        ("application/octet-stream", PAGE, FetchStatus.UNSUPPORTED_TYPE),
        ("text/plain", PAGE, FetchStatus.FETCHED),
        ("application/pdf", PAGE, FetchStatus.FETCHED),
        ("text/html", b"%PDF-1.7 and then nothing of the kind", FetchStatus.UNREADABLE),
        (
            "application/pdf",
            b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 1 0 R>>endobj trailer<</Root 1 0 R>>",
            FetchStatus.UNREADABLE,
        ),
        ("TEXT/HTML;;; charset", PAGE, FetchStatus.FETCHED),
        ("", PAGE, FetchStatus.FETCHED),
    ],
)
async def test_content_types_that_lie(content_type: str, body: bytes, expected: FetchStatus) -> None:
    outcome = await fetch(sending(answer(body, content_type)))
    assert outcome.status is expected, outcome
    assert outcome.page is None or outcome.page.text == TEXT


async def test_too_large_by_its_own_word() -> None:
    outcome = await fetch(sending(answer(b"<p>" + b"word " * 500_000)))
    assert outcome.status is FetchStatus.TOO_LARGE


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (400, FetchStatus.FAILED),
        (401, FetchStatus.BLOCKED),
        (403, FetchStatus.BLOCKED),
        (404, FetchStatus.NOT_FOUND),
        (410, FetchStatus.NOT_FOUND),
        (429, FetchStatus.BLOCKED),
        (451, FetchStatus.BLOCKED),
        (500, FetchStatus.FAILED),
        (503, FetchStatus.BLOCKED),
        (999, FetchStatus.BLOCKED),
        (304, FetchStatus.FAILED),
        (302, FetchStatus.FAILED),
    ],
)
async def test_status_codes(status: int, expected: FetchStatus) -> None:
    outcome = await fetch(sending(f"HTTP/1.1 {status} X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()))
    assert outcome.status is expected


@pytest.mark.parametrize(
    "body",
    [
        b"<div>" * 100_000 + b"deep",
        b"<table><tr><td>" * 20_000 + b"deep",
        b"<b>" * 200_000,
        b"<p>one two three four five six seven eight nine ten</p>" * 20_000,
        b"<a href=/x>link</a>" * 90_000,
        b"<font color=white>x" * 90_000,
        b"<!--" * 400_000,
        b"<style>" + b".a{" * 400_000,
        b"<style>" + b"@media x{.a{display:none}" * 60_000,
        b"&" * 1_900_000,
        b"&#x26;lt;" * 200_000,
        b"<script>" + b"x" * 1_900_000,
        b"<p>" + b"<|" * 900_000,
        b"<p>" + b"&lt;|a" * 300_000 + b"|&gt;" * 10,
        b"<p>" + b"word " * 390_000,
        b"<p>" + b"a" * 1_900_000,
        b"<p " + b"a=b " * 400_000 + b">",
        b"<ul>" + b"<li>" * 300_000,
        b"<script type='application/ld+json'>" + b"[" * 1_000_000 + b"</script><p>text",
        bytes(range(32, 256)) * 8_000,
        b"<style>" + b"a" * 1_900_000 + b"</style><p>words",
        (b"<table><tr><td>" * 80 + b"text" + b"</table>" * 80) * 100,
    ],
    ids=range(22),
)
@pytest.mark.slow
async def test_pages_made_to_be_slow(body: bytes) -> None:
    """Whatever comes of them, it comes soon."""
    started = time.monotonic()
    outcome = await fetch(sending(answer(body)), timeout_s=15)
    assert isinstance(outcome.status, FetchStatus)
    assert time.monotonic() - started < 20, outcome.status


async def test_thousands_of_headers_stop_nobody() -> None:
    headers = [f"X{number}: a" for number in range(8_000)]
    started = time.monotonic()
    found = await fetch(sending(answer(PAGE, "image/png", *headers)))
    assert found.status is FetchStatus.UNSUPPORTED_TYPE
    assert time.monotonic() - started < 2


async def test_a_content_type_that_came_twice() -> None:
    twice = answer(PAGE, "text/html", "Content-Type: text/html; charset=utf-8")
    assert (await fetch(sending(twice))).status is FetchStatus.FETCHED


async def test_a_redirect_to_no_address_is_told_as_such() -> None:
    for location in ("http://a:b/", "javascript:alert(1)", "http://xn--a/"):
        found = await fetch(sending(f"HTTP/1.1 302 F\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode()))
        assert found.detail == "it redirects to what is no address of a web page"


async def test_a_server_that_breaks_off_is_told_in_words() -> None:
    found = await fetch(sending())
    assert (found.status, found.detail) == (FetchStatus.FAILED, "the server broke off, or answered what is no HTTP")


async def test_a_slow_redirect_tells_the_whole_time() -> None:
    async def handler(path: str, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.4)
        writer.write(f"HTTP/1.1 302 F\r\nLocation: {path}x\r\nContent-Length: 0\r\n\r\n".encode())

    assert (await fetch(handler, timeout_s=1)).detail == "not finished after 1 s"
