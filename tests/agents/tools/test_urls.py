"""Whatever stands where an address should, it is an address or a typed refusal, on every way into the program."""

from __future__ import annotations

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from miniatures.agents.companies import about_another, is_own_page
from miniatures.agents.tools.crawl import page_name
from miniatures.agents.tools.extract.document import extract
from miniatures.agents.tools.fetch.http import HttpFetcher
from miniatures.agents.tools.fetching import FetchProblem, FetchStatus
from miniatures.agents.tools.urls import authority, next_url, web_url
from miniatures.agents.tools.websites import host_of, root_url
from miniatures.datamodel.prospect import Prospect
from tests.agents.scene import page

BASE = httpx.URL("http://frost.example/news/")
HOSTILE = [
    *(
        "http://xn--a/",
        "http://[x",
        "http://[x]/",
        "http://xn--a.example/x",
        "https://xn--/",
        f"http://xn--{'9' * 59}/",
    ),
    *("http://\ud800/", "http://a..b/", "http://%ff/", "http://ex ample/", "http://.", "http://-a.example/"),
    *("http://[::1%25eth0]/", "http://a:x/", "http://a:99999999/", "http://\u2488/", "http://a\u200b.example/"),
    *(
        "http://",
        "//",
        ":",
        "http:///x",
        "http://user:pw@",
        "javascript:alert(1)",
        f"http://{'a' * 300}/",
        "http://\x00/",
    ),
    *("http://[::ffff:1.2.3.4", "http://[1.2.3.4]/", "xn--a", "\u0130\u0307.example", "http://a\\b/", "http://a@b@c/"),
]
PIECES = st.sampled_from(
    [
        "http://",
        "https:",
        "//",
        "[",
        "]",
        "xn--",
        "%",
        "%zz",
        "@",
        ":",
        "#",
        "?",
        ".",
        "a",
        "\ud800",
        "\u0000",
        "\u0661",
        "\u066a",
    ]
)
addresses = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(max_size=40),
    st.lists(st.one_of(PIECES, st.text(max_size=4)), max_size=12).map("".join),
    st.text(max_size=30).map("http://{}".format),
    st.from_regex(r"https?://(xn--[a-z0-9-]{0,20}\.)?[a-z0-9.\[\]:%-]{0,20}(/.*)?", fullmatch=True),
)


@given(addresses)
def test_an_address_is_read_or_refused(text: str) -> None:
    for read in (web_url, lambda location: next_url(BASE, location)):
        try:
            url = read(text)
        except FetchProblem as problem:
            assert problem.status in {FetchStatus.FAILED, FetchStatus.ADDRESS_REFUSED} and problem.detail
            continue
        assert url.scheme in {"http", "https"} and url.host and authority(url)
        assert web_url(str(url)) == url, "what was read once is read again as itself"


@given(addresses)
def test_a_cell_a_hit_and_a_quotes_address_fail_nobody(text: str) -> None:
    assert (host_of(text) == "") == (root_url(text) == "")
    assert isinstance(page_name(text), str)
    someone = Prospect(email="ana@frost.example", company="Frost", website=text.encode("utf-8", "replace").decode())
    is_own_page(text, someone)
    about_another("Frost opened a store.", page(url=text), someone)


@given(addresses)
def test_a_page_may_link_anywhere(text: str) -> None:
    href = text.replace("'", "%27").encode("utf-8", "replace").decode()
    body = f"<p>The store has eleven doors.</p><a href='{href}'>x</a><a href='/next'>y</a>".encode()
    found = extract(body, "text/html; charset=utf-8", "http://frost.example/")
    assert all(link.startswith("http://frost.example") for link in found.links)


@pytest.mark.parametrize("url", HOSTILE)
async def test_a_fetch_of_a_hostile_address_is_an_outcome(url: str) -> None:
    async with HttpFetcher(resolve=_nowhere) as fetcher:
        outcome = await fetcher.fetch(url)
    assert outcome.page is None and outcome.detail


async def _nowhere(host: str, _: int) -> list[str]:
    raise OSError(f"{host} does not resolve")


def test_an_ordinary_address_keeps_its_meaning() -> None:
    assert str(web_url(" HTTP://User:pw@Frost.EXAMPLE/a b?q=1#top ")) == "http://frost.example/a%20b?q=1"
    assert str(web_url("https://müller.example")) == "https://xn--mller-kva.example/"
    assert str(web_url("http://[::1]:8080/")) == "http://[::1]:8080/"
    assert host_of("//www.frost.example/about") == host_of("FROST.example") == "frost.example"
