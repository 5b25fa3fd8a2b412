"""Forgets one person in everything that is at hand, in an order that a kill at any point leaves safe to begin again.

First nobody can write to them any more. Then goes what is found by their rows: flags, datasets, caches, previews and
reports. The rows go last, in one transaction, because they tell what else is theirs; the bytes of a file go after that,
every time. So the same command given again finds whatever is left, and does it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from miniatures.datamodel.mention import Mentions
from miniatures.datamodel.prospect import normalize_email
from miniatures.datamodel.redaction import without_secrets
from miniatures.datamodel.store_url import sqlite_path
from miniatures.datamodel.suppression import SuppressionReason, suppression_hash
from miniatures.delivery.standing import email_standings
from miniatures.erasure.datasets import (
    SeenDatasets,
    SeenVersion,
    dataset_folders,
    datasets_that_saw,
    flag_all,
    take_out_of,
    versions_that_saw,
)
from miniatures.erasure.files import listed_as, names, previews_naming
from miniatures.erasure.page_caches import caches_in, forget_pages, pages_naming
from miniatures.inputs.campaign import LoadedCampaign
from miniatures.measure.report import write_report
from miniatures.store.engine import Database, database_at
from miniatures.store.erase import Eraser, Known, names_of
from miniatures.store.home_secret import home_secret
from miniatures.store.lock import campaign_lock
from miniatures.store.open import open_store
from miniatures.store.scrub import scrub
from miniatures.weights.registry import Registry


@dataclass(frozen=True)
class Found:
    """Everything at hand that is about the person or names them. `stores` is by URL, `pages` by cache."""

    mentions: Mentions
    stores: dict[str, Known] = field(default_factory=dict)
    pages: dict[Path, int] = field(default_factory=dict)
    previews: list[Path] = field(default_factory=list)
    reports: list[LoadedCampaign] = field(default_factory=list)
    datasets: SeenDatasets = field(default_factory=lambda: SeenDatasets((), frozenset(), ()))
    versions: list[SeenVersion] = field(default_factory=list)


class Forgetting:
    """One person, and where they are looked for.

    Raises (from each method):
        StoreError: a store or cache cannot be read or written.
        InputError: a campaign's list, a flag or a file cannot be read.
    """

    def __init__(
        self,
        email: str,
        campaigns: Sequence[LoadedCampaign],
        datasets: Sequence[Path],
        registry: Registry,
        now: Callable[[], datetime],
    ) -> None:
        self.email = normalize_email(email)
        self.campaigns = tuple(campaigns)
        self._folders = [*datasets, *(loaded.folder for loaded in campaigns)]
        self._registry = registry
        self._now = now
        self._person = suppression_hash(home_secret(), self.email)

    def find(self) -> Found:
        """Look everywhere. Only a dataset from which rows were being taken is changed: that is finished first."""
        listed = [one for loaded in self.campaigns for one in listed_as(loaded, self.email)]
        people = {(one.first_name, one.last_name) for one in listed}
        for url in self._urls():
            with _opened(url) as database:
                people |= names_of(database, self.email)
        mentions = Mentions(self.email, people)
        stores = {}
        for url in self._urls():
            with _opened(url) as database:
                stores[url] = Eraser(database, mentions).known()
        lineage = {name for known in stores.values() for name in known.lineage}
        companies = {name for known in stores.values() for name in known.companies} | {one.company for one in listed}
        datasets = datasets_that_saw(dataset_folders(self._folders), self._person, lineage, mentions)
        return Found(
            mentions=mentions,
            stores=stores,
            pages={path: pages_naming(path, mentions) for path in self._caches()},
            previews=[path for loaded in self.campaigns for path in previews_naming(loaded, mentions)],
            reports=[loaded for loaded in self.campaigns if _report_names(loaded, mentions)],
            datasets=datasets,
            versions=versions_that_saw(self._registry, datasets, companies, self._person),
        )

    @contextmanager
    def held(self, found: Found) -> Iterator[None]:
        """Hold every campaign that is named or knows the person.

        Raises:
            CampaignBusy: another process runs one of them.
        """
        with ExitStack() as locks:
            for url, known in found.stores.items():
                database = locks.enter_context(_opened(url))
                own = {loaded.name for loaded in self.campaigns if loaded.store_url == url}
                for campaign in sorted({*own, *known.campaigns}):
                    locks.enter_context(campaign_lock(database, campaign, self._now()))
            yield

    async def erase(self, found: Found, *, from_datasets: bool) -> None:
        """Erase what was found; whoever calls it holds the campaigns. With `from_datasets`, from the sets as well.

        Raises:
            CampaignBusy: an email to them is being sent just now; what is left is found again.
        """
        await self._suppress()
        flag_all(self._registry, found.datasets, found.versions, self._person, self._now())
        if from_datasets:
            take_out_of(found.datasets)
        for path in found.pages:
            forget_pages(path, found.mentions)
        for path in found.previews:
            path.unlink(missing_ok=True)
        for loaded in found.reports:
            self._write_report(loaded)
        for url in found.stores:
            with _opened(url) as database:
                Eraser(database, found.mentions).erase(self._now())
                scrub(database)

    async def _suppress(self) -> None:
        """For all campaigns; where none was run yet, the first one's store is made, which leads to the user's list.

        What a killed sender was sending is settled, so that what is still being sent after it really is.
        """
        for url in self._urls() or [self.campaigns[0].store_url]:
            with open_store(url, flushed=True) as store:
                await store.mail.suppressions.add(self.email, SuppressionReason.FORGOTTEN)
                await store.mail.senders.recover()

    def _write_report(self, loaded: LoadedCampaign) -> None:
        with open_store(loaded.store_url) as store:
            others = (one for one in email_standings(loaded, store) if one.prospect.email != self.email)
            write_report(loaded, others)

    def _urls(self) -> list[str]:
        """The stores that are there, each once."""
        urls = dict.fromkeys(loaded.store_url for loaded in self.campaigns)
        return [url for url in urls if (path := sqlite_path(url)) is None or Path(path).exists()]

    def _caches(self) -> list[Path]:
        return [path for loaded in self.campaigns for path in caches_in(loaded.work_folder / "cache")]


def shown_url(url: str) -> str:
    """A store as a person may see it: without a password."""
    return without_secrets(url)


@contextmanager
def _opened(url: str) -> Iterator[Database]:
    """A store's database, its schema brought up to date."""
    open_store(url, create=False).close()
    database = database_at(url, flushed=True)
    try:
        yield database
    finally:
        database.engine.dispose()


def _report_names(loaded: LoadedCampaign, mentions: Mentions) -> bool:
    path = loaded.work_folder / "report.html"
    return path.is_file() and names(path, mentions)
