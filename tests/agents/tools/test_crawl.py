"""A crawl spends its few pages well: none twice, none elsewhere, and no section takes them all."""

from __future__ import annotations

import asyncio

from miniatures.agents.tools.crawl import SiteRead, crawl
from miniatures.agents.tools.extract.document import extract
from miniatures.agents.tools.fetching import FetchOutcome
from tests.agents.scene import page

HOME = "http://nordvik.example/"


class Site:
    """A site of pages that link to each other, some of which lead elsewhere."""

    def __init__(self, links: dict[str, list[str]], leads_to: dict[str, str] | None = None) -> None:
        self.asked: list[str] = []
        self._links, self._leads_to = links, leads_to or {}

    async def fetch_links(self, url: str) -> tuple[FetchOutcome, tuple[str, ...]]:
        self.asked.append(url)
        found = self._leads_to.get(url, url)
        return FetchOutcome.of(page(f"What stands at {found}.", url=found)), tuple(self._links.get(found, ()))


async def read(site: Site, most: int = 6) -> SiteRead:
    return await crawl(site, HOME, most=most, deadline=asyncio.get_running_loop().time() + 60)


async def test_links_of_pages_that_lead_elsewhere_are_not_followed() -> None:
    traps = [f"http://elsewhere.example/{number}" for number in range(9)]
    partner, landing = f"{HOME}partner", "http://elsewhere.example/"
    site = Site({HOME: [partner, f"{HOME}news"], landing: traps}, {partner: landing})
    await read(site)
    assert site.asked == [HOME, partner, f"{HOME}news"]


async def test_a_site_that_moved_is_read_where_it_is_now() -> None:
    now = "https://www.nordvik.test/"
    site = Site({now: [f"{now}news"]}, {HOME: now})
    assert [one.url for one in (await read(site)).pages] == [now, f"{now}news"]


async def test_a_page_is_asked_for_once_however_it_is_written() -> None:
    spellings = ["about", "about/", "about#team", "about/index.html", "index.html", "index.php", ""]
    others = ["https://nordvik.example/about", "http://www.nordvik.example/about/"]
    site = Site({HOME: [*(HOME + one for one in spellings), *others, f"{HOME}news"]})
    await read(site, 9)
    assert site.asked == [HOME, f"{HOME}about", f"{HOME}news"]


async def test_an_endless_calendar_leaves_room_for_the_news() -> None:
    days = [f"{HOME}calendar?day={number}" for number in range(100)]
    site = Site({HOME: [*days, f"{HOME}news", f"{HOME}news/harbour"]} | dict.fromkeys(days, days))
    await read(site)
    assert {f"{HOME}news", f"{HOME}news/harbour"} < set(site.asked)


def test_documents_that_are_not_read_are_no_links() -> None:
    hrefs = ["a.docx", "b.EXE", "c.ics", "d.rss", "e.pptx", "f.avi", "g.dmg", "news", "report.pdf", "h.php", "v1.2"]
    body = "".join(f"<a href=/{href}>{href}</a>" for href in hrefs)
    found = extract(f"<p>The cold store at Larvik has eleven doors.</p>{body}".encode(), "text/html", HOME)
    assert found.links == tuple(HOME + href for href in ("news", "report.pdf", "h.php", "v1.2"))
