"""A folder of documents as a search provider: what it finds it already holds, so nothing is fetched."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from miniatures.agents.together import together
from miniatures.agents.tools.extract.extractor import Extractor
from miniatures.agents.tools.fetching import FetchStatus
from miniatures.agents.tools.search.base import SearchOutcome, SearchQuery, SearchStatus
from miniatures.agents.tools.search.ranking import RankedPages
from miniatures.agents.tools.search.websites import host_of
from miniatures.datamodel.errors import InputError
from miniatures.datamodel.evidence import Page
from miniatures.datamodel.hashing import text_hash

_TYPES = {
    ".html": "text/html",
    ".htm": "text/html",
    ".xhtml": "application/xhtml+xml",
    ".txt": "text/plain",
    ".md": "text/markdown",
    ".pdf": "application/pdf",
}
_FILES_AT_ONCE = 16


class FolderSearch:
    """Ranks the html, txt, md and pdf files under a folder.

    A sub-folder that is named like a host holds that host's pages: they get `http://HOST/path` addresses, and a query
    about that website sees them only. Other files get file addresses.

    Raises:
        InputError: the folder holds no such file (at the first search).
    """

    name = "local"

    def __init__(self, folder: Path | str, extractor: Extractor | None = None) -> None:
        self._folder = Path(folder)
        self._extractor = extractor or Extractor()
        self.identity = f"{self.name}:{folder}"
        self._reading = asyncio.Lock()
        self._all: RankedPages | None = None
        self._by_host: dict[str, RankedPages] = {}
        self._unread: list[str] = []

    async def search(self, query: SearchQuery, limit: int) -> SearchOutcome:
        async with self._reading:
            if self._all is None:
                self._all = await self._read()
        pages = self._by_host.get(host_of(query.website), self._all)
        hits = await asyncio.to_thread(pages.best, query.text, limit)
        detail = (
            f"{len(self._unread)} files could not be read: {'; '.join(sorted(self._unread)[:5])}"
            if self._unread
            else ""
        )
        return SearchOutcome(status=SearchStatus.FOUND if hits else SearchStatus.EMPTY, hits=hits, detail=detail)

    async def _read(self) -> RankedPages:
        files = await asyncio.to_thread(self._files)
        if not files:
            raise InputError(
                f"{self._folder} holds no html, txt, md or pdf file", hint="Point search at a folder of documents."
            )
        return await asyncio.to_thread(self._ranked, await self._pages(files))

    def _files(self) -> list[Path]:
        files = [path for path in sorted(self._folder.rglob("*")) if path.suffix.lower() in _TYPES and path.is_file()]
        return [path for path in files if path.name != "robots.txt"]

    def _ranked(self, pages: Sequence[Page]) -> RankedPages:
        hosts: dict[str, list[Page]] = {}
        for page in pages:
            if not page.url.startswith("file:"):
                hosts.setdefault(host_of(page.url), []).append(page)
        self._by_host = {host: RankedPages(found) for host, found in hosts.items()}
        return RankedPages(pages)

    async def _pages(self, files: Sequence[Path]) -> list[Page]:
        """The pages of the files that can be read, a few files at once, in the order of the files."""
        at_once = asyncio.Semaphore(_FILES_AT_ONCE)

        async def page(path: Path) -> Page | None:
            async with at_once:
                return await self._page(path)

        return [found for found in await together(map(page, files)) if found is not None]

    async def _page(self, path: Path) -> Page | None:
        url = self._url(path)
        body, changed_at = await asyncio.to_thread(_contents, path)
        found = await self._extractor.extract(body, _TYPES[path.suffix.lower()], url)
        if found.status is not FetchStatus.FETCHED:
            self._unread.append(f"{path.name}: {found.status.value}")
            return None
        return Page(
            url=url,
            title=found.title or path.stem,
            text=found.text,
            text_hash=text_hash(found.text),
            published=found.published,
            fetched_at=changed_at,
        )

    def _url(self, path: Path) -> str:
        host, *rest = path.relative_to(self._folder).parts
        if not rest or "." not in host:
            return path.resolve().as_uri()
        page = "/".join(rest)
        return f"http://{host}/{page.removesuffix('index.html')}"


def _contents(path: Path) -> tuple[bytes, datetime]:
    """The bytes of a file and when it was last changed."""
    return path.read_bytes(), datetime.fromtimestamp(path.stat().st_mtime, UTC)
