"""A folder of documents as a search provider: what it finds it already holds, so nothing is fetched."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from miniatures.agents.tools.crawl import SiteRead
from miniatures.agents.tools.extract.document import extract
from miniatures.agents.tools.fetching import FetchOutcome, FetchStatus
from miniatures.agents.tools.search.base import SearchOutcome, SearchQuery, SearchStatus
from miniatures.agents.tools.search.ranking import RankedPages
from miniatures.agents.tools.search.websites import host_of
from miniatures.datamodel.errors import InputError
from miniatures.datamodel.evidence import Page
from miniatures.datamodel.hashing import content_hash

_TYPES = {
    ".html": "text/html",
    ".htm": "text/html",
    ".xhtml": "application/xhtml+xml",
    ".txt": "text/plain",
    ".md": "text/markdown",
    ".pdf": "application/pdf",
}


class FolderSearch:
    """Ranks the html, txt, md and pdf files under a folder.

    A sub-folder that is named like a host holds that host's pages: they get `http://HOST/path` addresses, and a query
    about that website sees them only. Other files get file addresses. The provider is known by the bytes of its files.

    Raises:
        InputError: a file cannot be read, or there is none (at the first search).
    """

    name = "local"

    def __init__(self, folder: Path | str) -> None:
        self._folder = Path(folder)
        self.content = content_hash(
            [[path.relative_to(self._folder).as_posix(), _file_hash(path)] for path in self._files()]
        )
        self.identity = f"{self.name}:{folder}@{self.content[:12]}"
        self._reading = asyncio.Lock()
        self._all: RankedPages | None = None
        self._by_host: dict[str, RankedPages] = {}
        self._unread: list[FetchOutcome] = []

    async def search(self, query: SearchQuery, limit: int) -> SearchOutcome:
        pages = (await self._ready()).get(host_of(query.website), self._all)
        hits = await asyncio.to_thread(pages.best, query.text, limit) if pages else ()
        told = "; ".join(f"{one.url}: {one.status.value}" for one in self._unread[:5])
        detail = f"{len(self._unread)} files could not be read: {told}" if told else ""
        return SearchOutcome(status=SearchStatus.FOUND if hits else SearchStatus.EMPTY, hits=hits, detail=detail)

    async def site(self, website: str) -> SiteRead:
        """The pages of the sub-folder that is named like the web site's host."""
        host = host_of(website)
        held = (await self._ready()).get(host)
        unread = [one for one in self._unread if host and host_of(one.url) == host]
        return SiteRead(list(held.pages) if held else [], unread)

    async def _ready(self) -> dict[str, RankedPages]:
        """The pages of each host, read when first asked for."""
        async with self._reading:
            if self._all is None:
                self._all = await asyncio.to_thread(self._read)
        return self._by_host

    def _files(self) -> list[Path]:
        files = [path for path in sorted(self._folder.rglob("*")) if path.suffix.lower() in _TYPES and path.is_file()]
        return [path for path in files if path.name != "robots.txt"]

    def _read(self) -> RankedPages:
        files = self._files()
        if not files:
            raise InputError(
                f"{self._folder} holds no html, txt, md or pdf file", hint="Point search at a folder of documents."
            )
        pages = list(self._pages(files))
        hosts: dict[str, list[Page]] = {}
        for page in pages:
            if not page.url.startswith("file:"):
                hosts.setdefault(host_of(page.url), []).append(page)
        self._by_host = {host: RankedPages(found) for host, found in hosts.items()}
        return RankedPages(pages)

    def _pages(self, files: list[Path]) -> Iterator[Page]:
        for path in files:
            url = self._url(path)
            found = extract(path.read_bytes(), _TYPES[path.suffix.lower()], url)
            if found.status is not FetchStatus.FETCHED:
                self._unread.append(FetchOutcome(status=found.status, url=url, detail=found.detail))
                continue
            yield Page.of(
                url,
                found.text,
                title=found.title or path.stem,
                published=found.published,
                fetched_at=datetime.fromtimestamp(path.stat().st_mtime, UTC),
            )

    def _url(self, path: Path) -> str:
        host, *rest = path.relative_to(self._folder).parts
        if not rest or "." not in host:
            return path.resolve().as_uri()
        page = "/".join(rest)
        return f"http://{host}/{page.removesuffix('index.html')}"


def _file_hash(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}", hint="Let it be read, or take it out.") from error
