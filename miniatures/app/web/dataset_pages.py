"""The datasets: what is in each, what was left out and why, and its examples with what they were made from."""

from __future__ import annotations

import asyncio
import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlencode

from pydantic import Field
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from miniatures.app.door import Refused
from miniatures.app.web.forms import query_of
from miniatures.app.web.guard import Guard
from miniatures.app.web.model_facts import Origin, origins, parts_of
from miniatures.app.web.rendering import page
from miniatures.app.web.shelf import SHORT, Shelved, shelf, shelved_as
from miniatures.app.web.site import Site, site_of
from miniatures.datamodel.dataset import DatasetRow, Split
from miniatures.datamodel.errors import InputError
from miniatures.datamodel.example import Source
from miniatures.datamodel.frozen import Frozen
from miniatures.finetune.dataset.row_index import RowPlace
from miniatures.finetune.dataset.stats import DatasetStats
from miniatures.weights.listing import readable_cards
from miniatures.weights.registry import Registry


def routes(guard: Guard) -> list[Route]:
    """The pages of this module."""
    return [
        Route("/datasets", guard.reviewers(show_datasets), methods=["GET"]),
        Route("/datasets/{dataset}", guard.reviewers(show_dataset), methods=["GET"]),
        Route("/datasets/{dataset}/lengths", guard.reviewers(show_lengths), methods=["GET"]),
    ]


PAGE = 20

STANDS_BEHIND = {
    Source.GOLD: "written by hand",
    Source.VARIANT: "a variant of one that was written by hand",
    Source.ACCEPTED: "a reviewer accepted it",
    Source.EDITED: "a reviewer edited it",
    Source.CHECKED: "it passed the checks, and nobody reviewed it",
    Source.TEACHER: "a teacher's, and nobody reviewed it",
    Source.OWN: "a chat of one's own",
}
"""Who stands behind an answer, by its source."""


class ExampleQuery(Frozen):
    """A page of a dataset's examples."""

    split: Split | None = None
    role: str = ""
    source: str = Field(default="", description="Who stands behind the answer.")
    origin: str = Field(default="", description="Only what was made from calls of this open campaign.")
    page: int = Field(default=1, ge=1, le=1_000_000)


@dataclass(frozen=True)
class Trained:
    """The miniatures that were trained or evaluated on datasets, by the dataset's hash, each as name and version."""

    on: dict[str, list[tuple[str, str]]]
    evaluated: dict[str, list[tuple[str, str]]]

    def missing(self, known: Iterable[str]) -> list[str]:
        """The datasets that cards name and that are in no folder that is known."""
        return sorted({*self.on, *self.evaluated} - set(known))


@dataclass(frozen=True)
class Link:
    """One thing that an example was made from, and where it can be seen; no address where that is not here."""

    words: str
    url: str = ""


@dataclass(frozen=True)
class Examples:
    """A page of examples, how many pass the filter, and the links of each by its id."""

    rows: tuple[tuple[Split, DatasetRow], ...]
    total: int
    links: dict[str, tuple[Link, ...]]
    actions: Counter[str]
    origins: tuple[str, ...]


async def show_datasets(request: Request) -> Response:
    """All datasets, and those that cards name and that are not here."""
    shelved, trained = await asyncio.to_thread(lambda: (shelf(site_of(request)), _trained()))
    missing = trained.missing(one.hash for one in shelved)
    return page(
        request, "datasets.html.jinja", shelved=shelved, trained=trained, missing=missing, short=SHORT, Split=Split
    )


async def show_dataset(request: Request) -> Response:
    """One dataset: its manifest in words, and a page of its examples."""
    asked, site = query_of(request, ExampleQuery), site_of(request)
    shelved = await _shelved(request)
    if shelved.short != request.path_params["dataset"]:
        return RedirectResponse(_url(shelved, asked), status_code=303)
    try:
        found, trouble = await asyncio.to_thread(_examples, site, shelved, asked), None
    except InputError as error:
        found, trouble = Examples((), 0, {}, Counter(), ()), error
    return page(
        request,
        "dataset.html.jinja",
        one=shelved,
        manifest=shelved.dataset.manifest if shelved.dataset else None,
        trained=await asyncio.to_thread(_trained),
        asked=asked,
        found=found,
        trouble=trouble,
        first=(asked.page - 1) * PAGE + 1,
        pages=-(-found.total // PAGE),
        url_of=lambda **changes: _url(shelved, asked.model_copy(update=changes)),
        stands_behind=STANDS_BEHIND,
        pretty=lambda value: json.dumps(value, ensure_ascii=False, indent=2, default=str),
        Split=Split,
    )


async def show_lengths(request: Request) -> Response:
    """How long the prompts and answers of a dataset are."""
    shelved = await _shelved(request)

    def counted() -> DatasetStats:
        return shelved.stats

    try:
        stats = await asyncio.to_thread(counted)
    except InputError as error:
        raise Refused(409, "damaged_dataset", error.message, hint=error.hint) from error
    return page(request, "dataset_lengths.html.jinja", one=shelved, stats=stats)


def _examples(site: Site, shelved: Shelved, asked: ExampleQuery) -> Examples:
    """A page of the examples that pass the filter, with links to what they were made from."""
    index = shelved.index
    made = list(origins(site.desks, (part for place in index.places for part in place.lineage)))
    chosen = index.chosen(asked.split, asked.role, asked.source)
    wanted = next((one for one in made if one.campaign == asked.origin), None)
    if asked.origin:
        chosen = [place for place in chosen if wanted is not None and _from(place, wanted)]
    start = (asked.page - 1) * PAGE
    shown = chosen[start : start + PAGE]
    rows = tuple(zip((place.split for place in shown), index.rows(shown), strict=True))
    return Examples(
        rows=rows,
        total=len(chosen),
        links={row.id: tuple(_link(part, made) for part in row.example.lineage) for _, row in rows},
        actions=_actions(index.places),
        origins=tuple(one.campaign for one in made),
    )


def _actions(places: Iterable[RowPlace]) -> Counter[str]:
    """What reviewers did to what is in it, each review once."""
    reviews = {part for place in places for part in place.lineage if part.startswith("review:")}
    return Counter(parts[2] for review in reviews if len(parts := review.split(":")) > 2)


def _from(place: RowPlace, origin: Origin) -> bool:
    calls, reviews = parts_of(place.lineage)
    return not origin.held.calls.keys().isdisjoint(calls) or not origin.held.reviews.keys().isdisjoint(reviews)


def _link(part: str, made: Iterable[Origin]) -> Link:
    kind, _, rest = part.partition(":")
    id, _, action = rest.partition(":")
    for origin in made:
        if kind == "trace" and id in origin.held.calls:
            return Link(f"a call of {origin.campaign}", f"/c/{origin.campaign}/trace/{id}")
        if kind == "review" and id in origin.held.reviews:
            draft = origin.held.reviews[id][1]
            words = f"a review in {origin.campaign}: {action.replace('_', ' ')}"
            return Link(words, f"/c/{origin.campaign}/drafts/{draft}?show=all" if draft else "")
    return Link(part)


def _trained() -> Trained:
    on: dict[str, list[tuple[str, str]]] = defaultdict(list)
    evaluated: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for card in readable_cards(Registry()):
        if card.dataset:
            on[card.dataset].append((card.name, card.version))
        if card.evaluated_on:
            evaluated[card.evaluated_on].append((card.name, card.version))
    return Trained(on, evaluated)


async def _shelved(request: Request) -> Shelved:
    """The dataset of the address.

    Raises:
        Refused: it is in no folder that the app knows.
    """
    hash = request.path_params["dataset"]
    found = await asyncio.to_thread(shelved_as, site_of(request), hash)
    if found is None:
        raise Refused(
            404,
            "unknown_dataset",
            f"no dataset whose hash begins {hash[:SHORT]!r} lies in a folder that the app knows",
            hint="Start the app with --dataset FOLDER, once for each folder of datasets.",
        )
    return found


def _url(shelved: Shelved, asked: ExampleQuery) -> str:
    given = asked.model_dump(mode="json", exclude_defaults=True)
    return f"/datasets/{shelved.short}{'?' + urlencode(given) if given else ''}"
