"""A tiny company's own site is read whole; reading ends when the prospect's time does, and what was read is kept."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any, ClassVar

import pytest

from miniatures import build_research_graph
from miniatures.agents.context import CampaignContext
from miniatures.agents.tools.fetch.http import HttpFetcher
from miniatures.agents.tools.fetching import FetchOutcome, FetchStatus
from miniatures.agents.tools.search.base import SearchHit, SearchOutcome, SearchStatus
from miniatures.agents.tools.search.open import open_search
from miniatures.agents.tools.site_server import serve_sites
from miniatures.datamodel.campaign import FetchSettings, ResearchSettings, SearchSettings
from miniatures.datamodel.dossier import Dossier, DossierStatus
from miniatures.datamodel.prospect import Prospect
from tests.agents.scene import FixedSearch, MemoryLedger, context, page, scripted
from tests.agents.tiny_sites import TINY_SITES, someone_at, write_site
from tests.checks.cases import PROSPECT

NOTHING = SearchOutcome(status=SearchStatus.EMPTY)
LAST_SENTENCE = {
    number: json.dumps({"choices": [{"number": number, "signal": "expansion"}]}) for number in range(1, 12)
}


async def research(given: CampaignContext, prospect: Prospect = PROSPECT) -> Dossier:
    graph = build_research_graph().compile()
    dossier: Dossier = (await graph.ainvoke({"prospect": prospect}, context=given))["dossier"]
    return dossier


@pytest.mark.parametrize(
    ("site", "pages"), TINY_SITES.items(), ids=lambda one: one[1] if isinstance(one, tuple) else ""
)
@pytest.mark.parametrize("way", ["folder", "site list", "web"])
async def test_what_a_tiny_site_says_in_words_that_nobody_foresaw_is_found(
    tmp_path: Path, site: tuple[str, str], pages: dict[str, str], way: str
) -> None:
    company, host = site
    write_site(tmp_path / "sites", host, pages)
    (tmp_path / "sites.txt").write_text(f"http://{host}/\n")
    with serve_sites(tmp_path / "sites") as server:
        settings = FetchSettings(allow=(server.target,), per_host_interval_s=0)
        async with HttpFetcher(settings, hosts={"*.example": server.target}) as fetcher:
            used = SearchSettings(use={"folder": "local:sites", "site list": "local:sites.txt"}.get(way, "local:sites"))
            search: Any = open_search(used, folder=tmp_path, fetcher=fetcher)
            given = context(search=FixedSearch(NOTHING) if way == "web" else search, fetcher=fetcher)
            dossier = await research(given, someone_at(company, host))
    assert dossier.status is DossierStatus.FOUND
    assert dossier.candidates > 0
    assert not dossier.problems
    asked = given.models["researcher"].calls[0]["messages"][-1].text  # type: ignore[union-attr]
    last = list(pages.values())[-1].removeprefix("<p>").removesuffix("</p>")
    assert last in asked


SENTENCES = (
    "Every morning at five the ovens are lit by hand.",
    "Two boats bring herring on Tuesdays and Fridays.",
    "Grandmother's recipe for pickled plums is still kept secret.",
    "Visitors may watch the cheese being turned in the cellar.",
    "Our horses pull the last barrels through the old gate.",
    "Rain fell on the roof for eleven days without a break.",
    "Somebody painted the long bridge green again last autumn.",
    "Children draw the labels for each bottle of apple juice.",
    "Nobody here remembers when the tall chimney was built.",
    "Bread leaves the village on bicycles before the sun rises.",
    "Salt comes from pans that a great-uncle dug with friends.",
)


class Pages:
    """A fetcher of a site of numbered pages, each linked from the first; `slow` ones never come."""

    identity: ClassVar[dict[str, Any]] = {}

    def __init__(self, *, slow: frozenset[str] = frozenset(), count: int = 9) -> None:
        self.slow, self.asked = slow, list[str]()
        self._links = tuple(f"https://nordfrost.example/{number}" for number in range(count))

    async def fetch_links(self, url: str) -> tuple[FetchOutcome, tuple[str, ...]]:
        return await self.fetch(url), self._links if url.count("/") == 3 else ()

    async def fetch(self, url: str) -> FetchOutcome:
        self.asked.append(url)
        if url in self.slow:
            await asyncio.Event().wait()
        text = SENTENCES[sum(map(ord, url)) % len(SENTENCES)]
        return FetchOutcome(status=FetchStatus.FETCHED, url=url, page=page(text, url=url))


def links(*urls: str) -> SearchOutcome:
    return SearchOutcome(status=SearchStatus.FOUND, hits=tuple(SearchHit(url=url) for url in urls))


HOME = "https://nordfrost.example/"


async def test_own_pages_come_after_the_hits_each_once_and_within_the_page_limit() -> None:
    fetcher = Pages()
    search = FixedSearch(links(f"{HOME}3", "https://trade.example/a"))
    await research(context(search=search, fetcher=fetcher, research=ResearchSettings(pages=5)))
    assert fetcher.asked == [f"{HOME}3", "https://trade.example/a", HOME, f"{HOME}0", f"{HOME}1"]


async def test_foreign_hits_leave_a_third_of_the_pages_to_the_own_site() -> None:
    fetcher = Pages()
    search = FixedSearch(links(*(f"https://trade.example/{number}" for number in range(9))))
    await research(context(search=search, fetcher=fetcher, research=ResearchSettings(pages=6)))
    assert [url for url in fetcher.asked if "nordfrost" in url] == [HOME, f"{HOME}0"]
    assert len(fetcher.asked) == 6


@pytest.mark.parametrize("status", [SearchStatus.BLOCKED, SearchStatus.FAILED, SearchStatus.BLOCKED_OR_EMPTY])
async def test_a_search_that_gave_no_answer_is_tried_again_and_nothing_is_read_instead(status: SearchStatus) -> None:
    fetcher = Pages()
    dossier = await research(context(search=FixedSearch(SearchOutcome(status=status)), fetcher=fetcher))
    assert not fetcher.asked and dossier.status in {DossierStatus.BLOCKED, DossierStatus.FAILED}


async def test_a_local_search_never_leads_to_the_web(tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("A note about something else entirely, and long enough.")
    fetcher = Pages()
    search = open_search(SearchSettings(use="local:."), folder=tmp_path)
    await research(context(search=search, fetcher=fetcher))
    assert not fetcher.asked


async def test_what_was_read_before_time_ran_out_is_used_and_the_rest_is_named() -> None:
    slow = f"{HOME}1"
    fetcher = Pages(slow=frozenset([slow, HOME]))
    ledger = MemoryLedger()
    given = context(
        search=FixedSearch(links(f"{HOME}0", slow)),
        fetcher=fetcher,
        ledger=ledger,
        research=ResearchSettings(seconds=0.2),
        models={"researcher": scripted(LAST_SENTENCE[1])},
    )
    dossier = await research(given)
    assert dossier.status is DossierStatus.FOUND
    assert [fact.url for fact in dossier.facts] == [f"{HOME}0"]
    assert {(problem.where, problem.kind) for problem in dossier.problems} == {
        (slow, "out_of_time"),
        (HOME, "out_of_time"),
    }
    assert "research.seconds" in dossier.problems[0].detail
    assert "gather" not in {key.stage for key in ledger.rows}, "a round that was cut short is done again"


async def test_nothing_found_is_not_said_of_a_site_that_there_was_no_time_for() -> None:
    given = context(
        search=FixedSearch(links(f"{HOME}0")),
        fetcher=Pages(slow=frozenset([HOME, f"{HOME}0"])),
        research=ResearchSettings(seconds=0.05),
    )
    assert (await research(given)).status is DossierStatus.FAILED


async def test_a_crawl_that_is_cut_short_keeps_its_pages(tmp_path: Path) -> None:
    (tmp_path / "sites.txt").write_text(HOME)
    fetcher = Pages(slow=frozenset([f"{HOME}2"]))
    use = SearchSettings(use="local:sites.txt")
    search = open_search(use, folder=tmp_path, fetcher=fetcher, seconds_per_site=0.2)
    dossier = await research(context(search=search, models={"researcher": scripted(LAST_SENTENCE[1])}))
    assert dossier.candidates == 3
    assert [(problem.where, problem.kind) for problem in dossier.problems] == [(f"{HOME}2", "out_of_time")]


async def test_the_time_is_one_over_all_rounds_and_no_part_of_the_policy() -> None:
    fetcher = Pages(slow=frozenset([HOME, f"{HOME}0", f"{HOME}5"]))
    settings = ResearchSettings(seconds=0.1, rounds=5)
    started = asyncio.get_running_loop().time()
    given = context(search=FixedSearch(links(f"{HOME}0"), links(f"{HOME}5")), fetcher=fetcher, research=settings)
    dossier = await research(given)
    assert asyncio.get_running_loop().time() - started < 0.5
    assert {problem.kind for problem in dossier.problems} == {"out_of_time"}
    assert (
        given.policy.hash
        == context(search=FixedSearch(), fetcher=fetcher, research=ResearchSettings(rounds=5)).policy.hash
    )
