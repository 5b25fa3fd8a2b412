"""Reads documents out of harm's way, and remembers which of them could not be read, so that none is tried twice."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from pathlib import Path

from miniatures.agents.tools.disk_cache import DiskCache
from miniatures.agents.tools.extract.extraction import Extraction
from miniatures.agents.tools.extract.pool import shared_pool
from miniatures.agents.tools.extract.protocol import Document, PipeBroken, from_json, to_json
from miniatures.agents.tools.fetching import FetchStatus
from miniatures.datamodel.campaign import FetchSettings

_REMEMBERED = frozenset({FetchStatus.TIMED_OUT, FetchStatus.TOO_LARGE, FetchStatus.CRASHED})


class Extractor:
    """Extraction with a deadline in seconds. `cache` is the folder in which what defeated it is kept, none if null."""

    def __init__(self, deadline_s: float = FetchSettings().extract_timeout_s, cache: Path | None = None) -> None:
        self._deadline_s = deadline_s
        self._disk = DiskCache(cache / "extract.sqlite") if cache else None

    async def extract(self, body: bytes, content_type: str, url: str) -> Extraction:
        """The main text of a document, or why there is none.

        Raises:
            StoreError: the cache cannot be used.
        """
        if self._disk is None:
            return await self._read(body, content_type, url)
        key = f"EXTRACT {hashlib.sha256(body).hexdigest()} {self._deadline_s:g} {content_type}"
        kept = await self._disk.get(key)
        if kept is not None:
            with suppress(PipeBroken):  # the cache of another version, or one that somebody sent
                return from_json(kept[0])
        extraction = await self._read(body, content_type, url)
        if extraction.status in _REMEMBERED:
            await self._disk.put(key, to_json(extraction))
        return extraction

    def close(self) -> None:
        """Close the cache; the workers are shared and stay."""
        if self._disk is not None:
            self._disk.close()

    async def _read(self, body: bytes, content_type: str, url: str) -> Extraction:
        return await shared_pool().extract(Document(body, content_type, url, self._deadline_s))
