"""Where everything of a campaign lies, as its file says it: every path starts at the folder of the file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from miniatures.datamodel.campaign import Campaign
from miniatures.datamodel.store_url import SQLITE, sqlite_path


@dataclass(frozen=True)
class CampaignPlaces:
    """A campaign and the file that it stands in. Paths are given with links followed."""

    campaign: Campaign
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
        path = sqlite_path(url)
        return url if path in (None, "", ":memory:") else f"{SQLITE}{self.resolve(path)}"

    def resolve(self, path: Path | str) -> Path:
        """A path as the campaign file means it."""
        return (self.folder / Path(path).expanduser()).resolve()
