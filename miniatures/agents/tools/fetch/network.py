"""The only door to the network for pages: it resolves a name, judges every address, and connects to a judged one.

Resolving and connecting are one step here, so an answer that changes between check and connect cannot slip through.
TLS is done above this floor and still verifies the certificate against the host name of the URL.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from types import TracebackType

import httpcore
import httpx

from miniatures.agents.tools.fetch.address import AddressGuard
from miniatures.agents.tools.fetch.hosts import HostsMap

Resolve = Callable[[str, int], Awaitable[list[str]]]
"""Host name and port to IP addresses, in the order to try them."""

_CANDIDATE_TIMEOUT_S = 5.0


async def resolve_with_system(host: str, port: int) -> list[str]:
    """The system resolver's addresses for a host.

    Raises:
        OSError: the name does not resolve.
    """
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:
        raise OSError(f"{host!r} is no host name") from error
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """Connects to addresses that the guard lets through, and to nothing else."""

    def __init__(self, guard: AddressGuard, hosts: HostsMap, resolve: Resolve = resolve_with_system) -> None:
        self._guard = guard
        self._hosts = hosts
        self._resolve = resolve
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the interface's name
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """A connection to the first candidate that answers.

        Raises:
            AddressRefused: any candidate is not public; then none is connected to.
            httpcore.ConnectError: the name does not resolve, or no candidate answers.
        """
        addresses, port = await self._candidates(host, port)
        for address in addresses:
            self._guard.check(address, port, host)
        patience = min(timeout or _CANDIDATE_TIMEOUT_S, _CANDIDATE_TIMEOUT_S)
        problem: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in addresses:
            try:
                return await self._inner.connect_tcp(address, port, patience, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                problem = error
        raise problem

    async def _candidates(self, host: str, port: int) -> tuple[list[str], int]:
        mapped = self._hosts.lookup(host, port)
        if mapped is not None:
            return [mapped[0]], mapped[1]
        try:
            return await self._resolve(host, port), port
        except OSError as error:
            raise httpcore.ConnectError(f"{host} does not resolve: {error}") from error

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109 - the interface's name
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Never: a page is not read from a socket file."""
        raise httpcore.ConnectError(f"unix sockets are not connected to: {path}")

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class GuardedTransport(httpx.AsyncBaseTransport):
    """HTTP/1.1 over the guarded network. No proxy is read from the environment: a proxy would connect unguarded."""

    def __init__(self, backend: GuardedBackend) -> None:
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=httpx.create_ssl_context(),
            max_connections=100,
            max_keepalive_connections=20,
            keepalive_expiry=10,
            network_backend=backend,
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await self._pool.handle_async_request(
            httpcore.Request(
                method=request.method,
                url=httpcore.URL(
                    scheme=request.url.raw_scheme,
                    host=request.url.raw_host,
                    port=request.url.port,
                    target=request.url.raw_path,
                ),
                headers=request.headers.raw,
                content=request.stream,
                extensions=request.extensions,
            )
        )
        return httpx.Response(
            status_code=response.status,
            headers=response.headers,
            stream=_Body(response),
            extensions=response.extensions,
        )

    async def aclose(self) -> None:
        await self._pool.aclose()

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        await self.aclose()


class _Body(httpx.AsyncByteStream):
    def __init__(self, response: httpcore.Response) -> None:
        self._response = response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._response.aiter_stream():
            yield chunk

    async def aclose(self) -> None:
        await self._response.aclose()
