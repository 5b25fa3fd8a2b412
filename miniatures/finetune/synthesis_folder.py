"""Writes synthesized campaigns as folders that every other command can open: one for each brief, over one store."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import yaml

from miniatures.datamodel.brief import Brief
from miniatures.datamodel.errors import writing
from miniatures.finetune.situations import Situation
from miniatures.finetune.synthesize import campaign_of
from miniatures.inputs.campaign import campaign_places
from miniatures.inputs.reach import reach_of
from miniatures.inputs.trust import trust

STORE_FILE = "traces.sqlite"
_COLUMNS = "email,first_name,last_name,title,company"


def write_campaigns(folder: Path, name: str, teacher: str, situations: Iterable[Situation]) -> list[Path]:
    """A campaign folder for each brief; nobody stands on its list, as nobody is to be written to.

    Raises:
        InputError: the folder cannot be written.
    """
    by_brief = {situation.brief_slug: situation for situation in situations}
    return [_write(folder / slug, campaign_of(name, one), teacher, one.brief) for slug, one in sorted(by_brief.items())]


def _write(folder: Path, campaign: str, teacher: str, brief: Brief) -> Path:
    settings = {
        "name": campaign,
        "brief": "brief.md",
        "prospects": "prospects.csv",
        "search": "local:.",
        "backends": {"teacher": {"use": teacher}},
        "roles": {"researcher": "teacher", "writer": "teacher"},
        "store": f"sqlite:///../{STORE_FILE}",
    }
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "campaign.yaml").write_text(_yaml(settings), encoding="utf-8")
        (folder / "brief.md").write_text(brief_markdown(brief), encoding="utf-8")
        (folder / "prospects.csv").write_text(f"{_COLUMNS}\n", encoding="utf-8")
    places = campaign_places(folder)
    trust(places.path, reach_of(places))  # its user has just named the teacher and the folder
    return folder


def brief_markdown(brief: Brief) -> str:
    """The brief as the file that `load_brief` reads back."""
    fields = brief.model_dump(mode="json", exclude={"background"})
    return f"---\n{_yaml(fields)}---\n\n{brief.background}\n"


def _yaml(content: object) -> str:
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=100)
