"""The campaigns that the app shows: each with its file as it is now, its store and its desk."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from contextlib import AsyncExitStack, suppress
from dataclasses import replace
from pathlib import Path

from miniatures.agents.context import CampaignContext
from miniatures.agents.runs import open_roles, open_tools
from miniatures.app.door import Refused
from miniatures.app.web.rewriting import Rewriting
from miniatures.datamodel.errors import InputError, MiniaturesError, StoreError
from miniatures.datamodel.store_url import sqlite_path
from miniatures.datamodel.trace import new_id
from miniatures.delivery.desk_dispatches import DeskDispatches
from miniatures.inputs.campaign import load_campaign
from miniatures.review.desk import Desk
from miniatures.review.progress import ListReader
from miniatures.store.open import open_store
from miniatures.store.store import Store


def _nothing() -> None:
    """Nothing is to be done."""


class OpenDesk:
    """One campaign. Its store is opened once there is one; its file is read again when it has changed."""

    def __init__(self, path: Path, settled: Callable[[], None] = _nothing) -> None:
        """`settled` is called once all drafts are known.

        Raises InputError: the campaign file cannot be read.
        """
        self._settled = settled
        self.loaded = load_campaign(path)
        self.trouble = ""
        self.rewriting = Rewriting()
        self._signature = self._signed()
        self._store: Store | None = None
        self._desk: Desk | None = None
        self.list = ListReader()
        self._held = AsyncExitStack()
        self._tools: CampaignContext | None = None
        self._reader: CampaignContext | None = None
        self._opening = asyncio.Lock()

    @property
    def name(self) -> str:
        return self.loaded.name

    @property
    def command(self) -> str:
        """The campaign's file as its user named it, for commands that are shown."""
        path, here = self.loaded.path, Path.cwd()
        return str(path.relative_to(here) if path.is_relative_to(here) else path)

    @property
    def was_run(self) -> bool:
        """Whether there is a store: looking at a campaign never makes one."""
        path = sqlite_path(self.loaded.store_url)
        return self._store is not None or path is None or Path(path).exists()

    @property
    def store(self) -> Store:
        """The open store.

        Raises:
            Refused: the campaign was never run.
        """
        if self._store is not None and self._store.has_failed:
            with suppress(StoreError):
                self._store.close()
            self._store = self._desk = None
        if self._store is None:
            if not self.was_run:
                raise Refused(
                    404, "not_run", f"the campaign {self.name} was not run yet", hint=f"miniatures run {self.command}"
                )
            self._store = open_store(self.loaded.store_url, create=False)
        return self._store

    async def desk(self) -> Desk:
        """The drafts, brought up to date."""
        async with self._opening:
            store = self.store
            if self._desk is None:
                self._desk, self._dispatches = Desk(store, self.name), DeskDispatches(store, self.name)
            desk = self._desk
            rows, _ = await asyncio.to_thread(self.list.rows, self.loaded)
            desk.limit_to(rows.rows if rows is not None and not rows.trouble else None)
            first = not len(desk)
            await asyncio.to_thread(desk.refresh)
            await asyncio.to_thread(self._dispatches.bring_up, desk)
            if first and len(desk):
                self._settled()
        return desk

    def held_by_others(self, name: str) -> dict[str, str]:
        """The drafts that others have before them just now, and who has each."""
        held = self.store.held_drafts(self.name, self.store.now())
        return {draft: holder for draft, holder in held.items() if holder != name}

    def tools(self) -> CampaignContext:
        """The campaign's search and page cache, without models."""
        if self._tools is None:
            self._tools = open_tools(self.loaded, self._held, hosts={})
        return self._tools

    async def reader(self) -> CampaignContext:
        """What an edit is read with: the verifier, if the campaign names one, and all that it needs.

        Raises:
            BackendError: a backend cannot be opened.
        """
        if self.loaded.campaign.roles.verifier is None:
            return self.tools()
        async with self._opening:
            if self._reader is None:
                models = await asyncio.to_thread(open_roles, self.loaded, self.store, new_id())
                self._reader = replace(self.tools(), models=models)
        return self._reader

    def look_again(self) -> None:
        """Read the campaign's file again if it has changed; `trouble` says in a sentence if that cannot be done."""
        signature = self._signed()
        if signature == self._signature:
            return
        self._signature = signature
        try:
            loaded = load_campaign(self.loaded.path)
        except MiniaturesError as error:
            self.trouble = f"The campaign's file has changed and cannot be read: {error.message}. {error.hint}"
            return
        if (loaded.name, loaded.store_url) != (self.loaded.name, self.loaded.store_url):
            self.trouble = "The campaign has another name or store by now: start the app again to see that one."
            return
        self.loaded, self.trouble, self._tools, self._reader = loaded, "", None, None

    async def close(self) -> None:
        """Let go of store and tools."""
        await self.rewriting.stop()
        await self._held.aclose()
        if self._store is not None:
            self._store.close()

    def _signed(self) -> tuple[tuple[int, int] | None, ...]:
        loaded = self.loaded
        return tuple(map(_stat, (loaded.path, loaded.resolve(loaded.campaign.brief), loaded.prospects_path)))


class Desks:
    """The campaigns by name."""

    def __init__(self, paths: Iterable[Path], settled: Callable[[], None] = _nothing) -> None:
        """Raises InputError: a file cannot be read, or two campaigns have one name."""
        self._by_name: dict[str, OpenDesk] = {}
        for path in paths:
            opened = OpenDesk(path, settled)
            if opened.name in self._by_name:
                raise InputError(f"two campaigns are named {opened.name}", hint="Open them in two apps, or rename one.")
            self._by_name[opened.name] = opened

    def __iter__(self) -> Iterator[OpenDesk]:
        return iter(self._by_name.values())

    def __getitem__(self, name: str) -> OpenDesk:
        """The campaign of this name, its file as it is now.

        Raises:
            Refused: none has it.
        """
        if name not in self._by_name:
            raise Refused(404, "unknown_campaign", f"no campaign named {name[:80]!r} is open here")
        opened = self._by_name[name]
        opened.look_again()
        return opened

    async def close(self) -> None:
        """Let go of all of them."""
        for opened in self:
            await opened.close()


def _stat(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size
