"""Searches, fetches and ranks: one round of looking for what the dossier lacks."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import zip_longest

from miniatures.agents.candidates import Candidate, rank_sentences, within_limits
from miniatures.agents.companies import about_another
from miniatures.agents.context import CampaignContext
from miniatures.agents.state import Gathered, RankedSentence
from miniatures.agents.tools.fetching import FetchStatus
from miniatures.agents.tools.search.base import SearchHit, SearchOutcome, SearchQuery, SearchStatus
from miniatures.checks.evidence import age_trouble
from miniatures.datamodel.dossier import Problem, SetAside, SetAsideReason
from miniatures.datamodel.evidence import Evidence, Page, SourceRef
from miniatures.datamodel.prospect import Prospect

_MOST_SET_ASIDE = 12
_LONG_TEXT = 60_000
"""Characters of page text from which ranking goes to a thread."""


async def gather_once(
    context: CampaignContext, prospect: Prospect, queries: Sequence[SearchQuery], seen: frozenset[str]
) -> Gathered:
    """Ask every query at once, read the pages they lead to, and keep the sentences worth choosing from."""
    outcomes = await _search_all(context, queries)
    problems = [
        problem for query, outcome in zip(queries, outcomes, strict=True) for problem in _of_search(query, outcome)
    ]
    hits = _fresh_hits(outcomes, seen)[: context.research.pages]
    pages, fetch_problems = await _read_all(context, hits)
    ranked = await _ranked(context, prospect, pages)
    good, set_aside = _sift(context, prospect, ranked)
    return _gathered(
        queries, hits, outcomes, within_limits(good, context.research), set_aside, [*problems, *fetch_problems]
    )


async def _search_all(context: CampaignContext, queries: Sequence[SearchQuery]) -> list[SearchOutcome]:
    search = context.search
    if search is None:
        nothing = SearchOutcome(status=SearchStatus.FAILED, detail="the context has no search provider")
        return [nothing for _ in queries]
    return await asyncio.gather(*(search.search(query, context.research.pages) for query in queries))


def _of_search(query: SearchQuery, outcome: SearchOutcome) -> list[Problem]:
    if outcome.status in {SearchStatus.FOUND, SearchStatus.EMPTY}:
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


def page_name(url: str) -> str:
    """The URL without its fragment and trailing slash, by which a page is known again."""
    return url.partition("#")[0].rstrip("/")


async def _read_all(context: CampaignContext, hits: Sequence[SearchHit]) -> tuple[list[Page], list[Problem]]:
    read = [(hit.page, None) for hit in hits] if all(hit.page for hit in hits) else await _fetch_all(context, hits)
    pages = {page.text_hash: page for page, _ in reversed(read) if page is not None}
    ordered = [page for page, _ in read if page is not None and pages.get(page.text_hash) is page]
    return ordered, [problem for _, problem in read if problem is not None]


async def _fetch_all(context: CampaignContext, hits: Sequence[SearchHit]) -> list[tuple[Page | None, Problem | None]]:
    return await asyncio.gather(*(_read(context, hit) for hit in hits))


async def _read(context: CampaignContext, hit: SearchHit) -> tuple[Page | None, Problem | None]:
    if hit.page is not None:
        return hit.page, None
    if context.fetcher is None:
        return None, Problem(where=hit.url, kind=FetchStatus.FAILED.value, detail="the context has no fetcher")
    outcome = await context.fetcher.fetch(hit.url)
    if outcome.status is FetchStatus.FETCHED:
        return outcome.page, None
    return None, Problem(where=hit.url, kind=outcome.status.value, detail=outcome.detail)


async def _ranked(context: CampaignContext, prospect: Prospect, pages: list[Page]) -> list[Candidate]:
    if sum(len(page.text) for page in pages) < _LONG_TEXT:
        return rank_sentences(pages, context.brief, prospect)
    return await asyncio.to_thread(rank_sentences, pages, context.brief, prospect)


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
    hits: Sequence[SearchHit],
    outcomes: Sequence[SearchOutcome],
    candidates: Sequence[Candidate],
    set_aside: Sequence[SetAside],
    problems: Sequence[Problem],
) -> Gathered:
    pages = list({id(candidate.page): candidate.page for candidate in candidates}.values())
    places = {id(page): place for place, page in enumerate(pages)}
    return Gathered(
        queries=tuple(query.text for query in queries),
        urls=tuple(page_name(hit.url) for hit in hits),
        searches=tuple(outcome.status for outcome in outcomes),
        pages=tuple(map(_reference, pages)),
        sentences=tuple(
            RankedSentence(text=one.sentence, page=places[id(one.page)], signal=one.signal) for one in candidates
        ),
        set_aside=tuple(set_aside),
        problems=tuple(problems),
    )
