"""One GET, within caps: bytes are counted after decompression while they stream in, and the clock runs all along."""

from __future__ import annotations

import asyncio
import re
import zlib
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpcore
import httpx

from miniatures.agents.tools.fetch.address import AddressRefused
from miniatures.agents.tools.fetch.network import GuardedBackend, GuardedTransport
from miniatures.agents.tools.fetching import FetchProblem, FetchStatus
from miniatures.agents.tools.network_word import network_word
from miniatures.datamodel.campaign import FetchSettings

READABLE_TYPES = frozenset(
    {"", "text/html", "application/xhtml+xml", "text/plain", "text/markdown", "application/pdf", "application/x-pdf"}
)
"""Content types whose bodies are read; the empty one stands for a server that does not say."""


Inflate = Callable[[bytes, int], bytes]
"""Decompresses a chunk into at most so many bytes."""


@dataclass(frozen=True)
class Reply:
    """What a server answered; the body is decompressed, and empty unless the status is 200-299."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def content_type(self) -> str:
        """The media type without parameters, in lower case; empty if the server does not say."""
        return media_type(self.headers.get("content-type", ""))

    @property
    def is_redirect(self) -> bool:
        """Whether the reply points elsewhere."""
        return self.status in (301, 302, 303, 307, 308) and bool(self.headers.get("location", "").strip())


def media_type(header: str) -> str:
    """The media type of a Content-Type header, without parameters; the first if the header came twice."""
    return re.split("[;,]", header, maxsplit=1)[0].strip().lower()


class Downloader:
    """Sends GET requests and nothing else: no cookies are kept, no redirect is followed, no proxy is asked."""

    def __init__(self, settings: FetchSettings, backend: GuardedBackend) -> None:
        self._max_bytes, self._timeout_s = settings.max_bytes, settings.timeout_s
        self._client = httpx.AsyncClient(
            transport=GuardedTransport(backend),
            headers={
                "User-Agent": settings.user_agent,
                "Accept": "text/html,application/xhtml+xml,text/plain;q=0.9,application/pdf;q=0.8",
                "Accept-Encoding": "gzip, deflate",
            },
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            timeout=None,
            trust_env=False,
        )

    async def get(self, url: httpx.URL, headers: Mapping[str, str], timeout_s: float) -> Reply:
        """The server's answer, in at most `timeout_s` seconds from connect to last byte.

        Raises:
            FetchProblem: there is none, or it is beyond the caps.
        """
        try:
            async with asyncio.timeout(timeout_s), self._client.stream("GET", url, headers=dict(headers)) as response:
                return await self._reply(response)
        except TimeoutError as error:
            raise FetchProblem(FetchStatus.TIMED_OUT, f"not finished after {self._timeout_s:g} s") from error
        except AddressRefused as error:
            raise FetchProblem(FetchStatus.ADDRESS_REFUSED, error.message) from error
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException) as error:
            raise FetchProblem(FetchStatus.FAILED, network_word(error)) from error
        except (httpx.RemoteProtocolError, httpx.InvalidURL, UnicodeError) as error:  # httpx reads each Location
            raise FetchProblem(FetchStatus.FAILED, "it redirects to what is no address of a web page") from error
        except (httpx.HTTPError, httpcore.UnsupportedProtocol) as error:
            raise FetchProblem(FetchStatus.FAILED, network_word(error)) from error

    async def aclose(self) -> None:
        """Close every connection."""
        await self._client.aclose()

    async def _reply(self, response: httpx.Response) -> Reply:
        headers = dict(response.headers.items())  # `dict(headers)` takes time that grows with their square
        if not 200 <= response.status_code < 300:
            return Reply(response.status_code, headers)
        content_type, is_robots = media_type(headers.get("content-type", "")), response.url.path == "/robots.txt"
        if content_type not in READABLE_TYPES and not is_robots:
            raise FetchProblem(FetchStatus.UNSUPPORTED_TYPE, f"the content type is {content_type!r}")
        body = await _read(response.aiter_raw(), headers.get("content-encoding", ""), self._max_bytes, is_cut=is_robots)
        return Reply(response.status_code, headers, body)


async def _read(chunks: AsyncIterator[bytes], encoding: str, max_bytes: int, *, is_cut: bool) -> bytes:
    """The decompressed body, cut at the cap or refused beyond it, of which one byte at most is ever decompressed."""
    inflate = _inflater(encoding.strip().lower())
    body = bytearray()
    async for chunk in chunks:
        try:
            body += inflate(chunk, max_bytes + 1 - len(body))
        except zlib.error as error:
            raise FetchProblem(FetchStatus.UNREADABLE, f"the {encoding} body is broken: {error}") from error
        if len(body) > max_bytes and is_cut:
            return bytes(body[:max_bytes])
        if len(body) > max_bytes:
            raise FetchProblem(FetchStatus.TOO_LARGE, f"larger than {max_bytes} bytes")
    return bytes(body)


def _plain(chunk: bytes, limit: int) -> bytes:
    return chunk[:limit]


def _gunzip() -> Inflate:
    return zlib.decompressobj(zlib.MAX_WBITS | 16).decompress


def _undeflate() -> Inflate:
    """`deflate` bodies come with the zlib header, as the standard says, or without, as some servers send them."""
    inflate: Inflate | None = None

    def decompress(chunk: bytes, limit: int) -> bytes:
        nonlocal inflate
        if inflate is None:
            has_header = chunk[0] & 0x0F == zlib.DEFLATED
            inflate = zlib.decompressobj(zlib.MAX_WBITS if has_header else -zlib.MAX_WBITS).decompress
        return inflate(chunk, limit)

    return decompress


def _inflater(encoding: str) -> Inflate:
    match encoding:
        case "" | "identity":
            return _plain
        case "gzip" | "x-gzip":
            return _gunzip()
        case "deflate":
            return _undeflate()
    raise FetchProblem(FetchStatus.UNREADABLE, f"the content encoding {encoding!r} was not asked for")
