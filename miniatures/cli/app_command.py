"""`miniatures app`: the web app in which people review, read and watch."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Annotated

import typer


def app(
    campaigns: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[CAMPAIGN]...", help="Campaign files, or folders that hold a campaign.yaml."),
    ] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen at; 0: any free one.")] = 8080,
    reviewer: Annotated[
        str | None, typer.Option(envvar="MINIATURES_REVIEWER", help="Who reviews; your login name if left out.")
    ] = None,
) -> None:
    """Open the app: review drafts in the browser, and watch campaigns, models and traces.

    It prints an address that lets in once. Ctrl-C ends it.
    """
    from miniatures.app.web.serve import serve_web

    def tell(url: str) -> None:
        typer.echo(f"Open {url}", err=True)
        typer.echo("It lets in once. Ctrl-C ends the app.", err=True)

    serve_web(campaigns or [], port=port, reviewer=reviewer or getpass.getuser(), on_ready=tell)
