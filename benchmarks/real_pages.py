"""Pages that nobody here wrote, through fetch and extraction: is it the main text, and how long does it take?

The pages come from documentation packages of Debian: manuals and project sites made by Sphinx, DocBook, AsciiDoc,
gtk-doc, doxygen-like tools and by hand. They are downloaded once through apt, served on loopback, fetched and read.

    python benchmarks/real_pages.py
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import statistics
import subprocess
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

from platformdirs import user_cache_path

from miniatures.agents.tools.extract.charset import decode
from miniatures.agents.tools.extract.document import extract
from miniatures.agents.tools.fetch.http import HttpFetcher
from miniatures.agents.tools.fetching import FetchOutcome
from miniatures.agents.tools.site_server import serve_sites
from miniatures.datamodel.campaign import FetchSettings

PACKAGES = (
    *("apt-doc", "aptitude-doc-en", "debian-faq", "debian-policy", "developers-reference", "exim4-doc-html", "git-doc"),
    *("libxml2-doc", "postfix-doc", "privoxy", "python-click-doc", "python-jinja2-doc", "w3m"),
)
PAGES_PER_PACKAGE = 15
_LARGEST_PAGE = 400_000
_REPEATED_ON = 0.6


class NoCorpus(RuntimeError):
    """The packages could not be downloaded."""


def corpus(folder: Path | None = None) -> Path:
    """The folder of sites, one host a package, downloaded and laid out when absent.

    Raises:
        NoCorpus: apt cannot give the packages.
    """
    home = Path(os.environ["MINIATURES_HOME"]) if os.environ.get("MINIATURES_HOME") else user_cache_path("miniatures")
    folder = folder or home / "real-pages"
    sites, ready = folder / "sites", folder / "ready"
    if not ready.exists():
        shutil.rmtree(folder, ignore_errors=True)
        sites.mkdir(parents=True)
        for package in PACKAGES:
            _lay_out(package, _unpacked(package, folder), sites)
        ready.touch()
    return sites


def _unpacked(package: str, folder: Path) -> Path:
    download = ["apt-get", "download", "-q", package]
    if shutil.which("apt-get") is None or shutil.which("dpkg") is None:
        raise NoCorpus("the pages come from Debian packages: apt-get and dpkg are needed to download them")
    if _run(download, folder).returncode != 0:
        _run(["apt-get", "update", "-q"], folder)
        again = _run(download, folder)
        if again.returncode != 0:
            raise NoCorpus(f"apt-get download {package} failed: {again.stderr.strip()[-300:]}")
    archive = next(folder.glob(f"{package}_*.deb"))
    _run(["dpkg", "-x", str(archive), str(folder / package)], folder).check_returncode()
    archive.unlink()
    return folder / package


def _run(command: Sequence[str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, check=False)


def _lay_out(package: str, unpacked: Path, sites: Path) -> None:
    """Copy a spread of the package's pages to the folder of its host, each name once."""
    pages = {path.name: path for path in sorted(unpacked.rglob("*.htm*")) if path.is_file() and not path.is_symlink()}
    fitting = [path for path in pages.values() if 2_000 < path.stat().st_size < _LARGEST_PAGE]
    step = max(1, len(fitting) // PAGES_PER_PACKAGE)
    site = sites / f"{package}.example"
    site.mkdir()
    for path in fitting[::step][:PAGES_PER_PACKAGE]:
        shutil.copyfile(path, site / path.name)
    shutil.rmtree(unpacked)


@dataclass
class Block:
    """One block of a page, and how many of its characters are in links."""

    text: str = ""
    linked: int = 0

    @property
    def is_prose(self) -> bool:
        """Whether it is written to be read, unlike menus and tables of contents."""
        return len(self.text.split()) >= 8 and self.linked < len(self.text) / 2


class _Blocks(HTMLParser):
    """The text of a page block by block, read by the standard library: a second opinion, sharing no code with ours."""

    _EDGES = frozenset(
        {"p", "div", "li", "ul", "ol", "dl", "dt", "dd", "td", "th", "tr", "table", "h1", "h2", "h3", "h4", "h5", "h6"}
        | {"pre", "br", "hr", "body", "section", "article", "nav", "header", "footer", "aside", "main", "blockquote"}
        | {"form", "address", "center", "title"}
    )
    _UNSEEN = frozenset({"script", "style", "title"})

    def __init__(self) -> None:
        super().__init__()
        self.blocks = [Block()]
        self._unseen = 0
        self._in_link = False

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self._edge(tag)
        self._unseen += tag in self._UNSEEN
        self._in_link |= tag == "a" and "href" in dict(attributes)

    def handle_endtag(self, tag: str) -> None:
        self._unseen -= tag in self._UNSEEN and self._unseen > 0
        self._in_link &= tag != "a"
        self._edge(tag)

    def handle_data(self, text: str) -> None:
        if not self._unseen:
            self.blocks[-1].text += text
            self.blocks[-1].linked += len(text) if self._in_link else 0

    def _edge(self, tag: str) -> None:
        if tag in self._EDGES:
            self.blocks.append(Block())


def blocks(markup: str) -> list[Block]:
    parser = _Blocks()
    parser.feed(markup)
    return [Block(" ".join(block.text.split()), block.linked) for block in parser.blocks if block.text.strip()]


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


@dataclass(frozen=True)
class Reading:
    """How one page was read. Shares are of words.

    `recall` is of the prose that the page does not share with most of its site, null if it has hardly any;
    `precision` of what was read, that it stands on the page; `chrome` of what was read, that the site repeats.
    """

    host: str
    name: str
    outcome: FetchOutcome
    fetch_ms: float
    extract_ms: float
    recall: float | None
    precision: float
    chrome: float


async def read_all(sites: Path) -> list[Reading]:
    """Every page of every site, over HTTP."""
    readings = []
    by_site = [_pages(site) for site in sorted(sites.iterdir())]
    with serve_sites(sites) as server:
        settings = FetchSettings(allow=(server.target,), per_host_interval_s=0)
        async with HttpFetcher(settings, hosts={"*.example": server.target}) as fetcher:
            for pages in by_site:
                repeated = _repeated(list(pages.values()))
                for path, page in pages.items():
                    readings.append(await _read(fetcher, path, page, repeated))
    return readings


def _pages(site: Path) -> dict[Path, list[Block]]:
    return {path: blocks(decode(path.read_bytes())) for path in sorted(site.iterdir())}


def _repeated(pages: Sequence[Sequence[Block]]) -> frozenset[str]:
    """The chrome of a site: blocks that stand on most of its pages."""
    counts = Counter(block for page in pages for block in {block.text for block in page})
    return frozenset(block for block, count in counts.items() if count >= max(3, _REPEATED_ON * len(pages)))


async def _read(fetcher: HttpFetcher, path: Path, page: Sequence[Block], repeated: frozenset[str]) -> Reading:
    started = time.perf_counter()
    outcome = await fetcher.fetch(f"http://{path.parent.name}/{path.name}")
    fetched = time.perf_counter()
    extract(path.read_bytes(), "text/html", outcome.url)
    extract_ms = (time.perf_counter() - fetched) * 1000
    text = outcome.page.text if outcome.page else ""
    prose = Counter(words(" ".join(block.text for block in page if block.is_prose and block.text not in repeated)))
    found, everything = Counter(words(text)), Counter(words(" ".join(block.text for block in page)))
    chrome = Counter(words(" ".join(line for line in text.split("\n") if line.lstrip("- ") in repeated)))
    return Reading(
        host=path.parent.name,
        name=path.name,
        outcome=outcome,
        fetch_ms=(fetched - started) * 1000,
        extract_ms=extract_ms,
        recall=(prose & found).total() / prose.total() if prose.total() >= 30 else None,
        precision=(found & everything).total() / max(1, found.total()),
        chrome=chrome.total() / max(1, found.total()),
    )


def report(readings: Sequence[Reading]) -> str:
    """A table by site, and the times."""
    lines = [f"{'site':28} pages  read  recall  precision  chrome  extract ms (median, most)"]
    for host in sorted({reading.host for reading in readings}):
        own = [reading for reading in readings if reading.host == host]
        lines.append(_line(host, own))
    lines.append(_line("all", readings))
    return "\n".join(lines)


def _line(name: str, readings: Sequence[Reading]) -> str:
    recalls = [reading.recall for reading in readings if reading.recall is not None]
    times = [reading.extract_ms for reading in readings]
    read = sum(reading.outcome.page is not None for reading in readings)
    return (
        f"{name:28} {len(readings):5} {read:5} {statistics.mean(recalls or [0]):7.3f} "
        f"{statistics.mean(reading.precision for reading in readings):10.3f} "
        f"{statistics.mean(reading.chrome for reading in readings):7.3f} "
        f"{statistics.median(times):10.1f} {max(times):10.1f}"
    )


if __name__ == "__main__":
    print(report(asyncio.run(read_all(corpus()))))
