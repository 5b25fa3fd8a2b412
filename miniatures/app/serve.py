"""Serves any backends as one OpenAI-compatible HTTP endpoint, so that other programs can ask a miniature too."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from pathlib import PurePath
from typing import Any, TypeVar, cast

from langchain_core.messages import AIMessageChunk
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from miniatures.app.door import Door, Refused, read_body
from miniatures.app.in_flight import InFlight
from miniatures.app.openai_reply import ChunkWriter, completion, error_body, error_status, model, models, to_json
from miniatures.app.openai_request import ChatRequest, InvalidRequest, parse_request
from miniatures.backends.base import Backend
from miniatures.backends.errors import RateLimited, UnknownModel
from miniatures.datamodel.errors import InputError, MiniaturesError
from miniatures.datamodel.json_types import WireObject

_log = logging.getLogger(__name__)
_CLIENT_GONE = 499  # nobody reads it; the word that web servers' logs use

Endpoint = Callable[[Request], Awaitable[Response]]
Chunks = AsyncGenerator[AIMessageChunk, None]
_T = TypeVar("_T")


def build_app(
    backends: Mapping[str, Backend], *, api_key: str | None = None, allowed_hosts: Sequence[str] = ()
) -> Starlette:
    """The application. `backends` maps the model names that clients use; with `api_key`, requests must carry it;
    `allowed_hosts` are names that it is reached by, besides localhost and addresses.

    Raises:
        InputError: the key is empty, or a host is no name.
    """
    chat = _Chat(backends)
    door, keyless = Door(api_key=api_key, names=allowed_hosts), Door(names=allowed_hosts)
    routes = [
        Route("/v1/chat/completions", _guarded(chat.complete, door), methods=["POST"]),
        Route("/v1/models", _guarded(chat.list_models, door), methods=["GET"]),
        Route("/v1/models/{name:path}", _guarded(chat.retrieve_model, door), methods=["GET"]),
        Route("/health", _guarded(_health, keyless), methods=["GET"]),
    ]
    app = Starlette(routes=routes, exception_handlers={HTTPException: _not_here})
    app.state.in_flight = chat.in_flight
    app.router.redirect_slashes = False  # to a host that nobody has checked
    return app


def serve(
    specs: Sequence[str],
    host: str = "127.0.0.1",
    port: int = 8000,
    *,
    api_key: str | None = None,
    allowed_hosts: Sequence[str] = (),
    on_ready: Callable[[int], None] = lambda port: None,
) -> None:
    """Open the backends and serve them until interrupted. A spec is `SPEC` or `NAME=SPEC`; `on_ready` gets the port.

    Raises:
        InputError: two specs have the same name, the key is empty, or nothing can listen there.
        BackendError: a backend cannot be opened.
    """
    from miniatures.app.listener import listen

    app = build_app(open_named(specs), api_key=api_key, allowed_hosts=[host, *allowed_hosts])
    listen(app, host, port, on_ready=on_ready, on_stop=app.state.in_flight.stop)


def open_named(specs: Sequence[str]) -> dict[str, Backend]:
    """The backends of `SPEC` and `NAME=SPEC` strings, by name.

    Raises:
        InputError: two have the same name.
    """
    from miniatures.backends.spec import open_backend

    named: dict[str, str] = {}
    for text in specs:
        name, spec = split_name(text)
        if name in named:
            raise InputError(f"two backends would be served as {name!r}", hint=f"Name one: OTHER={spec}")
        named[name] = spec
    return {name: open_backend(spec) for name, spec in named.items()}


def split_name(text: str) -> tuple[str, str]:
    """Name and spec of `NAME=SPEC`; of a bare spec, the model's own name and its adapter's, without their folders."""
    name, equals, spec = text.partition("=")
    if equals and ":" not in name:
        return name.strip(), spec.strip()
    rest = text.partition(":")[2].rpartition("#")[2]
    return "+".join(PurePath(part).name.removesuffix(".gguf") for part in rest.split("+")), text


class _Chat:
    """The endpoints that reach a model."""

    def __init__(self, backends: Mapping[str, Backend]) -> None:
        self._backends = backends
        self.in_flight = InFlight()
        self._created = int(time.time())

    async def list_models(self, request: Request) -> Response:
        return _json(models([model(name, backend, self._created) for name, backend in self._backends.items()]))

    async def retrieve_model(self, request: Request) -> Response:
        name = request.path_params["name"]
        return _json(model(name, self._named(name), self._created))

    async def complete(self, request: Request) -> Response:
        asked = parse_request(await read_body(request))
        backend = self._backend(asked)
        if asked.stream:
            return await self._streamed(request, backend, asked)
        messages, options = asked.langchain_messages(), asked.options()
        message = await _unless_gone(request, self.in_flight, lambda: backend.ainvoke(messages, **options))
        return Response(status_code=_CLIENT_GONE) if message is None else _json(completion(asked.model, message))

    async def _streamed(self, request: Request, backend: Backend, asked: ChatRequest) -> Response:
        """A stream whose first piece is there already: what fails before it gets a status of its own."""
        chunks = cast(Chunks, backend.astream(asked.langchain_messages(), **asked.options()))
        first = await _unless_gone(request, self.in_flight, lambda: anext(chunks, None))
        if first is None:
            return Response(status_code=_CLIENT_GONE)
        events = _events(first, chunks, self.in_flight, ChunkWriter(asked.model, asked.wants_usage))
        return StreamingResponse(events, media_type="text/event-stream", headers={"Cache-Control": "no-cache"})

    def _backend(self, asked: ChatRequest) -> Backend:
        backend = self._named(asked.model)
        if asked.logprobs and not backend.capabilities.probability:
            raise _cannot("logprobs", f"{asked.model} cannot tell how probable an answer was")
        if asked.frequency_penalty and not backend.capabilities.penalties:
            raise _cannot("frequency_penalty", f"{asked.model} knows no such penalty")
        return backend

    def _named(self, name: str) -> Backend:
        backend = self._backends.get(name)
        if backend is None:
            known = ", ".join(self._backends)
            raise UnknownModel(f"no model named {name[:100]!r} is served here", hint=f"Served are: {known}.")
        return backend


def _cannot(param: str, why: str) -> InvalidRequest:
    return InvalidRequest(f"{param}: {why}", hint="Leave it out.", param=param)


async def _unless_gone(request: Request, in_flight: InFlight, ask: Callable[[], Awaitable[_T]]) -> _T | None:
    """What comes of it; None, with the generation cancelled, if the client goes away before it is there.

    Raises:
        Refused: the server stops before it is there.
    """
    answer = asyncio.ensure_future(in_flight.wait_for(ask))
    gone = asyncio.ensure_future(request.receive())  # the body was read, so the next message is the disconnect
    try:
        either: set[asyncio.Future[Any]] = {answer, gone}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        return await answer if answer.done() else None
    finally:
        gone.cancel()
        answer.cancel()


async def _events(
    first: AIMessageChunk, chunks: Chunks, in_flight: InFlight, writer: ChunkWriter
) -> AsyncIterator[bytes]:
    async with aclosing(chunks):
        try:
            yield writer.write(first)
            while (chunk := await in_flight.wait_for(lambda: anext(chunks, None))) is not None:
                if event := writer.write(chunk):
                    yield event
            yield writer.end()
        except MiniaturesError as error:
            yield writer.fail(error)
        except Exception:
            yield writer.fail(_unforeseen())


async def _health(request: Request) -> Response:
    return _json({"status": "ok"})


async def _not_here(request: Request, error: Exception) -> Response:
    """What the router says of an address or a method that there is not."""
    status = error.status_code if isinstance(error, HTTPException) else 404
    code = "method_not_allowed" if status == 405 else "unknown_url"
    hint = "Served are POST /v1/chat/completions, GET /v1/models and GET /health."
    return _refusal(Refused(status, code, f"no {request.method} of {request.url.path[:100]!r} is served", hint=hint))


def _guarded(endpoint: Endpoint, door: Door) -> Endpoint:
    """The endpoint behind the door, with every error in OpenAI's shape."""

    async def guarded(request: Request) -> Response:
        try:
            door.check(request)
            return await endpoint(request)
        except MiniaturesError as error:
            return _refusal(error)
        except Exception:
            return _refusal(_unforeseen())

    return guarded


def _unforeseen() -> MiniaturesError:
    """What is said of an exception that is being handled; what it says itself stands in the log alone."""
    _log.exception("a request failed in a way that nobody foresaw")
    return MiniaturesError("the server failed; its log says why")


def _refusal(error: MiniaturesError) -> Response:
    wish = error.retry_after_s if isinstance(error, RateLimited) else None
    headers = {"Retry-After": str(math.ceil(wish))} if wish is not None and math.isfinite(wish) else None
    return _json(error_body(error), status_code=error_status(error)[0], headers=headers)


def _json(body: WireObject, **options: Any) -> Response:
    return Response(to_json(body), media_type="application/json", **options)
