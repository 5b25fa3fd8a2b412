"""`miniatures app`: the web app in which people review, read and watch."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from miniatures.app.address import ANYWHERE, is_loopback

if TYPE_CHECKING:
    from miniatures.app.web.serve import Opened

_IN_CLEAR = (
    "Warning: passwords cross the network in clear. Put a proxy that speaks TLS before the app, and start it with "
    "--behind-tls."
)


def app(
    campaigns: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[CAMPAIGN]...", help="Campaign files, or folders that hold a campaign.yaml."),
    ] = None,
    host: Annotated[
        str, typer.Option(help="Address to listen at; another one needs users, see `miniatures users`.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen at; 0: any free one.")] = 8080,
    reviewer: Annotated[
        str | None, typer.Option(envvar="MINIATURES_REVIEWER", help="Who reviews; your login name if left out.")
    ] = None,
    allowed_host: Annotated[
        list[str] | None,
        typer.Option(help="A name that browsers reach the app by, besides localhost and addresses; repeatable."),
    ] = None,
    dataset: Annotated[
        list[Path] | None,
        typer.Option(metavar="FOLDER", help="A dataset to show, or a folder that holds some; repeatable."),
    ] = None,
    behind_tls: Annotated[
        bool, typer.Option("--behind-tls", help="Browsers reach it through a proxy that speaks TLS, and no other way.")
    ] = False,
) -> None:
    """Open the app: review drafts in the browser, and watch campaigns, models and traces.

    It prints an address that lets in once. Ctrl-C ends it.
    """
    from miniatures.app.web.serve import serve_web
    from miniatures.cli.review import reviewer_name

    def tell(opened: Opened) -> None:
        typer.echo(_ready(opened, host), err=True)
        if not (behind_tls or is_loopback(host)):
            typer.echo(_IN_CLEAR, err=True)

    serve_web(
        campaigns or [],
        port=port,
        reviewer=reviewer_name(reviewer),
        on_ready=tell,
        host=host,
        allowed_hosts=allowed_host or (),
        behind_tls=behind_tls,
        datasets=dataset or (),
    )


def _ready(opened: Opened, host: str) -> str:
    """What a person needs to know to come in."""
    if opened.enter_url is None:
        at = f" (it listens at {host})" if host in ANYWHERE else ""
        return f"Open {opened.url}/login{at} and sign in by name. Ctrl-C ends the app."
    named = f" Users sign in at {opened.url}/login." if opened.by_name else ""
    return f"Open {opened.enter_url}\nIt lets in once.{named} Ctrl-C ends the app."
