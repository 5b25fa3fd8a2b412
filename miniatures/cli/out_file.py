"""Keeps what a command writes apart from what the campaign is made of: an export over the list would lose the list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from miniatures.datamodel.errors import InputError
from miniatures.datamodel.store_url import sqlite_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from miniatures.inputs.places import CampaignPlaces

TABLES = (".csv", ".xlsx")
"""How the files end that an export writes; none is a page."""


def require_ending(out: Path, known: Sequence[str]) -> None:
    """Refuse a file that is not called like what is written.

    Raises:
        InputError: its name has none of the known endings.
    """
    if out.suffix.lower() not in known:
        raise InputError(
            f"--out {out}: the name must end in {' or '.join(known)}", hint=f"Write: --out emails{known[0]}"
        )


def require_no_input(out: Path, places: CampaignPlaces) -> None:
    """Refuse a file that the campaign itself is read from or kept in, whatever link leads there.

    Raises:
        InputError: it is one; says which.
    """
    for what, path in _own_files(places):
        if out.resolve() == path.resolve() or (out.exists() and path.exists() and out.samefile(path)):
            raise InputError(f"--out {out} is {what}, which would be lost", hint="Name another file.")


def _own_files(places: CampaignPlaces) -> Iterator[tuple[str, Path]]:
    yield "the campaign file", places.path
    yield "the brief", places.resolve(places.campaign.brief)
    yield "the campaign's list of prospects", places.prospects_path
    kind, _, rest = places.campaign.search.use.strip().partition(":")
    if kind == "local" and rest:
        searched = places.resolve(rest)
        documents = searched.rglob("*.*") if searched.is_dir() and searched != places.folder.resolve() else ()
        pages = (path for path in documents if path.suffix.lower() not in TABLES)
        yield from (("one of the pages that are searched", path) for path in (searched, *pages))
    if places.prompts_folder is not None:
        yield from (("one of the campaign's prompts", path) for path in places.prompts_folder.iterdir())
    if store := sqlite_path(places.store_url):
        yield "the campaign's database", places.resolve(store)
