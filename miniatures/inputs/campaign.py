"""Loads a campaign: the YAML file and the brief it names, once what they reach is allowed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from miniatures.datamodel.brief import Brief
from miniatures.datamodel.campaign import Campaign, policies_of
from miniatures.datamodel.errors import InputError
from miniatures.datamodel.prospect import BadRow, Prospect
from miniatures.inputs.brief import load_brief
from miniatures.inputs.places import CampaignPlaces
from miniatures.inputs.prospects import Suppressed, nobody_suppressed, read_prospects
from miniatures.inputs.reach import reach_of
from miniatures.inputs.text_file import require_file
from miniatures.inputs.trust import require_trust
from miniatures.inputs.validation import validate
from miniatures.inputs.yaml_file import YamlDocument, load_yaml

CAMPAIGN_FILE = "campaign.yaml"


@dataclass(frozen=True)
class LoadedCampaign(CampaignPlaces):
    """A campaign with its brief."""

    brief: Brief

    def prospects(self, suppressed: Suppressed = nobody_suppressed) -> Iterator[Prospect | BadRow]:
        """Stream the prospects, as `read_prospects` does."""
        return read_prospects(_shown(self.prospects_path), self.campaign.columns, suppressed=suppressed)


def load_campaign(path: Path | str, *, trusted: bool = False) -> LoadedCampaign:
    """Load a campaign file, or the campaign.yaml of a folder.

    Nothing beyond its folder is read before a person has allowed it, with `miniatures trust` or by `trusted`.

    Raises:
        InputError: names the file, the line and the key of each mistake.
        NotTrusted: it reaches beyond its folder, and nobody has allowed that; an `InputError`, too.
    """
    document, places = _read(path)
    if not trusted:
        require_trust(places.path, reach_of(places))
    campaign, folder = places.campaign, places.folder
    for key, named in (("brief", campaign.brief), ("prospects", campaign.prospects)):
        _require_named(document, key, folder / named.expanduser())
    brief = load_brief(_shown(folder / campaign.brief.expanduser()))
    _require_writers(campaign, brief)
    return LoadedCampaign(campaign=campaign, brief=brief, path=places.path)


def _require_writers(campaign: Campaign, brief: Brief) -> None:
    """Without a writer the words around the news are ours, and those are English."""
    if brief.language.lower().startswith("en"):
        return
    for arm, policy in policies_of(campaign).items():
        if policy.roles.writer is None:
            where = f"arm {arm}: " if arm else ""
            raise InputError(
                f"{where}without a writer emails are in English, and {campaign.brief} asks for {brief.language}",
                hint="Name a backend as the writer, or write the brief in English.",
            )


def campaign_places(path: Path | str) -> CampaignPlaces:
    """What the campaign file alone says; nothing that it names is read.

    Raises:
        InputError: names the file, the line and the key of each mistake.
    """
    return _read(path)[1]


def _read(path: Path | str) -> tuple[YamlDocument, CampaignPlaces]:
    file = _campaign_file(Path(path).expanduser()).resolve()
    document = load_yaml(_shown(file))
    return document, CampaignPlaces(campaign=validate(Campaign, document), path=file)


def _campaign_file(path: Path) -> Path:
    if not path.is_dir():
        return path
    if (path / CAMPAIGN_FILE).is_file():
        return path / CAMPAIGN_FILE
    files = sorted([*path.glob("*.yaml"), *path.glob("*.yml")])
    named = ", ".join(str(file) for file in files)
    hint = f"Name the file itself: {named}." if files else "`miniatures init NAME` writes a campaign to start from."
    raise InputError(f"the folder {path} holds no {CAMPAIGN_FILE}", hint=hint)


def _shown(path: Path) -> Path:
    """The path as a person would type it: relative when it lies below the current folder."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def _require_named(document: YamlDocument, key: str, path: Path) -> None:
    try:
        require_file(_shown(path))
    except InputError as error:
        where = f"{document.path}, line {document.line((key,))}, {key}"
        raise InputError(f"{where}: {error.message}", hint=error.hint) from error
