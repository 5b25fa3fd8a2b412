"""Searching a folder of documents and a list of sites, and opening whatever a campaign file names."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from miniatures.agents.tools.disk_cache import DiskCache
from miniatures.agents.tools.fetch.http import HttpFetcher
from miniatures.agents.tools.fetching import FetchOutcome, FetchStatus
from miniatures.agents.tools.search.base import SearchHit, SearchOutcome, SearchQuery, SearchStatus
from miniatures.agents.tools.search.folder import FolderSearch
from miniatures.agents.tools.search.open import open_search
from miniatures.agents.tools.search.sites import SiteListSearch, read_site_list
from miniatures.agents.tools.search.wrappers import CachedSearch, CircuitBreaker, SpacedSearch
from miniatures.agents.tools.site_server import SiteServer, serve_sites
from miniatures.agents.tools.websites import host_of, root_url
from miniatures.datamodel.campaign import FetchSettings, SearchSettings
from miniatures.datamodel.errors import InputError


def query(text: str, website: str = "") -> SearchQuery:
    return SearchQuery(text=text, company="Nordvik", website=website, signal="news")


@pytest.fixture
def sites(tmp_path: Path) -> Path:
    folder = tmp_path / "sites"
    texts = {
        "nordvik.example/index.html": "<a href=/news.html>n</a><a href=/team.html>t</a><p>We keep fish cold.</p>",
        "nordvik.example/news.html": "<a href=/>home</a><p>Nordvik opened a new warehouse at Larvik in September.</p>",
        "nordvik.example/team.html": "<p>Our technicians wear good socks and warm coats.</p>",
        "nordvik.example/secret.html": "<p>A new warehouse that must not be read by anybody.</p>",
        "nordvik.example/robots.txt": "User-agent: *\nDisallow: /secret",
        "zimna.example/index.html": "<p>Ice cream from the valley; a new warehouse is planned.</p>",
        "notes.md": "# Notes\n\nKestrel passed its\ninspection in October.",
    }
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


async def test_a_folder(sites: Path) -> None:
    search = FolderSearch(sites)
    outcome = await search.search(query("Kestrel inspections"), 5)
    assert outcome.status is SearchStatus.FOUND
    (hit,) = outcome.hits
    assert hit.url == (sites / "notes.md").as_uri() and hit.page is not None
    assert hit.page.text == "# Notes\nKestrel passed its inspection in October."
    assert hit.snippet == "Kestrel passed its inspection in October."
    assert (await search.search(query("zeppelin"), 5)).status is SearchStatus.EMPTY


async def test_a_folder_named_like_a_host_is_that_website(sites: Path) -> None:
    search = FolderSearch(sites)
    everywhere = await search.search(query("new warehouse"), 9)
    assert {hit.url for hit in everywhere.hits} == {
        "http://nordvik.example/news.html",
        "http://nordvik.example/secret.html",
        "http://zimna.example/",
    }
    at_zimna = await search.search(query("new warehouse", "https://www.zimna.example/about"), 9)
    assert [hit.url for hit in at_zimna.hits] == ["http://zimna.example/"]


async def test_what_a_campaign_makes_is_no_document_of_its_search(tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("Some words about cold.")
    before = open_search(SearchSettings(use="local:."), folder=tmp_path)
    (tmp_path / "runs" / "autumn").mkdir(parents=True)
    (tmp_path / "runs" / "autumn" / "report.html").write_text("<p>The report has words about cold, too.</p>")
    after = open_search(SearchSettings(use="local:."), folder=tmp_path)
    assert before.identity == after.identity
    assert [hit.url for hit in (await after.search(query("cold"), 5)).hits] == [(tmp_path / "note.txt").as_uri()]
    (tmp_path / "note.txt").write_text("Other words about cold.")
    assert open_search(SearchSettings(use="local:."), folder=tmp_path).identity != before.identity


async def test_files_that_say_nothing_are_told(tmp_path: Path) -> None:
    (tmp_path / "broken.pdf").write_bytes(b"%PDF-1.4 nothing")
    (tmp_path / "good.txt").write_text("Some words about cold.")
    outcome = await FolderSearch(tmp_path).search(query("cold"), 5)
    assert outcome.status is SearchStatus.FOUND and "broken.pdf: unreadable" in outcome.detail
    with pytest.raises(InputError, match="holds no html"):
        (tmp_path / "empty").mkdir()
        await FolderSearch(tmp_path / "empty").search(query("cold"), 5)


def site_list(folder: Path, text: str) -> Path:
    path = folder / "sites.txt"
    path.write_text(text)
    return path


def fetcher_for(server: SiteServer) -> HttpFetcher:
    settings = FetchSettings(allow=(server.target,), per_host_interval_s=0)
    return HttpFetcher(settings, hosts={"*.example": server.target})


LIST = "# ours\nhttp://nordvik.example/\nhttp://zimna.example  # ice\nhttp://gone.example/\n"


async def test_a_site_is_crawled_once_when_first_asked_about(sites: Path, tmp_path: Path) -> None:
    with serve_sites(sites) as server:
        async with fetcher_for(server) as fetcher:
            search = SiteListSearch(site_list(tmp_path, LIST), fetcher)
            assert not server.requests
            queries = [query(text, "http://nordvik.example/") for text in ("new warehouse", "socks", "fish")]
            outcomes = await asyncio.gather(*(search.search(each, 5) for each in queries))
    assert [outcome.hits[0].url for outcome in outcomes] == [
        "http://nordvik.example/news.html",
        "http://nordvik.example/team.html",
        "http://nordvik.example/",
    ]
    assert outcomes[0].hits[0].page is not None and "Larvik" in outcomes[0].hits[0].page.text
    assert dict(server.requests) == {
        f"nordvik.example/{path}": 1 for path in ("robots.txt", "", "news.html", "team.html")
    }


async def test_a_query_about_no_listed_site_searches_them_all(sites: Path, tmp_path: Path) -> None:
    with serve_sites(sites) as server:
        async with fetcher_for(server) as fetcher:
            search = SiteListSearch(site_list(tmp_path, LIST), fetcher)
            outcome = await search.search(query("warehouse planned"), 5)
    assert [hit.url for hit in outcome.hits] == ["http://zimna.example/", "http://nordvik.example/news.html"]
    assert "http://gone.example/: not_found" in outcome.detail


async def test_the_crawl_ends_at_its_limit(sites: Path, tmp_path: Path) -> None:
    for number in range(40):
        (sites / "zimna.example" / f"{number}.html").write_text(
            f"<a href={number + 1}.html>x</a><p>Page {number} of many.</p>"
        )
    (sites / "zimna.example" / "index.html").write_text("<a href=0.html>x</a><p>The first page.</p>")
    with serve_sites(sites) as server:
        async with fetcher_for(server) as fetcher:
            search = SiteListSearch(site_list(tmp_path, "http://zimna.example/"), fetcher, pages_per_site=7)
            await search.search(query("page"), 50)
    assert sum(server.requests.values()) == 8


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (FetchStatus.BLOCKED, SearchStatus.BLOCKED),
        (FetchStatus.ROBOTS_DISALLOWED, SearchStatus.BLOCKED),
        (FetchStatus.NOT_FOUND, SearchStatus.EMPTY),
        (FetchStatus.TIMED_OUT, SearchStatus.FAILED),
        (FetchStatus.NEEDS_BROWSER, SearchStatus.FAILED),
        (FetchStatus.ADDRESS_REFUSED, SearchStatus.FAILED),
    ],
)
async def test_sites_that_cannot_be_read(tmp_path: Path, status: FetchStatus, expected: SearchStatus) -> None:
    class Refusing:
        async def fetch_links(self, url: str) -> tuple[FetchOutcome, tuple[str, ...]]:
            return FetchOutcome(status=status, url=url, detail="because"), ()

    outcome = await SiteListSearch(site_list(tmp_path, "a.example"), Refusing()).search(query("x"), 5)
    assert outcome.status is expected and f"https://a.example/: {status.value} because" in outcome.detail


def test_a_site_list_is_checked(tmp_path: Path) -> None:
    assert read_site_list(site_list(tmp_path, LIST))["zimna.example"] == "http://zimna.example/"
    with pytest.raises(InputError, match=r"line 2: 'ftp://x' is no web site"):
        read_site_list(site_list(tmp_path, "a.example\nftp://x"))
    with pytest.raises(InputError, match="names no web site"):
        read_site_list(site_list(tmp_path, "# nothing\n"))


def test_websites() -> None:
    assert host_of("WWW.Nordvik.example/") == host_of("https://nordvik.example/about") == "nordvik.example"
    assert root_url("nordvik.example") == "https://nordvik.example/"
    assert host_of("") == host_of("http://") == ""


class Scripted:
    """A provider that gives these statuses one after another, the last one for ever."""

    name = identity = "scripted"

    def __init__(self, *statuses: SearchStatus) -> None:
        self._statuses = list(statuses)
        self.calls = 0

    async def search(self, query: SearchQuery, limit: int) -> SearchOutcome:
        self.calls += 1
        status = self._statuses.pop(0) if len(self._statuses) > 1 else self._statuses[0]
        hits = (SearchHit(url="http://x.example/"),) if status is SearchStatus.FOUND else ()
        return SearchOutcome(status=status, hits=hits, detail="because")


@pytest.mark.parametrize("status", SearchStatus)
async def test_what_is_cached(tmp_path: Path, status: SearchStatus) -> None:
    now = 0.0
    provider = Scripted(status)
    search = CachedSearch(provider, DiskCache(tmp_path / "s.sqlite", clock=lambda: now), ttl_s=100)
    first = await search.search(query("a"), 3)
    assert await search.search(query("a"), 3) == first
    assert provider.calls == (1 if status in (SearchStatus.FOUND, SearchStatus.EMPTY) else 2)
    calls = provider.calls
    await search.search(query("b"), 3)
    await search.search(query("a"), 4)
    assert provider.calls == calls + 2
    now = 101
    await search.search(query("a"), 3)
    assert provider.calls == calls + 3


async def test_calls_are_spaced() -> None:
    now, slept = 0.0, []

    async def sleep(pause_s: float) -> None:
        nonlocal now
        slept.append(pause_s)
        now += pause_s

    search = SpacedSearch(Scripted(SearchStatus.EMPTY), 3, clock=lambda: now, sleep=sleep)
    await asyncio.gather(*(search.search(query(str(number)), 1) for number in range(3)))
    assert slept == [0, 3, 3]


async def test_the_circuit_opens_half_opens_and_closes() -> None:
    now = 0.0
    failed, found = SearchStatus.FAILED, SearchStatus.FOUND
    provider = Scripted(failed, SearchStatus.BLOCKED, failed, found)
    breaker = CircuitBreaker(provider, threshold=2, pause_s=60, clock=lambda: now)

    async def ask() -> SearchOutcome:
        return await breaker.search(query("a"), 1)

    assert [(await ask()).status for _ in range(2)] == [failed, SearchStatus.BLOCKED]
    refused = await ask()
    assert provider.calls == 2 and breaker.is_open
    assert refused.status is SearchStatus.BLOCKED and "not asked for another 60 s" in refused.detail
    now = 61
    assert [outcome.status for outcome in await asyncio.gather(ask(), ask())] == [failed, SearchStatus.BLOCKED]
    assert provider.calls == 3
    now = 122
    assert (await ask()).status is found and not breaker.is_open
    assert (await ask()).status is found and provider.calls == 5


async def test_a_success_forgives_and_doubt_counts_half() -> None:
    doubt = SearchStatus.BLOCKED_OR_EMPTY
    provider = Scripted(doubt, doubt, doubt, SearchStatus.EMPTY, doubt, doubt, doubt, doubt)
    breaker = CircuitBreaker(provider, threshold=2, clock=lambda: 0.0)
    for _ in range(9):
        await breaker.search(query("a"), 1)
    assert provider.calls == 8


@pytest.mark.parametrize(
    ("use", "message"),
    [
        ("google", "no provider is called 'google'"),
        ("brave", "brave needs a key"),
        ("tavily", "tavily needs a key"),
        ("searxng:localhost", "is no address"),
        ("local:", "does not exist"),
        ("local:nowhere", "does not exist"),
        ("local:data.csv", "neither a folder nor a .txt site list"),
        ("local:sites.txt", "need a fetcher"),
    ],
)
def test_what_cannot_be_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, use: str, message: str) -> None:
    monkeypatch.delenv("BRAVE_API_KEY", raising=False)
    monkeypatch.delenv("TAVILY_API_KEY", raising=False)
    (tmp_path / "data.csv").write_text("x")
    site_list(tmp_path, "a.example")
    with pytest.raises(InputError, match=message) as raised:
        open_search(SearchSettings(use=use), folder=tmp_path)
    assert raised.value.hint


@pytest.mark.parametrize("use", ["ddgs", "brave", "tavily", "searxng:http://127.0.0.1:8888", "local:sites"])
def test_what_can_be_opened(sites: Path, monkeypatch: pytest.MonkeyPatch, use: str) -> None:
    monkeypatch.setenv("BRAVE_API_KEY", "x")
    monkeypatch.setenv("TAVILY_API_KEY", "x")
    search = open_search(SearchSettings(use=use), folder=sites.parent, cache=sites.parent / "cache")
    assert search.name == use.partition(":")[0]
