"""Opens the campaigns and listens for the recipients of their emails, until it is interrupted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h11
import uvicorn
from starlette.types import ASGIApp

from miniatures.app.address import reached
from miniatures.app.listener import PatientProtocol, Server, bound
from miniatures.app.track.books import Books
from miniatures.app.track.tracker import Tracker, own_key
from miniatures.app.track.visitor import networks_of
from miniatures.datamodel.errors import InputError
from miniatures.inputs.campaign import LoadedCampaign, load_campaign
from miniatures.store.home_secret import home_secret

MOST_CONNECTIONS = 1_000
"""Open at once; whoever comes beyond that is told to come back (503)."""


@dataclass(frozen=True)
class Listening:
    """Where the tracker is."""

    here: str
    """Its address on this machine."""
    url: str
    """Where the emails say that it is."""
    campaigns: tuple[str, ...]
    own: str
    """Opened once in a browser, it makes that browser's visits the sender's own."""


class TrackProtocol(PatientProtocol):
    """Waits as long as uvicorn's does not, and answers what is no HTTP in plain text."""

    request_seconds = 20.0

    def send_400_response(self, msg: str) -> None:
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            body = b"This is no HTTP request.\n"
            headers = [("content-type", "text/plain"), ("content-length", str(len(body))), ("connection", "close")]
            for event in (h11.Response(status_code=400, headers=headers), h11.Data(data=body), h11.EndOfMessage()):
                self.transport.write(self.conn.send(event) or b"")
        self.transport.close()


def serve_tracker(
    paths: Sequence[Path],
    *,
    host: str,
    port: int,
    proxies: Sequence[str] = (),
    on_ready: Callable[[Listening], None],
) -> None:
    """Serve the links of the campaigns' emails.

    Raises:
        InputError: a campaign cannot be read or has no tracking address, two have different ones, a proxy is no
            address, or nothing can listen there.
        StoreError: a store cannot be opened.
    """
    campaigns = [load_campaign(path) for path in paths]
    url, believed, secret = _url_of(campaigns), networks_of(proxies), home_secret()
    languages = {loaded.brief.language for loaded in campaigns}
    books = Books(campaigns)
    try:
        language = languages.pop() if len(languages) == 1 else "en"
        app = Tracker(books, secret, url, proxies=believed, language=language).app()
        with bound(host, port) as listening:
            at = f"http://{reached(host)}:{listening.getsockname()[1]}"
            told = Listening(at, url, tuple(one.name for one in campaigns), f"{url}/own/{own_key(secret)}")
            with suppress(KeyboardInterrupt):  # how uvicorn ends when it was asked to
                Server(config_of(app), lambda: on_ready(told), lambda: None).run([listening])
    finally:
        books.close()


def config_of(app: ASGIApp) -> uvicorn.Config:
    """How uvicorn serves it: it believes no proxy, since the tracker decides that by itself."""
    settings: dict[str, Any] = {"http": TrackProtocol, "ws": "none", "lifespan": "off", "log_level": "error"}
    bounds: dict[str, Any] = {"limit_concurrency": MOST_CONNECTIONS, "timeout_graceful_shutdown": 5}
    return uvicorn.Config(app, proxy_headers=False, server_header=False, **bounds, **settings)


def _url_of(campaigns: Sequence[LoadedCampaign]) -> str:
    """Where the emails of all of them say that the tracker is."""
    urls = {}
    for loaded in campaigns:
        send = loaded.campaign.send
        if send is None or send.tracking is None:
            raise InputError(
                f"{loaded.path} says nowhere where its links lead",
                hint="Write send: {tracking: {url: https://...}}, the address by which recipients reach this server.",
            )
        urls[send.tracking.url] = loaded.name
    if len(urls) > 1:
        told = ", ".join(f"{name} has {url}" for url, name in urls.items())
        raise InputError(f"the campaigns have different tracking addresses: {told}", hint="Serve them one by one.")
    return next(iter(urls))
