"""Manners and memory of the fetcher: robots.txt, pace, cache, hosts, TLS, spans; against real servers on loopback."""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from miniatures.agents.tools.bounded import BoundedDict
from miniatures.agents.tools.disk_cache import DiskCache
from miniatures.agents.tools.fetch.http import HttpFetcher
from miniatures.agents.tools.fetch.http_cache import DAY_S, WEEK_S, freshness_s
from miniatures.agents.tools.fetch.pace import LONGEST_PAUSE_S, Pace
from miniatures.agents.tools.fetching import FetchStatus
from miniatures.agents.tools.site_server import find_document, serve_sites
from miniatures.datamodel.campaign import FetchSettings
from miniatures.datamodel.errors import StoreError
from miniatures.datamodel.hashing import text_hash
from miniatures.datamodel.trace import Span, Trace
from miniatures.store.tracing import Scope, enter_scope

TLS = Path(__file__).parent / "tls"
TEXT = "The cold store at Larvik has eleven doors and four rooms."
PAGE = f"<title>Store</title><p>{TEXT}</p>".encode()
Answer = Callable[[str, dict[str, str]], bytes]


@dataclass
class Server:
    """What reached a loopback server, by path, and when."""

    target: str = ""
    asked: Counter[str] = field(default_factory=Counter)
    times: list[float] = field(default_factory=list)
    in_flight: int = 0
    most_in_flight: int = 0
    headers: dict[str, str] = field(default_factory=dict)


@asynccontextmanager
async def serving(answer: Answer, tls: ssl.SSLContext | None = None, pause_s: float = 0) -> AsyncIterator[Server]:
    log = Server()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            path = head[0].split(" ")[1]
            log.headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:])}
            log.asked[path] += 1
            log.times.append(time.monotonic())
            log.in_flight += 1
            log.most_in_flight = max(log.most_in_flight, log.in_flight)
            await asyncio.sleep(pause_s)
            writer.write(answer(path, log.headers))
            await writer.drain()
            log.in_flight -= 1
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    log.target = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield log
    finally:
        server.close()


def reply(body: bytes = PAGE, status: int = 200, **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def fetcher_for(server: Server, cache: Path | None = None, interval_s: float = 0, **settings: object) -> HttpFetcher:
    chosen = FetchSettings(allow=(server.target,), per_host_interval_s=interval_s, **settings)  # type: ignore[arg-type]
    return HttpFetcher(chosen, hosts={"*.example": server.target}, cache=cache)


def with_robots(robots: str, status: int = 200) -> Answer:
    def answer(path: str, _: dict[str, str]) -> bytes:
        return reply(robots.encode(), status, Content_Type="text/plain") if path == "/robots.txt" else reply()

    return answer


async def test_a_page_carries_its_provenance() -> None:
    async with serving(lambda path, _: reply(Content_Type="text/html")) as server, fetcher_for(server) as fetcher:
        before = datetime.now(UTC)
        outcome = await fetcher.fetch("http://frost.example/about?x=1#team")
    assert outcome.page is not None
    assert outcome.page.url == "http://frost.example/about?x=1"
    assert outcome.page.text == TEXT and outcome.page.text_hash == text_hash(TEXT) and outcome.page.title == "Store"
    assert before <= outcome.page.fetched_at <= datetime.now(UTC)
    assert server.headers["host"] == "frost.example"
    assert server.headers["user-agent"].startswith("Miniatures/")


@pytest.mark.parametrize(
    ("robots", "status", "path", "expected"),
    [
        ("User-agent: *\nDisallow: /news/", 200, "/news/a", FetchStatus.ROBOTS_DISALLOWED),
        ("User-agent: *\nDisallow: /news/", 200, "/about", FetchStatus.FETCHED),
        ("User-agent: *\nDisallow: /\nAllow: /open", 200, "/open/x", FetchStatus.FETCHED),
        ("User-agent: miniatures\nDisallow: /\n\nUser-agent: *\nAllow: /", 200, "/", FetchStatus.ROBOTS_DISALLOWED),
        ("User-agent: otherbot\nDisallow: /", 200, "/", FetchStatus.FETCHED),
        ("not a robots file \x00\xff", 200, "/", FetchStatus.FETCHED),
        ("", 404, "/", FetchStatus.FETCHED),
        ("", 403, "/", FetchStatus.FETCHED),
        ("", 500, "/", FetchStatus.BLOCKED),
        ("", 429, "/", FetchStatus.BLOCKED),
    ],
)
async def test_robots(robots: str, status: int, path: str, expected: FetchStatus) -> None:
    async with serving(with_robots(robots, status)) as server, fetcher_for(server) as fetcher:
        outcome = await fetcher.fetch(f"http://frost.example{path}")
        assert outcome.status is expected
        await fetcher.fetch("http://frost.example/another")
    assert server.asked["/robots.txt"] == 1
    assert (server.asked[path] == 0) == (expected is not FetchStatus.FETCHED)


OTHERS = "".join(f"User-agent: robot{number}\n" for number in range(4_000))
HOSTILE_RULES = {
    "many robots, many rules": OTHERS + "Disallow: /a*b$\n" * 60_000,
    "a million lines": "User-agent: *\n" + "\n" * 1_000_000,
    "wildcards": "User-agent: *\n" + "Disallow: /*a*a*a*a*a*a*a*a*b\n" * 50_000,
    "one long wildcard": "User-agent: *\nDisallow: /" + "*a" * 900_000,
    "dollars": "User-agent: *\nDisallow: /" + "$" * 1_500_000,
    "nonsense": "x y\n" * 490_000,
}


@pytest.mark.parametrize("robots", HOSTILE_RULES.values(), ids=HOSTILE_RULES)
async def test_no_robots_file_holds_a_run_up(robots: str) -> None:
    async with serving(with_robots(robots)) as server, fetcher_for(server) as fetcher:
        started = time.process_time()
        outcome = await fetcher.fetch(f"http://frost.example/{'a' * 4_000}")
        assert outcome.status is FetchStatus.FETCHED
    assert time.process_time() - started < 5


async def test_rules_for_us_are_kept_among_those_for_thousands() -> None:
    robots = f"{OTHERS}Allow: /\n\nUSERAGENT : Miniatures*  # us\nDisallow: /news\n\n{OTHERS}Disallow: /about\n"
    async with serving(with_robots(robots)) as server, fetcher_for(server) as fetcher:
        statuses = [(await fetcher.fetch(f"http://frost.example{path}")).status for path in ("/news", "/about")]
    assert statuses == [FetchStatus.ROBOTS_DISALLOWED, FetchStatus.FETCHED]


async def test_a_redirect_to_a_disallowed_page_is_not_followed() -> None:
    def answer(path: str, _: dict[str, str]) -> bytes:
        if path == "/robots.txt":
            return reply(b"User-agent: *\nDisallow: /private")
        return reply(b"", 302, Location="/private") if path == "/" else reply()

    async with serving(answer) as server, fetcher_for(server) as fetcher:
        assert (await fetcher.fetch("http://frost.example/")).status is FetchStatus.ROBOTS_DISALLOWED
    assert server.asked["/private"] == 0


async def test_one_request_at_a_time_and_a_pause_between_two() -> None:
    async with serving(with_robots(""), pause_s=0.05) as server, fetcher_for(server, interval_s=0.25) as fetcher:
        await asyncio.gather(*(fetcher.fetch(f"http://frost.example/{page}") for page in range(4)))
    gaps = [later - earlier for earlier, later in zip(server.times, server.times[1:], strict=False)]
    assert len(gaps) == 4 and min(gaps) >= 0.1
    assert server.most_in_flight == 1


async def test_hosts_do_not_wait_for_each_other() -> None:
    async with serving(with_robots(""), pause_s=0.5) as server, fetcher_for(server, interval_s=0) as fetcher:
        await asyncio.gather(*(fetcher.fetch(f"http://site{number}.example/") for number in range(8)))
    assert server.most_in_flight >= 6


async def test_a_crawl_delay_is_kept_and_capped() -> None:
    slept: list[float] = []
    now = 0.0

    async def sleep(pause_s: float) -> None:
        nonlocal now
        slept.append(pause_s)
        now += pause_s

    pace = Pace(1.0, clock=lambda: now, sleep=sleep)
    async with pace.turn("a") as turn:
        await pace.wait(turn)
        pace.slow_down(turn, 4)
        await pace.wait(turn)
        await pace.wait(turn)
        pace.slow_down(turn, 86_400)
        await pace.wait(turn)
        await pace.wait(turn)
    assert slept == [1.0, 4.0, 4.0, LONGEST_PAUSE_S]


async def test_a_crawl_delay_in_robots_txt() -> None:
    async with serving(with_robots("User-agent: *\nCrawl-delay: 0.6")) as server, fetcher_for(server) as fetcher:
        for page in range(3):
            await fetcher.fetch(f"http://frost.example/{page}")
    assert server.times[-1] - server.times[-2] >= 0.5


async def test_a_second_run_asks_nothing(tmp_path: Path) -> None:
    async with serving(with_robots("User-agent: *\nDisallow: /no")) as server:
        for _ in range(2):
            async with fetcher_for(server, tmp_path) as fetcher:
                first = await fetcher.fetch("http://frost.example/")
                assert (await fetcher.fetch("http://frost.example/no")).status is FetchStatus.ROBOTS_DISALLOWED
        assert server.asked == {"/": 1, "/robots.txt": 1}
        async with fetcher_for(server, tmp_path) as fetcher:
            assert await fetcher.fetch("http://frost.example/") == first


async def test_two_at_once_ask_once(tmp_path: Path) -> None:
    async with serving(with_robots("")) as server, fetcher_for(server, tmp_path) as fetcher:
        await asyncio.gather(*(fetcher.fetch("http://frost.example/") for _ in range(5)))
    assert server.asked["/"] == 1


async def test_a_stale_page_is_confirmed_with_its_tag(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(path: str, headers: dict[str, str]) -> bytes:
        return reply(b"", 304) if headers.get("if-none-match") == '"v1"' else reply(ETag='"v1"')

    async with serving(answer) as server:
        async with fetcher_for(server, tmp_path) as fetcher:
            first = await fetcher.fetch("http://frost.example/")
        monkeypatch.setattr(DiskCache, "get", _aged(DiskCache.get, 2 * DAY_S))
        async with fetcher_for(server, tmp_path) as fetcher:
            second = await fetcher.fetch("http://frost.example/")
    assert server.asked["/"] == 2
    assert first.page is not None and second.page is not None
    assert second.page.text == first.page.text and second.page.fetched_at > first.page.fetched_at


def _aged(get: Callable[..., object], age_s: float) -> Callable[..., object]:
    async def older(self: DiskCache, key: str) -> tuple[bytes, float] | None:
        entry = await get(self, key)  # type: ignore[misc]
        return entry and (entry[0], age_s)

    return older


async def test_failures_are_asked_again_and_no_store_is_obeyed(tmp_path: Path) -> None:
    def answer(path: str, _: dict[str, str]) -> bytes:
        return reply(b"", 500) if path == "/broken" else reply(Cache_Control="no-store")

    async with serving(answer) as server, fetcher_for(server, tmp_path) as fetcher:
        for path in ("/broken", "/secret") * 2:
            await fetcher.fetch(f"http://frost.example{path}")
    assert server.asked["/broken"] == 2 and server.asked["/secret"] == 2


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("", DAY_S),
        ("max-age=60", DAY_S),
        ("public, max-age=172800", 172_800),
        ("max-age=999999999", WEEK_S),
        ("max-age=-1, no-cache", DAY_S),
        ("no-store", 0),
        ("Max-Age=soon", DAY_S),
    ],
)
def test_freshness(header: str, seconds: float) -> None:
    assert freshness_s(header) == seconds


async def test_cookies_are_not_kept() -> None:
    async with serving(lambda *_: reply(Set_Cookie="id=7; Path=/")) as server, fetcher_for(server) as fetcher:
        await fetcher.fetch("http://frost.example/a")
        await fetcher.fetch("http://frost.example/b")
    assert "cookie" not in server.headers


def _tls() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(TLS / "secure.example.pem", TLS / "secure.example.key.pem")
    return context


async def test_tls_is_checked_against_the_name_not_the_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(TLS / "secure.example.pem"))
    async with serving(lambda *_: reply(), _tls()) as server, fetcher_for(server) as fetcher:
        assert (await fetcher.fetch("https://secure.example/")).status is FetchStatus.FETCHED
        wrong = await fetcher.fetch("https://other.example/")
    assert wrong.status is FetchStatus.FAILED and "certificate" in wrong.detail.lower()


async def test_an_unknown_issuer_is_not_trusted() -> None:
    async with serving(lambda *_: reply(), _tls()) as server, fetcher_for(server) as fetcher:
        outcome = await fetcher.fetch("https://secure.example/")
    assert outcome.status is FetchStatus.FAILED
    assert outcome.detail == "certificate: self-signed certificate"


async def test_what_the_network_says_is_told_and_no_address_with_it() -> None:
    async def unknown(host: str, _: int) -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    async with serving(lambda *_: reply()) as server:
        pass
    async with fetcher_for(server) as refused, HttpFetcher(resolve=unknown) as unresolved:
        assert (await refused.fetch("http://frost.example/?key=s3cret")).detail == "connection refused"
        assert (await unresolved.fetch("http://frost.example/")).detail == "DNS: name or service not known"


async def test_spans_of_fetch_and_extract() -> None:
    left: list[Trace | Span] = []

    class Sink:
        def record(self, entry: Trace | Span) -> None:
            left.append(entry)

    async with serving(lambda path, _: reply()) as server, fetcher_for(server) as fetcher:
        with enter_scope(Scope(sink=Sink(), run_id="r", campaign="c", prospect="p")):
            await fetcher.fetch("http://frost.example/")
            await fetcher.fetch("http://10.0.0.1/")
    spans = [entry for entry in left if isinstance(entry, Span)]
    assert [(span.kind, span.attributes["status"]) for span in spans] == [
        ("fetch", "fetched"),
        ("extract", "fetched"),
        ("fetch", "address_refused"),
    ]
    assert all(span.prospect == "p" for span in spans)


async def test_pages_that_need_a_browser() -> None:
    shell = b"<html><body><noscript>Please enable JavaScript.</noscript><div id=root></div><script src=a.js></script>"
    async with serving(lambda *_: reply(shell)) as server, fetcher_for(server) as fetcher:
        assert (await fetcher.fetch("http://frost.example/")).status is FetchStatus.NEEDS_BROWSER


async def test_links_to_the_own_host() -> None:
    page = (
        b"<p>Some text about the store.</p><a href=/a>a</a> <a href='b#x'>b</a> <a href=//other.example/>c</a>"
        b"<a href='javascript:x()'>d</a><a href=mailto:a@b.c>e</a><a href=/f.jpg>f</a><a rel=nofollow href=/g>g</a>"
        b"<a href=/a>again</a><a style='display:none' href=/trap>h</a>"
    )
    async with serving(lambda *_: reply(page)) as server, fetcher_for(server) as fetcher:
        _, links = await fetcher.fetch_links("http://frost.example/dir/")
    assert links == ("http://frost.example/a", "http://frost.example/dir/b")


def test_state_stays_bounded() -> None:
    busy = {3}
    entries: BoundedDict[int, int] = BoundedDict(10, lambda value: value in busy)
    for key in range(100_000):
        entries.get(key, lambda key=key: key)  # type: ignore[misc]
    assert len(entries) == 10
    assert entries.get(3, lambda: -1) == 3 and entries.get(4, lambda: -1) == -1


async def test_the_disk_cache_says_when_it_cannot(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be used"):
        await DiskCache(tmp_path / "file" / "cache.sqlite").get("x")


async def test_the_disk_cache_forgets_the_old(tmp_path: Path) -> None:
    now = 1_000_000.0
    cache = DiskCache(tmp_path / "c.sqlite", clock=lambda: now)
    await cache.put("x", b"content")
    now += 100
    assert await cache.get("x") == (b"content", 100)
    cache.close()
    now += 31 * DAY_S
    assert await cache.get("x") is None


def test_the_site_server_serves_by_host_and_nothing_outside(tmp_path: Path) -> None:
    (tmp_path / "a.example" / "news").mkdir(parents=True)
    (tmp_path / "a.example" / "news" / "index.html").write_text("x")
    (tmp_path / "secret.txt").write_text("x")
    assert find_document(tmp_path, "a.example", "/news/") == tmp_path / "a.example" / "news" / "index.html"
    for host, path in [("a.example", "/../secret.txt"), ("", "/secret.txt"), ("..", "/secret.txt"), ("b.example", "/")]:
        assert find_document(tmp_path, host, path) is None


async def test_the_site_server_answers_over_http(tmp_path: Path) -> None:
    for host in ("a", "b"):
        (tmp_path / f"{host}.example").mkdir()
        (tmp_path / f"{host}.example" / "index.html").write_text(f"<p>The text of the site {host} stands here.</p>")
    with serve_sites(tmp_path) as sites:
        settings = FetchSettings(allow=(sites.target,), per_host_interval_s=0)
        async with HttpFetcher(settings, hosts={"*.example": sites.target}) as fetcher:
            found = [await fetcher.fetch(f"http://{host}.example/") for host in ("a", "b", "c")]
    assert [outcome.page and outcome.page.text for outcome in found] == [
        "The text of the site a stands here.",
        "The text of the site b stands here.",
        None,
    ]
    assert found[2].status is FetchStatus.NOT_FOUND
    assert sites.requests["a.example/"] == 1


async def test_a_robots_file_beyond_the_cap_is_cut() -> None:
    rules = "User-agent: *\nDisallow: /closed\n" + "# a long file\n" * 5_000
    async with serving(with_robots(rules)) as server, fetcher_for(server, max_bytes=20_000) as fetcher:
        assert (await fetcher.fetch("http://store.example/open")).status is FetchStatus.FETCHED
        assert (await fetcher.fetch("http://store.example/closed")).status is FetchStatus.ROBOTS_DISALLOWED


async def test_a_site_that_cannot_be_reached_is_no_matter_of_robots() -> None:
    async with HttpFetcher(FetchSettings(allow=("127.0.0.1",)), hosts={"gone.example": "127.0.0.1:1"}) as fetcher:
        assert (await fetcher.fetch("http://gone.example/")).detail == "connection refused"
