"""`miniatures track`: the public server behind the links of the emails, where people opt out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import typer

from miniatures.app.address import is_loopback

if TYPE_CHECKING:
    from collections.abc import Sequence

    from miniatures.app.track.serve import Listening


def track(
    campaigns: Annotated[
        list[Path], typer.Argument(metavar="CAMPAIGN...", help="Campaign files, or folders that hold a campaign.yaml.")
    ],
    host: Annotated[str, typer.Option(help="Address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen at; 0: any free one.")] = 8085,
    proxy: Annotated[
        list[str] | None,
        typer.Option(metavar="ADDRESS", help="A proxy that is believed when it says for whom it asks; repeatable."),
    ] = None,
) -> None:
    """Serve the links of emails: pictures, links and the page that takes opt-outs.

    It has to be reached from outside at the campaign's `send.tracking.url` for as long as people may want to opt out.
    """
    from miniatures.app.track.serve import serve_tracker

    proxies = proxy or ()

    def tell(listening: Listening) -> None:
        for line in _ready(listening, host, proxies):
            typer.echo(line, err=True)

    serve_tracker(campaigns, host=host, port=port, proxies=proxies, on_ready=tell)


def _ready(listening: Listening, host: str, proxies: Sequence[str]) -> list[str]:
    """What a person needs to know."""
    named = ", ".join(listening.campaigns)
    lines = [f"Tracking {named} at {listening.here} until Ctrl-C."]
    outside = urlsplit(listening.url)
    if is_loopback(outside.hostname or ""):
        port, named_port = urlsplit(listening.here).port, outside.port or 80
        if port != named_port:
            lines.append(f"Warning: it listens at {port}, and your emails name {named_port}: give --port {named_port}")
        return [*lines, f"The emails name {listening.url}, which nobody but this machine reaches."]
    lines.append(
        f"The emails name {listening.url}: see to it that this address leads here from outside, "
        f"by a proxy that asks {listening.here}"
    )
    if is_loopback(host) and not proxies:
        lines.append(
            "Warning: whoever comes through a proxy of this machine is taken for yourself, and counts as nobody. "
            "Name the proxy: --proxy 127.0.0.1"
        )
    if outside.scheme == "http":
        lines.append("Warning: mail providers offer their unsubscribe button for https:// addresses alone.")
    lines.append(f"Open this once in each browser that you read test emails with: {listening.own}")
    return lines
