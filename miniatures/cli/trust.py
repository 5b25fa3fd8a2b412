"""`miniatures trust`: a person allows a campaign what lies beyond its folder."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from miniatures.cli.arguments import CampaignPath
from miniatures.datamodel.foreign_text import visible

if TYPE_CHECKING:
    from miniatures.datamodel.errors import NotTrusted


def trust(
    campaign: CampaignPath,
    yes: Annotated[bool, typer.Option("--yes", help="Allow it without being asked.")] = False,
) -> None:
    """Say what a campaign reaches beyond its folder, and allow it. What it comes to reach later is asked about anew."""
    from miniatures.inputs.campaign import campaign_places
    from miniatures.inputs.reach import reach_of
    from miniatures.inputs.trust import trust as allow

    places, shown = campaign_places(campaign), visible(str(campaign))
    reach = reach_of(places)
    if not reach:
        typer.echo(f"{shown} keeps to its own folder: there is nothing to allow")
    elif yes or _agreed(reach, err=False):
        allow(places.path, reach)
        typer.echo(f"{shown} is trusted with this")
    else:
        raise typer.Exit(2)


def asked_for_trust(error: NotTrusted) -> bool:
    """Ask the person at the terminal, if there is one, and remember a yes."""
    from miniatures.inputs.trust import trust as allow

    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    typer.echo(f"{visible(str(error.file))} is not trusted yet.", err=True)
    agreed = _agreed(error.reach, err=True)
    if agreed:
        allow(error.file, error.reach)
    return agreed


def _agreed(reach: tuple[str, ...], *, err: bool) -> bool:
    typer.echo("Beyond its folder, it\n" + "\n".join(f"  - {one}" for one in reach), err=err)
    return typer.confirm("Do you trust whoever wrote it?", err=err)
