"""Searches, fetches and ranks: one round of looking for what the dossier lacks."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest

from miniatures.agents.candidates import Candidate, rank_sentences, within_limits
from miniatures.agents.companies import about_another, is_own_page
from miniatures.agents.context import CampaignContext
from miniatures.agents.own_site import OwnSite
from miniatures.agents.own_tools import searched
from miniatures.agents.passages import Passage, passages
from miniatures.agents.reading import problem_of, read_hits
from miniatures.agents.roles.researcher import RESEARCHER
from miniatures.agents.roles.writer import WRITER
from miniatures.agents.state import Gathered, RankedSentence
from miniatures.agents.tools.crawl import SiteRead, page_name
from miniatures.agents.tools.search.base import ANSWERED, SearchHit, SearchOutcome, SearchQuery, SearchStatus
from miniatures.checks.evidence import age_trouble
from miniatures.checks.language import NAMES, are_alike, language_of, primary
from miniatures.datamodel.capabilities import Phrases, Questions
from miniatures.datamodel.dossier import Problem, SetAside, SetAsideReason
from miniatures.datamodel.evidence import Evidence, Page, SourceRef
from miniatures.datamodel.prospect import Prospect

_MOST_SET_ASIDE = 12
_MOST_LOOKED_AT = 2_000
"""Characters of a page by which its language is told."""
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
    if reads_in_place(context):
        kept = _placed(good[: context.research.passages])
    else:
        kept = [(one, None) for one in within_limits(good, context.research)]
    return _gathered(queries, outcomes, reading, kept, set_aside, spent)


def reads_in_place(context: CampaignContext) -> bool:
    """Whether the researcher judges each sentence in its page: then the own site is read whole."""
    capabilities = context.capabilities(RESEARCHER.name)
    return capabilities is not None and capabilities.questions is Questions.PASSAGE


def _placed(candidates: Sequence[Candidate]) -> list[tuple[Candidate, Passage | None]]:
    """Each with its place; equal sentences of one page have the first's."""
    places: dict[tuple[str, str], Passage] = {}
    for page in {one.page.text_hash: one.page for one in candidates}.values():
        for passage in passages(page):
            places.setdefault((page.text_hash, passage.text), passage)
    return [(one, places.get((one.page.text_hash, one.sentence))) for one in candidates]


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
    own, most, whole = OwnSite(context, prospect), context.research.pages, reads_in_place(context)
    hits = _fresh_hits(outcomes, seen)
    answered = any(outcome.status in ANSWERED for outcome in outcomes)
    hits = hits[: most - own.share(hits[:most]) if answered else most]
    fetched = await read_hits(context, hits, deadline)
    names = tuple(page_name(hit.url) for hit in hits)
    left = context.research.site_pages if whole else most - len(hits)
    site = await own.read(left, seen | {*names}, deadline) if answered else SiteRead()
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
    most = context.research.passages if reads_in_place(context) else 2 * context.research.candidates
    for candidate in ranked:
        if len(good) >= most:
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
    unknown = _unknown_language(context, candidate.page)
    if unknown:
        return SetAsideReason.LANGUAGE, f"the page is in {unknown}"
    judged = reads_in_place(context) and is_own_page(candidate.page.url, prospect)
    foreign = "" if judged else about_another(candidate.sentence, candidate.page, prospect)
    if foreign:
        return SetAsideReason.OTHER_COMPANY, foreign
    stale = age_trouble(_evidence(candidate), now, context.research.max_age_days)
    return (SetAsideReason.STALE, stale) if stale else (None, "")


def _unknown_language(context: CampaignContext, page: Page) -> str:
    """What the page's language is called, if a writer that phrases the opening alone does not know it, or if nobody is
    to phrase anything: then the news is told as it stands, and not translated.
    """
    if not reads_in_place(context):
        return ""
    capabilities = context.capabilities(WRITER.name)
    if capabilities is not None and capabilities.phrases is not Phrases.OPENING:
        return ""
    spoken = language_of(page.text[:_MOST_LOOKED_AT])
    known = (context.brief.language,) if capabilities is None else capabilities.languages
    foreign = spoken and known and not any(are_alike(spoken, primary(one)) for one in known)
    return NAMES[spoken] if foreign else ""


def _evidence(candidate: Candidate) -> Evidence:
    page = _reference(candidate.page).model_dump()
    return Evidence(**page, quote=candidate.sentence, signal=candidate.signal)


def _reference(page: Page) -> SourceRef:
    return SourceRef(**page.model_dump(include=set(SourceRef.model_fields)))


def _gathered(
    queries: Sequence[SearchQuery],
    outcomes: Sequence[SearchOutcome],
    reading: _Reading,
    placed: Sequence[tuple[Candidate, Passage | None]],
    set_aside: Sequence[SetAside],
    seconds: float,
) -> Gathered:
    pages = list({id(candidate.page): candidate.page for candidate, _ in placed}.values())
    places = {id(page): place for place, page in enumerate(pages)}
    searched = [problem for asked in zip(queries, outcomes, strict=True) for problem in _of_search(*asked)]
    return Gathered(
        queries=tuple(query.text for query in queries),
        urls=reading.names,
        searches=tuple(outcome.status for outcome in outcomes),
        pages=tuple(map(_reference, pages)),
        sentences=tuple(
            RankedSentence(text=one.sentence, page=places[id(one.page)], signal=one.signal, place=passage)
            for one, passage in placed
        ),
        set_aside=tuple(set_aside),
        problems=(*searched, *reading.problems),
        seconds=round(seconds, 3),
    )
