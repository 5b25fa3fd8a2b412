"""The arguments and options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

CampaignPath = Annotated[
    Path, typer.Argument(metavar="CAMPAIGN", help="A campaign file, or a folder that holds a campaign.yaml.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
