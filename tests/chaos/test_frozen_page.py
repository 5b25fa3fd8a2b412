"""Pages that froze a run for ever: the campaign ends, the rerun asks nobody and waits for nothing, Ctrl-C is obeyed."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from miniatures.agents.campaign import CampaignRunner
from miniatures.agents.run_events import RunSummary
from miniatures.agents.tools.fetch.http import HttpFetcher
from miniatures.agents.tools.search.base import SearchHit, SearchOutcome, SearchQuery, SearchStatus
from miniatures.agents.tools.site_server import serve_sites
from miniatures.cli.interrupts import carry_out
from miniatures.datamodel.campaign import FetchSettings
from miniatures.datamodel.draft import DraftStatus
from miniatures.datamodel.trace import Span
from miniatures.store.open import open_store

ROOT = Path(__file__).resolve().parents[2]
FROZEN = b"<!---->" * 40
ENDLESS = b"<p " + b" ".join(b"a%d=1" % number for number in range(150_000)) + b">The parser compares each with all."
NEWS = b"<p>Company 1002 added 1002 pallet places in October 2026 at its site in the harbour, its third there.</p>"


class TheirSites:
    """A search that leads to each company's news."""

    name = identity = "their-sites"

    async def search(self, query: SearchQuery, limit: int) -> SearchOutcome:
        host = f"company-{query.company.removeprefix('Company ')}.example"
        hits = tuple(SearchHit(url=f"http://{host}/{name}") for name in ("news.txt", "news.html"))
        return SearchOutcome(status=SearchStatus.FOUND, hits=hits)


def sites(folder: Path) -> Path:
    """Three companies: a page that froze the pattern, a page that freezes the parser, a page."""
    pages = {"1000": ("news.txt", FROZEN), "1001": ("news.html", ENDLESS), "1002": ("news.html", NEWS)}
    for number, (name, body) in pages.items():
        (folder / f"company-{number}.example").mkdir(parents=True)
        (folder / f"company-{number}.example" / name).write_bytes(body)
    return folder


async def campaign(store: Path, target: str, deadline_s: float, stop: asyncio.Event | None = None) -> RunSummary:
    from tests.chaos.small_campaign import NAME, prospects, small_context, sqlite_url

    settings = FetchSettings(allow=(target,), per_host_interval_s=0, extract_timeout_s=deadline_s)
    store.mkdir(exist_ok=True)
    with open_store(sqlite_url(store)) as opened, opened.campaign_lock(NAME):
        async with HttpFetcher(settings, hosts={"*.example": target}, cache=store.parent / "cache") as fetcher:
            context = small_context(None, opened.ledger(NAME), search=TheirSites(), fetcher=fetcher)
            runner = CampaignRunner(campaign=NAME, context=context, store=opened, concurrency=8, stop=stop)
            return await runner.run(prospects(3), 3)


def extractions(store: Path) -> dict[str, Span]:
    from tests.chaos.small_campaign import NAME, sqlite_url

    with open_store(sqlite_url(store)) as opened:
        return {span.attributes["url"]: span for span in opened.spans(NAME) if span.kind == "extract"}


async def test_a_campaign_ends_although_pages_freeze_and_its_rerun_waits_for_none(tmp_path: Path) -> None:
    frozen, endless = "http://company-1000.example/news.txt", "http://company-1001.example/news.html"
    with serve_sites(sites(tmp_path / "sites")) as server:
        summary = await asyncio.wait_for(campaign(tmp_path / "first", server.target, 5), 90)
        asked = dict(server.requests)
        again = await asyncio.wait_for(campaign(tmp_path / "second", server.target, 5), 90)
        assert server.requests[endless.removeprefix("http://")] == asked[endless.removeprefix("http://")] == 1
    assert summary.by_status == again.by_status and sum(summary.by_status.values()) == 3
    assert summary.by_status[DraftStatus.FAILED] == 1, "nothing could be read of the company whose page is endless"
    first, second = extractions(tmp_path / "first"), extractions(tmp_path / "second")
    assert first[frozen].attributes["status"] == "fetched"
    assert first[endless].attributes["status"] == second[endless].attributes["status"] == "timed_out"
    assert first[endless].total_ms > 4_900 > second[endless].total_ms


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals")
def test_ctrl_c_ends_a_run_that_reads_such_a_page(tmp_path: Path) -> None:
    with serve_sites(sites(tmp_path / "sites")) as server:
        running = subprocess.Popen(
            [sys.executable, __file__, str(tmp_path / "store"), server.target],
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, sys.path)])},
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        workers = _busy_workers(running.pid)
        os.killpg(running.pid, signal.SIGINT)
        time.sleep(0.5)
        assert running.poll() is None, "the first Ctrl-C lets what is in flight finish"
        os.killpg(running.pid, signal.SIGINT)
        _, told = running.communicate(timeout=10)
    assert running.returncode == 130 and b"Go on with" in told
    _, alive = psutil.wait_procs(workers, timeout=10 if sys.platform == "linux" else 110)
    assert not alive


def _busy_workers(pid: int) -> list[psutil.Process]:
    """The workers of a process, once one of them is stuck in a page."""
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        found = psutil.Process(pid).children()
        if any(child.cpu_times().user > 3 for child in found):
            return found
        time.sleep(0.1)
    raise AssertionError("no worker reads the page")


if __name__ == "__main__":
    carry_out(lambda _, stop: campaign(Path(sys.argv[1]), sys.argv[2], 100, stop), sys.stderr, "the same command")
