"""A folder of documents as a search provider: what it finds it already holds, so nothing is fetched."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from miniatures.agents.together import together
from miniatures.agents.tools.crawl import SiteRead
from miniatures.agents.tools.extract.extractor import Extractor
from miniatures.agents.tools.fetching import FetchOutcome, FetchStatus
from miniatures.agents.tools.search.base import SearchOutcome, SearchQuery, SearchStatus
from miniatures.agents.tools.search.ranking import RankedPages
from miniatures.agents.tools.websites import host_of
from miniatures.datamodel.errors import InputError
from miniatures.datamodel.evidence import Page
from miniatures.datamodel.hashing import content_hash

_MOST_BYTES = 50_000_000
"""Of one document."""
_FILES_AT_ONCE = 16
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
    What lies below `leave_out`, where a campaign keeps what it makes itself, is no document.

    Raises:
        InputError: a file cannot be read, or there is none (at the first search).
    """

    name = "local"

    def __init__(self, folder: Path | str, extractor: Extractor | None = None, leave_out: Path | None = None) -> None:
        self._folder = Path(folder)
        self._extractor = extractor or Extractor()
        self._leave_out = leave_out
        self._unread: list[FetchOutcome] = []
        self._files = [path for path in self._documents() if self._may_be_read(path)]
        self.content = content_hash(
            [[path.relative_to(self._folder).as_posix(), _file_hash(path)] for path in self._files]
        )
        self.identity = f"{self.name}:{folder}@{self.content[:12]}"
        self._reading = asyncio.Lock()
        self._all: RankedPages | None = None
        self._by_host: dict[str, RankedPages] = {}

    async def search(self, query: SearchQuery, limit: int) -> SearchOutcome:
        pages = (await self._ready()).get(host_of(query.website), self._all)
        hits = await asyncio.to_thread(pages.best, query.text, limit) if pages else ()
        told = "; ".join(sorted(one.told for one in self._unread)[:5])
        detail = f"{len(self._unread)} files could not be read: {told}" if told else ""
        return SearchOutcome(status=SearchStatus.FOUND if hits else SearchStatus.EMPTY, hits=hits, detail=detail)

    async def site(self, website: str) -> SiteRead:
        """The pages of the sub-folder that is named like the web site's host."""
        host = host_of(website)
        held = (await self._ready()).get(host)
        unread = [one for one in self._unread if host and host_of(one.url) == host]
        return SiteRead(list(held.pages) if held else [], unread)

    async def page(self, url: str) -> Page | None:
        """The page at one address, read alone; None if no file is there or it cannot be read."""
        file = next((path for path in self._files if self._url(path) == url), None)
        try:
            return None if file is None else await self._page(file)
        except OSError:
            return None

    async def _ready(self) -> dict[str, RankedPages]:
        """The pages of each host, read when first asked for."""
        async with self._reading:
            if self._all is None:
                self._all = await self._read()
        return self._by_host

    def _documents(self) -> list[Path]:
        return [path for path in sorted(self._folder.rglob("*")) if self._is_document(path)]

    def _is_document(self, path: Path) -> bool:
        if path.suffix.lower() not in _TYPES or path.name == "robots.txt" or not path.is_file():
            return False
        return self._leave_out is None or not path.is_relative_to(self._leave_out)

    async def _read(self) -> RankedPages:
        if not self._files:
            raise InputError(
                f"{self._folder} holds no html, txt, md or pdf file", hint="Point search at a folder of documents."
            )
        return await asyncio.to_thread(self._ranked, await self._pages())

    def _ranked(self, pages: Sequence[Page]) -> RankedPages:
        hosts: dict[str, list[Page]] = {}
        for page in pages:
            if not page.url.startswith("file:"):
                hosts.setdefault(host_of(page.url), []).append(page)
        self._by_host = {host: RankedPages(found) for host, found in hosts.items()}
        return RankedPages(pages)

    def _may_be_read(self, path: Path) -> bool:
        """Whether the document lies in the folder, wherever a link leads, and is of a size to be read."""
        trouble = ""
        if not path.resolve().is_relative_to(self._folder.resolve()):
            trouble = "it is a link out of the folder"
        elif path.stat().st_size > _MOST_BYTES:
            trouble = f"it is larger than {_MOST_BYTES // 1_000_000} MB"
        if trouble:
            self._unread.append(FetchOutcome(status=FetchStatus.UNREADABLE, url=self._url(path), detail=trouble))
        return not trouble

    async def _pages(self) -> list[Page]:
        """The pages of the files that can be read, a few files at once, in the order of the files."""
        at_once = asyncio.Semaphore(_FILES_AT_ONCE)

        async def page(path: Path) -> Page | None:
            async with at_once:
                return await self._page(path)

        return [found for found in await together(map(page, self._files)) if found is not None]

    async def _page(self, path: Path) -> Page | None:
        url = self._url(path)
        body, changed_at = await asyncio.to_thread(_contents, path)
        found = await self._extractor.extract(body, _TYPES[path.suffix.lower()], url)
        if found.status is not FetchStatus.FETCHED:
            self._unread.append(FetchOutcome(status=found.status, url=url, detail=found.detail))
            return None
        return Page.of(
            url,
            found.text,
            title=found.title or path.stem,
            published=found.published,
            fetched_at=changed_at,
        )

    def _url(self, path: Path) -> str:
        host, *rest = path.relative_to(self._folder).parts
        if not rest or "." not in host:
            return path.absolute().as_uri()
        page = "/".join(rest)
        return f"http://{host}/{page.removesuffix('index.html')}"


def _file_hash(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}", hint="Let it be read, or take it out.") from error


def _contents(path: Path) -> tuple[bytes, datetime]:
    """The bytes of a file and when it was last changed."""
    return path.read_bytes(), datetime.fromtimestamp(path.stat().st_mtime, UTC)
