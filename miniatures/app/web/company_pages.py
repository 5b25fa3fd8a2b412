"""All pages of a company for whoever reads an email beside them, read while the reader is still at the one before."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass

from miniatures.agents.tools.crawl import SiteRead
from miniatures.agents.whole_site import whole_site
from miniatures.app.web.desks import OpenDesk
from miniatures.datamodel.errors import MiniaturesError
from miniatures.datamodel.evidence import Page
from miniatures.datamodel.prospect import Prospect

_MOST = 12


@dataclass(frozen=True)
class CompanyPages:
    """What there is to read. `coming` while it is not known yet; `trouble` says in sentences what could not be read."""

    pages: tuple[Page, ...] = ()
    trouble: tuple[str, ...] = ()
    coming: bool = False


class Shelf:
    """The companies whose pages were read last, or are being read just now."""

    def __init__(self) -> None:
        self._tasks: OrderedDict[tuple[str, str], asyncio.Task[SiteRead]] = OrderedDict()

    def ask_for(self, opened: OpenDesk, draft: str, prospect: Prospect, cited: Iterable[str]) -> None:
        """Begin to read the pages for a draft (by id), unless that has begun or is done."""
        key = opened.name, draft
        task = self._tasks.pop(key, None)
        if task is None or _is_lost(task):
            task = asyncio.get_running_loop().create_task(_read(opened, prospect, cited))
            task.add_done_callback(_look_at_its_end)
        self._tasks[key] = task
        while len(self._tasks) > _MOST:
            self._tasks.popitem(last=False)[1].cancel()

    async def pages(self, opened: OpenDesk, draft: str, seconds: float) -> CompanyPages:
        """The pages that were asked for, as far as they are there within so many seconds."""
        task = self._tasks[opened.name, draft]
        done, _ = await asyncio.wait([task], timeout=seconds)
        if not done or task.cancelled():
            return CompanyPages(coming=True)
        try:
            read = task.result()
        except MiniaturesError as error:
            return CompanyPages(trouble=(error.message,))
        return CompanyPages(tuple(read.pages), tuple(problem.told for problem in read.problems))


async def _read(opened: OpenDesk, prospect: Prospect, cited: Iterable[str]) -> SiteRead:
    return await whole_site(opened.tools(), prospect, cited)


def _look_at_its_end(task: asyncio.Task[SiteRead]) -> None:
    """So that the failure of pages which nobody came to read is no event of the log."""
    if not task.cancelled():
        task.exception()


def _is_lost(task: asyncio.Task[SiteRead]) -> bool:
    """Whether nothing can come of it any more."""
    if task.get_loop() is not asyncio.get_running_loop():
        return True
    return task.done() and (task.cancelled() or task.exception() is not None)
