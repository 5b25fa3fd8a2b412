"""Files of a campaign that name a person: previews are ours to delete, all others are their owner's to mend."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path

from miniatures.datamodel.mention import Mentions
from miniatures.datamodel.prospect import Prospect, normalize_email
from miniatures.inputs.campaign import LoadedCampaign
from miniatures.inputs.prospects import open_list

_MOST_BYTES = 100_000_000
"""Larger files are not looked into; nothing that the tool writes for people is as large."""


def previews_naming(loaded: LoadedCampaign, mentions: Mentions) -> list[Path]:
    """What `miniatures preview` left of the person."""
    folder = loaded.work_folder / "preview"
    return [path for path in _files(folder) if names(path, mentions)]


def files_naming(loaded: LoadedCampaign, mentions: Mentions) -> list[Path]:
    """Other files below the campaign's folder that name the person, such as exports and pages of `local:` sites.

    Databases are read as such elsewhere, and the list by its lines.
    """
    passed = {loaded.prospects_path, loaded.work_folder / "report.html"}
    found = (path for path in _files(loaded.folder) if path not in passed and ".sqlite" not in path.name)
    return [path for path in found if names(path, mentions)]


def listed_lines(loaded: LoadedCampaign, email: str) -> list[int]:
    """The lines of the campaign's list that hold the address, counted from 1 as an editor counts."""
    wanted = normalize_email(email)
    rows = open_list(loaded.prospects_path, loaded.campaign.columns).rows
    return [row.line for row in rows if normalize_email(row.entry.email or "") == wanted]


def listed_as(loaded: LoadedCampaign, email: str) -> list[Prospect]:
    """The prospects of the campaign's list that have the address."""
    wanted = normalize_email(email)
    return [row for row in loaded.prospects() if isinstance(row, Prospect) and row.email == wanted]


def names(path: Path, mentions: Mentions) -> bool:
    """Whether a file's name or content names the person; of a workbook, any of its parts."""
    return mentions.are_in(path.name) or any(mentions.are_in_bytes(part) for part in _parts(path))


def _parts(path: Path) -> Iterator[bytes]:
    if path.stat().st_size > _MOST_BYTES:
        return
    if not zipfile.is_zipfile(path):
        yield path.read_bytes()
        return
    with zipfile.ZipFile(path) as archive:
        for entry in archive.infolist():
            if entry.file_size <= _MOST_BYTES:
                yield archive.read(entry)


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink())
