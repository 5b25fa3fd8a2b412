"""Searches, fetches and ranks: one round of looking for what the dossier lacks."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest

from miniatures.agents.candidates import Candidate, rank_sentences, within_limits
from miniatures.agents.companies import about_another
from miniatures.agents.context import CampaignContext
from miniatures.agents.own_site import OwnSite
from miniatures.agents.own_tools import searched
from miniatures.agents.reading import problem_of, read_hits
from miniatures.agents.state import Gathered, RankedSentence
from miniatures.agents.tools.crawl import SiteRead, page_name
from miniatures.agents.tools.search.base import ANSWERED, SearchHit, SearchOutcome, SearchQuery, SearchStatus
from miniatures.checks.evidence import age_trouble
from miniatures.datamodel.dossier import Problem, SetAside, SetAsideReason
from miniatures.datamodel.evidence import Evidence, Page, SourceRef
from miniatures.datamodel.prospect import Prospect

_MOST_SET_ASIDE = 12
_LONG_TEXT = 60_000
"""Characters of page text from which ranking and sifting go to a thread."""


async def gather_once(
    context: CampaignContext,
    prospect: Prospect,
    queries: Sequence[SearchQuery],
    seen: frozenset[str],
    seconds: float,
) -> Gathered:
    """Ask every query at once, read pages for at most `seconds`, and keep the sentences worth choosing from.

    First come the pages that the queries lead to, then those of the prospect's own site that they did not.
    """
    outcomes = await _search_all(context, queries)
    started = asyncio.get_running_loop().time()
    reading = await _read(context, prospect, outcomes, seen, started + seconds)
    spent = asyncio.get_running_loop().time() - started
    good, set_aside = await _sifted(context, prospect, reading.pages)
    return _gathered(queries, outcomes, reading, within_limits(good, context.research), set_aside, spent)


async def _search_all(context: CampaignContext, queries: Sequence[SearchQuery]) -> list[SearchOutcome]:
    search = context.search
    if search is None:
        nothing = SearchOutcome(status=SearchStatus.FAILED, detail="the context has no search provider")
        return [nothing for _ in queries]
    return await asyncio.gather(*(searched(search, query, context.research.pages) for query in queries))


def _of_search(query: SearchQuery, outcome: SearchOutcome) -> list[Problem]:
    if outcome.status in ANSWERED:
        return []
    return [Problem(where=query.text, kind=outcome.status.value, detail=outcome.detail)]


def _fresh_hits(outcomes: Iterable[SearchOutcome], seen: frozenset[str]) -> list[SearchHit]:
    """The hits of all queries by turns, best first, each URL once and none that was read before."""
    hits: dict[str, SearchHit] = {}
    for rank in zip_longest(*(outcome.hits for outcome in outcomes)):
        for hit in rank:
            if hit is not None and page_name(hit.url) not in seen:
                hits.setdefault(page_name(hit.url), hit)
    return list(hits.values())


@dataclass(frozen=True)
class _Reading:
    """What reading pages brought: the pages, each text once, the names of those asked for, and what went wrong."""

    pages: list[Page]
    names: tuple[str, ...]
    problems: list[Problem]


async def _read(
    context: CampaignContext,
    prospect: Prospect,
    outcomes: Sequence[SearchOutcome],
    seen: frozenset[str],
    deadline: float,
) -> _Reading:
    own, most = OwnSite(context, prospect), context.research.pages
    hits = _fresh_hits(outcomes, seen)
    answered = any(outcome.status in ANSWERED for outcome in outcomes)
    hits = hits[: most - own.share(hits[:most]) if answered else most]
    fetched = await read_hits(context, hits, deadline)
    names = tuple(page_name(hit.url) for hit in hits)
    site = await own.read(most - len(hits), seen | {*names}, deadline) if answered else SiteRead()
    pages: dict[str, Page] = {}
    for page in (*fetched.pages, *site.pages):
        pages.setdefault(page.text_hash, page)
    return _Reading(
        pages=list(pages.values()),
        names=(*names, *(page_name(page.url) for page in site.pages)),
        problems=[problem_of(outcome) for outcome in (*fetched.problems, *site.problems)],
    )


async def _sifted(
    context: CampaignContext, prospect: Prospect, pages: list[Page]
) -> tuple[list[Candidate], list[SetAside]]:
    def sifted() -> tuple[list[Candidate], list[SetAside]]:
        return _sift(context, prospect, rank_sentences(pages, context.brief, prospect))

    is_long = sum(len(page.text) for page in pages) >= _LONG_TEXT
    return await asyncio.to_thread(sifted) if is_long else sifted()


def _sift(
    context: CampaignContext, prospect: Prospect, ranked: Sequence[Candidate]
) -> tuple[list[Candidate], list[SetAside]]:
    """Puts stale and foreign sentences aside, down to the place where enough good ones have been seen."""
    good: list[Candidate] = []
    aside: list[SetAside] = []
    now = context.now()
    for candidate in ranked:
        if len(good) >= 2 * context.research.candidates:
            break
        reason, detail = _unusable(context, prospect, candidate, now)
        if reason is None:
            good.append(candidate)
        elif len(aside) < _MOST_SET_ASIDE:
            aside.append(SetAside(evidence=_evidence(candidate), reason=reason, detail=detail))
    return good, aside


def _unusable(
    context: CampaignContext, prospect: Prospect, candidate: Candidate, now: datetime
) -> tuple[SetAsideReason | None, str]:
    foreign = about_another(candidate.sentence, candidate.page, prospect)
    if foreign:
        return SetAsideReason.OTHER_COMPANY, foreign
    stale = age_trouble(_evidence(candidate), now, context.research.max_age_days)
    return (SetAsideReason.STALE, stale) if stale else (None, "")


def _evidence(candidate: Candidate) -> Evidence:
    page = _reference(candidate.page).model_dump()
    return Evidence(**page, quote=candidate.sentence, signal=candidate.signal)


def _reference(page: Page) -> SourceRef:
    return SourceRef(**page.model_dump(include=set(SourceRef.model_fields)))


def _gathered(
    queries: Sequence[SearchQuery],
    outcomes: Sequence[SearchOutcome],
    reading: _Reading,
    candidates: Sequence[Candidate],
    set_aside: Sequence[SetAside],
    seconds: float,
) -> Gathered:
    pages = list({id(candidate.page): candidate.page for candidate in candidates}.values())
    places = {id(page): place for place, page in enumerate(pages)}
    searched = [problem for asked in zip(queries, outcomes, strict=True) for problem in _of_search(*asked)]
    return Gathered(
        queries=tuple(query.text for query in queries),
        urls=reading.names,
        searches=tuple(outcome.status for outcome in outcomes),
        pages=tuple(map(_reference, pages)),
        sentences=tuple(
            RankedSentence(text=one.sentence, page=places[id(one.page)], signal=one.signal) for one in candidates
        ),
        set_aside=tuple(set_aside),
        problems=(*searched, *reading.problems),
        seconds=round(seconds, 3),
    )
