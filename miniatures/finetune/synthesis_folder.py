"""Writes synthesized campaigns as folders that every other command can open: one for each brief, over one store."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import yaml

from miniatures.datamodel.brief import Brief
from miniatures.datamodel.errors import writing
from miniatures.datamodel.prospect import Prospect
from miniatures.finetune.situations import Situation
from miniatures.finetune.synthesize import campaign_of
from miniatures.store.store import Store

STORE_FILE = "traces.sqlite"
_COLUMNS = ("email", "first_name", "last_name", "title", "company")


def write_campaigns(folder: Path, name: str, teacher: str, situations: Iterable[Situation], store: Store) -> list[Path]:
    """A campaign folder for each brief, with everybody who stands in the store or is to come.

    Raises:
        InputError: the folder cannot be written.
    """
    by_brief: dict[str, list[Situation]] = defaultdict(list)
    for situation in situations:
        by_brief[situation.brief_slug].append(situation)
    written = []
    for slug, own in sorted(by_brief.items()):
        campaign = campaign_of(name, own[0])
        people = {result.prospect.key: result.prospect for result in store.results(campaign)}
        people |= {one.prospect.key: one.prospect for one in own}
        written.append(_write(folder / slug, campaign, teacher, own[0].brief, people.values()))
    return written


def _write(folder: Path, campaign: str, teacher: str, brief: Brief, people: Iterable[Prospect]) -> Path:
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
        with (folder / "prospects.csv").open("w", encoding="utf-8", newline="") as file:
            rows = csv.DictWriter(file, _COLUMNS, extrasaction="ignore")
            rows.writeheader()
            rows.writerows(person.model_dump() for person in people)
    return folder


def brief_markdown(brief: Brief) -> str:
    """The brief as the file that `load_brief` reads back."""
    fields = brief.model_dump(mode="json", exclude={"background"})
    return f"---\n{_yaml(fields)}---\n\n{brief.background}\n"


def _yaml(content: object) -> str:
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=100)
