"""Opens the campaigns and listens, until it is interrupted."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

from miniatures.app.listener import listen
from miniatures.app.web.desks import Desks
from miniatures.app.web.routes import web_app
from miniatures.app.web.site import Site
from miniatures.app.web.visitors import Rights, Sessions, Visitor


def serve_web(
    paths: Sequence[Path], *, port: int, reviewer: str, host: str = "127.0.0.1", on_ready: Callable[[str], None]
) -> None:
    """Serve the app. `on_ready` gets the address that lets the owner in, once.

    Raises:
        InputError: a campaign cannot be read, or nothing can listen there.
    """
    site = Site(Desks(paths), Sessions())
    token = site.sessions.token_for(Visitor(reviewer, Rights.OWNER))
    try:
        listen(web_app(site), host, port, on_ready=lambda bound: on_ready(f"http://127.0.0.1:{bound}/enter/{token}"))
    finally:
        asyncio.run(site.desks.close())
