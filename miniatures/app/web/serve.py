"""Opens the campaigns and listens, until it is interrupted."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from miniatures.app.address import is_loopback, reached
from miniatures.app.listener import listen
from miniatures.app.web.desks import Desks
from miniatures.app.web.routes import web_app
from miniatures.app.web.sign_in import SignIn
from miniatures.app.web.site import Site
from miniatures.app.web.users import Users
from miniatures.app.web.visitors import Rights, Sessions, Visitor
from miniatures.datamodel.errors import InputError


@dataclass(frozen=True)
class Opened:
    """How people reach the app that listens now."""

    url: str
    token: str | None
    """What lets its owner in, once; None where it listens to other machines."""
    by_name: bool
    """Whether there are users who may sign in."""

    @property
    def enter_url(self) -> str | None:
        """The address that lets the owner in."""
        return f"{self.url}/enter/{self.token}" if self.token else None


def serve_web(
    paths: Sequence[Path],
    *,
    port: int,
    reviewer: str,
    on_ready: Callable[[Opened], None],
    host: str = "127.0.0.1",
    allowed_hosts: Sequence[str] = (),
    behind_tls: bool = False,
    datasets: Sequence[Path] = (),
) -> None:
    """Serve the app. `reviewer` is the owner's name, for whom there is a token while it listens on loopback; `datasets`
    are folders of datasets to show besides the campaigns' own.

    Raises:
        InputError: a campaign cannot be read, nothing can listen there, or other machines could come in by no name.
    """
    users = Users()
    by_name = bool(users.all())
    alone = is_loopback(host) and not behind_tls
    if not (by_name or alone):
        at = host if not is_loopback(host) else "the other end of a proxy"
        raise InputError(
            f"at {at} the app lets in named users alone, and there are none: "
            "add one with `miniatures users add NAME --rights owner`"
        )
    sessions = Sessions(still_known=users.knows)
    token = sessions.token_for(Visitor(reviewer, Rights.OWNER)) if alone else None
    # What is known of all drafts stays for good, and is not looked through each time that garbage is collected.
    site = Site(Desks(paths, settled=gc.freeze), sessions, SignIn(users), behind_tls, tuple(datasets))

    def tell(bound: int) -> None:
        through_proxy = f"https://{allowed_hosts[0]}" if behind_tls and allowed_hosts else None
        on_ready(Opened(through_proxy or f"http://{reached(host)}:{bound}", token, by_name))

    try:
        listen(web_app(site, names=(host, *allowed_hosts)), host, port, on_ready=tell)
    finally:
        asyncio.run(site.desks.close())
