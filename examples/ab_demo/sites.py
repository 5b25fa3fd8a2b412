"""The web sites of the fictional companies: a home page and a few more each, drawn by the seed, dated around today."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from html import escape
from pathlib import Path
from random import Random

from examples.ab_demo.world import Company, words

_SLOT = re.compile(r"{(\w+)(?::(\d+)\.\.(\d+))?}")
_JOBS_SHARE = 0.5
_RECENT, _LONG_AGO = (20, 300), (1200, 2400)
"""Days since a page was published, from and to."""
_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{title} | {company}</title></head>
<body><header><a href="/">{company}</a></header><main><h1>{title}</h1>
{content}</main>
<footer><p>{company}, {place}.</p></footer></body></html>
"""


@dataclass(frozen=True)
class _Page:
    path: str
    title: str
    says: str
    published: date | None = None


def write_sites(companies: Sequence[Company], folder: Path, *, today: date, seed: int) -> None:
    """Write `sites.txt` and `sites/HOST/...`. Each site has a word on the company before it in the list, as well."""
    hosts = "".join(f"http://{one.host}/\n" for one in companies)
    (folder / "sites.txt").write_text(hosts, encoding="utf-8")
    for place, company in enumerate(companies):
        draw = Random(f"{seed} {company.host}")
        for page in _site(company, companies[place - 1].name, today, draw):
            file = folder / "sites" / company.host / page.path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(page.says, encoding="utf-8")


def _site(company: Company, other: str, today: date, draw: Random) -> Iterator[_Page]:
    """Its pages as HTML; the home page, which leads to the others, comes last."""
    known = {
        "company": company.name,
        "other": other,
        "place": company.place,
        "goods": draw.choice(words()["goods"]),
        "coming": f"{today + timedelta(days=60):%B %Y}",
    }
    pages = [_filled(page, known, draw) for page in _pages(today, draw)]
    for page in pages:
        yield _in_html(page, company)
    links = "".join(f'<p><a href="/{page.path}">{escape(page.title)}</a></p>\n' for page in pages)
    home = _filled(_Page("index.html", company.name, words()["home"]), known, draw)
    yield _in_html(home, company, links)


def _pages(today: date, draw: Random) -> Iterator[_Page]:
    """One or two pieces of news, an open post at some, and what is news to a careless reader only."""
    for item in draw.sample(words()["news"], k=draw.choice((1, 1, 2))):
        yield _dated(item, today, _RECENT, draw)
    if draw.random() < _JOBS_SHARE:
        yield _Page("jobs.html", "Work with us", words()["jobs"])
    yield _dated(draw.choice(words()["old_news"]), today, _LONG_AGO, draw)
    yield _dated(draw.choice(words()["others_news"]), today, _RECENT, draw)
    yield _dated(draw.choice(words()["chatter"]), today, _RECENT, draw)


def _dated(item: Mapping[str, str], today: date, days: tuple[int, int], draw: Random) -> _Page:
    published = today - timedelta(days=draw.randint(*days))
    name = "-".join(re.findall(r"[a-z]+", item["title"].replace("{place}", "").lower()))
    return _Page(f"news/{published:%Y-%m}-{name}.html", item["title"], item["says"], published)


def _filled(page: _Page, known: Mapping[str, str], draw: Random) -> _Page:
    """The page with names and numbers in the places of the slots."""
    all_known = {**known, "when": f"{page.published:%B %Y}" if page.published else ""}

    def fill(slot: re.Match[str]) -> str:
        name, low, high = slot.groups()
        return all_known[name] if low is None else str(draw.randint(int(low), int(high)))

    return replace(page, title=_SLOT.sub(fill, page.title), says=_SLOT.sub(fill, page.says))


def _in_html(page: _Page, company: Company, links: str = "") -> _Page:
    day = page.published
    dateline = f'<p><time datetime="{day}">{day:%d %B %Y}</time></p>\n' if day else ""
    paragraphs = "".join(f"<p>{escape(line)}</p>\n" for line in page.says.split("\n"))
    names = {"title": escape(page.title), "company": escape(company.name), "place": escape(company.place)}
    return replace(page, says=_PAGE.format(content=dateline + paragraphs + links, **names))
