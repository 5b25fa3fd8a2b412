"""`miniatures demo`: a whole campaign on this machine, against example web sites that it serves itself."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from miniatures.cli.terminal import command
from miniatures.datamodel.errors import InputError

_EXAMPLE = Path("examples") / "cold_storage"


def demo(
    campaign: Annotated[Path | None, typer.Option(help="Another campaign file.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first N prospects of the list.")] = None,
    sites: Annotated[Path | None, typer.Option(help="Another folder of web sites, one folder a host name.")] = None,
) -> None:
    """Run the example campaign on this machine; no key needed.

    Real pages are fetched over HTTP from loopback, and a small model in this process writes. A second run does nothing
    twice.
    """
    from miniatures.agents.tools.site_server import serve_sites
    from miniatures.cli.run_command import exit_code, run_and_show
    from miniatures.inputs.campaign import load_campaign

    file = campaign or _example_folder() / "campaign.yaml"
    loaded = load_campaign(file)
    with serve_sites(sites or loaded.folder / "sites") as served:
        typer.echo(f"Serving the example sites on 127.0.0.1:{served.port}")
        hosts = dict.fromkeys(loaded.campaign.hosts, f"127.0.0.1:{served.port}")
        resume = command("demo", *(["--campaign", campaign] if campaign else []))
        summary = run_and_show(loaded, shown_path=file, limit=limit, hosts=hosts, resume=resume, listing=True)
    raise typer.Exit(exit_code(summary))


def _example_folder() -> Path:
    """The example in the current folder or in the checkout that this package was installed from."""
    checkout = Path(__file__).resolve().parents[2]
    for base in (Path(), checkout):
        if (base / _EXAMPLE / "campaign.yaml").is_file():
            return base / _EXAMPLE
    raise InputError(
        f"the folder {_EXAMPLE} is not here: the demo's files come with the source, not with the package",
        hint="Run it in a checkout of the source, or name a campaign with --campaign.",
    )
