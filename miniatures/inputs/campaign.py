"""Loads a campaign: the YAML file, the brief it names, and where everything else of it lies."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from miniatures.datamodel.brief import Brief
from miniatures.datamodel.campaign import Campaign
from miniatures.datamodel.errors import InputError
from miniatures.datamodel.prospect import BadRow, Prospect
from miniatures.datamodel.store_url import SQLITE
from miniatures.inputs.brief import load_brief
from miniatures.inputs.prospects import read_prospects
from miniatures.inputs.text_file import require_file
from miniatures.inputs.validation import validate
from miniatures.inputs.yaml_file import YamlDocument, load_yaml

CAMPAIGN_FILE = "campaign.yaml"


@dataclass(frozen=True)
class LoadedCampaign:
    """A campaign with its brief, and every path resolved against the folder of its file."""

    campaign: Campaign
    brief: Brief
    path: Path

    @property
    def name(self) -> str:
        return self.campaign.name

    @property
    def folder(self) -> Path:
        return self.path.parent

    @property
    def prospects_path(self) -> Path:
        return self.resolve(self.campaign.prospects)

    @property
    def prompts_folder(self) -> Path | None:
        """The campaign's own templates; None if there are none."""
        folder = self.resolve(self.campaign.prompts)
        return folder if folder.is_dir() else None

    @property
    def work_folder(self) -> Path:
        """Where a run leaves what it makes: the database, the caches and the report."""
        return self.folder / "runs" / self.name

    @property
    def store_url(self) -> str:
        """The database's URL; a relative SQLite path is meant from the campaign's folder."""
        url = self.campaign.store
        if not url:
            return f"{SQLITE}{self.work_folder / 'campaign.sqlite'}"
        relative = url.startswith(SQLITE) and url != f"{SQLITE}:memory:"
        return f"{SQLITE}{self.resolve(url.removeprefix(SQLITE))}" if relative else url

    def resolve(self, path: Path | str) -> Path:
        """A path as the campaign file means it."""
        return (self.folder / Path(path).expanduser()).resolve()

    def prospects(self) -> Iterator[Prospect | BadRow]:
        """Stream the prospects, as `read_prospects` does."""
        return read_prospects(_shown(self.prospects_path), self.campaign.columns)


def load_campaign(path: Path | str) -> LoadedCampaign:
    """Load a campaign file, or the campaign.yaml of a folder.

    Raises:
        InputError: names the file, the line and the key of each mistake.
    """
    file = _campaign_file(Path(path).expanduser()).resolve()
    document = load_yaml(_shown(file))
    campaign = validate(Campaign, document)
    for key, named in (("brief", campaign.brief), ("prospects", campaign.prospects)):
        _require_named(document, key, file.parent / named.expanduser())
    brief = load_brief(_shown(file.parent / campaign.brief.expanduser()))
    return LoadedCampaign(campaign=campaign, brief=brief, path=file)


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
