"""Has drafts that reviewers sent back written again, in the background, as soon as nobody else runs the campaign."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from miniatures.datamodel.errors import CampaignBusy, MiniaturesError
from miniatures.inputs.campaign import LoadedCampaign
from miniatures.review.rewrites import Wish, grant_wishes, open_wishes
from miniatures.store.store import Store

TRY_AGAIN_S = 5.0


@dataclass
class Rewriting:
    """The rewrites of one campaign. `told` says of each draft what its rewrite waits for, or what was in its way."""

    told: dict[str, str] = field(default_factory=dict)
    _task: asyncio.Task[None] | None = None
    _failed: set[str] = field(default_factory=set)

    def wake(self, loaded: LoadedCampaign, store: Store) -> None:
        """See to the drafts that were sent back, unless that is being done."""
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._work(loaded, store))

    async def stop(self) -> None:
        """Leave off; what was not written stays sent back."""
        if self._task is not None and not self._task.done():
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _work(self, loaded: LoadedCampaign, store: Store) -> None:
        while wishes := await asyncio.to_thread(self._open, store, loaded.name):
            self._tell(wishes, "It is being written again.")
            try:
                async for wish, error in grant_wishes(loaded, wishes):
                    self._settle(wish, error)
            except CampaignBusy:
                self._tell(wishes, "It is written again as soon as the campaign's run has ended.")
                await asyncio.sleep(TRY_AGAIN_S)
            except MiniaturesError as error:
                for wish in wishes:
                    self._settle(wish, error)

    def _open(self, store: Store, campaign: str) -> list[Wish]:
        return [wish for wish in open_wishes(store, campaign) if wish.review.id not in self._failed]

    def _tell(self, wishes: list[Wish], words: str) -> None:
        self.told |= {wish.draft: words for wish in wishes}

    def _settle(self, wish: Wish, error: MiniaturesError | None) -> None:
        self.told.pop(wish.draft, None)
        if error is not None:
            self._failed.add(wish.review.id)
            self.told[wish.draft] = f"It could not be written again: {error.told}"
