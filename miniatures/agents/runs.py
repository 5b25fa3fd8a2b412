"""From a campaign file to a run: opens the backends, the tools and the store that it names, and closes them again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime

from miniatures.agents.campaign import CampaignRunner
from miniatures.agents.context import CampaignContext, utc_now
from miniatures.agents.roles.role import role_named
from miniatures.agents.run_events import OnEvent, RunSummary, ignore_event
from miniatures.agents.seats import Seats, seated
from miniatures.agents.tools.fetch.http import HttpFetcher
from miniatures.agents.tools.search.open import open_search
from miniatures.backends.base import Backend
from miniatures.backends.cards import KIND, find
from miniatures.backends.miniature import pinned
from miniatures.backends.spec import open_backend
from miniatures.backends.wrappers.spending import Spending
from miniatures.backends.wrappers.wrap import dress
from miniatures.checks.risk import least_risk, risk_bound
from miniatures.datamodel.campaign import Budget, Campaign
from miniatures.datamodel.errors import BudgetScope, InputError
from miniatures.datamodel.miniature import SureReading
from miniatures.datamodel.prospect import BadRow, Prospect, prospect_key
from miniatures.datamodel.trace import new_id
from miniatures.inputs.campaign import LoadedCampaign
from miniatures.prompts.library import PromptLibrary
from miniatures.store.book import Book
from miniatures.store.open import open_store
from miniatures.store.spending import Spending as Spent
from miniatures.store.store import Store


@dataclass(frozen=True)
class OpenCampaign:
    """A campaign that is ready to run: this process holds its lock and its backends are open."""

    context: CampaignContext
    store: Store
    run_id: str


async def run_campaign(
    loaded: LoadedCampaign,
    *,
    limit: int | None = None,
    redo: frozenset[str] = frozenset(),
    on_event: OnEvent = ignore_event,
    stop: asyncio.Event | None = None,
    hosts: Mapping[str, str] | None = None,
    now: Callable[[], datetime] = utc_now,
) -> RunSummary:
    """Run a campaign file to its end, or to where `stop`, a budget or the first `limit` prospects end it.

    `redo` names addresses whose finished work is forgotten first; `hosts` adds to the campaign's own map;
    `now` is the time that news is old or fresh by.

    Raises:
        CampaignBusy: another process runs it.
        BackendError: a backend cannot be opened.
        StoreError: the database cannot be opened or written.
    """
    async with open_campaign(loaded, hosts=hosts or {}, now=now) as campaign:
        again = frozenset(prospect_key(email) for email in redo)
        for key in again:
            await campaign.store.forget_stages(loaded.name, key)
        runner = CampaignRunner(
            campaign=loaded.name,
            context=campaign.context,
            store=campaign.store,
            concurrency=loaded.campaign.concurrency,
            prospect_budget=loaded.campaign.prospect_budget,
            again=again,
            on_event=on_event,
            stop=stop,
            run_id=campaign.run_id,
        )
        total = await asyncio.to_thread(count_prospects, loaded, limit)
        return await runner.run(first_prospects(loaded, limit), total)


def first_prospects(loaded: LoadedCampaign, limit: int | None) -> Iterator[Prospect | BadRow]:
    """The list up to its `limit`th prospect; bad rows on the way are told and not counted."""
    seen = 0
    for row in loaded.prospects():
        if seen == limit:
            return
        seen += isinstance(row, Prospect)
        yield row


def count_prospects(loaded: LoadedCampaign, limit: int | None = None) -> int:
    """How many prospects a run of the first `limit` has."""
    return sum(isinstance(row, Prospect) for row in first_prospects(loaded, limit))


@asynccontextmanager
async def open_campaign(
    loaded: LoadedCampaign, *, hosts: Mapping[str, str], now: Callable[[], datetime] = utc_now
) -> AsyncIterator[OpenCampaign]:
    """Open everything that the campaign file names."""
    async with AsyncExitStack() as held:
        campaign = await asyncio.to_thread(_open, loaded, hosts, held)
        yield replace(campaign, context=replace(campaign.context, now=now))


def _open(loaded: LoadedCampaign, hosts: Mapping[str, str], held: AsyncExitStack) -> OpenCampaign:
    """Open it in a thread, because files and weights are waited for; what is open is left to `held` to close."""
    run_id = new_id()
    store = held.enter_context(open_store(loaded.store_url))
    held.enter_context(store.campaign_lock(loaded.name))
    context = replace(
        open_tools(loaded, held, hosts=hosts),
        models=open_roles(loaded, store, run_id),
        sure_bound=sure_bound(loaded.campaign),
        ledger=store.ledger(loaded.name),
    )
    return OpenCampaign(context, store, run_id)


def sure_bound(campaign: Campaign) -> float | None:
    """How sure of the reason to write a ready draft must be, so that the risk holds that the campaign states.

    Raises:
        InputError: the researcher's readings cannot show so small a risk, or it is no miniature and has none.
    """
    risk = campaign.ready.risk
    if risk is None:
        return None
    spec, readings = researcher_of(campaign), sure_readings(campaign)
    bound = risk_bound(readings, risk)
    if bound is None:
        least = least_risk(readings)
        raise InputError(
            f"ready, risk: {spec} has {len(readings)} readings of what it was sure of, which cannot show {risk:.0%}",
            hint="Leave `ready` out, or have drafts read and calibrate it."
            if least is None
            else f"The least that they show is {least:.0%}.",
        )
    return bound.bound


def researcher_of(campaign: Campaign) -> str:
    """The spec of the backend that chooses the reason to write."""
    seats = campaign.roles.researcher
    return "none" if seats is None else campaign.backends[seats.first].use


def sure_readings(campaign: Campaign) -> tuple[SureReading, ...]:
    """What readers found of drafts whose reason the campaign's researcher was so sure of; none if it is no miniature.

    Raises:
        UnknownModel: the registry has no such miniature.
    """
    kind, _, name = researcher_of(campaign).partition(":")
    return find(name)[0].sure_readings if kind == KIND else ()


def open_tools(loaded: LoadedCampaign, held: AsyncExitStack, *, hosts: Mapping[str, str]) -> CampaignContext:
    """The campaign's search and fetcher, with its cache, in a context without models or ledger."""
    settings, cache = loaded.campaign, loaded.work_folder / "cache"
    fetcher = HttpFetcher(settings.fetch, hosts={**settings.hosts, **hosts}, cache=cache)
    held.push_async_callback(fetcher.aclose)
    return CampaignContext(
        models={},
        brief=loaded.brief,
        search=open_search(
            settings.search,
            folder=loaded.folder,
            fetcher=fetcher,
            extractor=fetcher.extractor,
            cache=cache,
            seconds_per_site=settings.research.seconds,
        ),
        fetcher=fetcher,
        prompts=PromptLibrary(loaded.prompts_folder),
        research=settings.research,
        write=settings.write,
    )


def open_roles(loaded: LoadedCampaign, store: Store, run_id: str) -> dict[str, Seats]:
    """The backends behind each role that the campaign fills; seats that name one backend share it.

    A miniature's moving name is resolved here, once: a promotion while the run goes on changes nothing in it.

    Raises:
        BackendError: a spec is wrong, or its model cannot be had.
        InputError: no role has that name, or a budget in USD stands over a backend whose price is unknown.
    """
    roles = loaded.campaign.roles
    for role in roles.seats:
        role_named(role)
    book, spent = store.book(loaded.name, run_id), store.spent(loaded.name)
    whole = _spending(loaded.campaign.budget, BudgetScope.CAMPAIGN, f"campaign {loaded.name}", spent.total, book)
    backends: dict[str, Backend] = {}
    for name in dict.fromkeys(roles.backend_names.values()):
        settings = loaded.campaign.backends[name]
        spec = pinned(settings.use)
        bare = open_backend(spec, settings.model_copy(update={"use": spec}))
        limit = Budget(usd=settings.budget_usd, tokens=settings.budget_tokens)
        identity = str(bare.identity)
        before = spent.by_backend.get(identity, Spent())
        own = _spending(limit, BudgetScope.BACKEND, f"backend {name}", before, book, backend=identity)
        backends[name] = dress(bare, settings=settings, spendings=(own, whole))
    return seated(roles.seats, backends)


def _spending(
    limit: Budget, scope: BudgetScope, owner: str, before: Spent, book: Book, *, backend: str | None = None
) -> Spending:
    return Spending(
        limit,
        scope,
        owner,
        backend=backend,
        book=book,
        already_tokens=before.usage.total_tokens,
        already_usd=before.known_usd,
    )
