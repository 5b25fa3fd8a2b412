"""From a campaign file to a run: opens the backends, the tools and the store that it names, and closes them again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from miniatures.agents.campaign import CampaignRunner
from miniatures.agents.context import CampaignContext
from miniatures.agents.run_events import OnEvent, RunSummary, ignore_event
from miniatures.agents.tools.fetch.http import HttpFetcher
from miniatures.agents.tools.search.open import open_search
from miniatures.backends.ask import identity_of, profile_of
from miniatures.backends.base import Backend
from miniatures.backends.spec import open_backend
from miniatures.backends.wrappers.shadow import ShadowBackend
from miniatures.backends.wrappers.spending import Spending
from miniatures.backends.wrappers.wrap import dress
from miniatures.datamodel.campaign import Budget
from miniatures.datamodel.errors import BudgetScope
from miniatures.datamodel.hashing import content_hash
from miniatures.datamodel.prospect import BadRow, Prospect, prospect_key
from miniatures.datamodel.trace import SHADOW
from miniatures.inputs.campaign import LoadedCampaign
from miniatures.prompts.library import PromptLibrary
from miniatures.store.open import open_store
from miniatures.store.queries import Spending as Spent
from miniatures.store.store import Store


@dataclass(frozen=True)
class OpenCampaign:
    """A campaign that is ready to run: this process holds its lock and its backends are open."""

    context: CampaignContext
    policy: str
    store: Store


async def run_campaign(
    loaded: LoadedCampaign,
    *,
    limit: int | None = None,
    redo: frozenset[str] = frozenset(),
    on_event: OnEvent = ignore_event,
    stop: asyncio.Event | None = None,
    hosts: Mapping[str, str] | None = None,
) -> RunSummary:
    """Run a campaign file to its end, or to where `stop`, a budget or the first `limit` prospects end it.

    `redo` names addresses whose finished work is forgotten first; `hosts` adds to the campaign's own map.

    Raises:
        CampaignBusy: another process runs it.
        BackendError: a backend cannot be opened.
        StoreError: the database cannot be opened or written.
    """
    async with open_campaign(loaded, hosts=hosts or {}) as campaign:
        again = frozenset(prospect_key(email) for email in redo)
        for key in again:
            await campaign.store.forget_stages(loaded.name, key)
        runner = CampaignRunner(
            campaign=loaded.name,
            policy=campaign.policy,
            context=campaign.context,
            store=campaign.store,
            concurrency=loaded.campaign.concurrency,
            prospect_budget=loaded.campaign.prospect_budget,
            again=again,
            on_event=on_event,
            stop=stop,
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
async def open_campaign(loaded: LoadedCampaign, *, hosts: Mapping[str, str]) -> AsyncIterator[OpenCampaign]:
    """Open everything that the campaign file names."""
    settings = loaded.campaign
    cache = loaded.work_folder / "cache"
    with open_store(loaded.store_url) as store, store.campaign_lock(loaded.name):
        fetcher = HttpFetcher(settings.fetch, hosts={**settings.hosts, **hosts}, cache=cache)
        try:
            context = CampaignContext(
                models=await asyncio.to_thread(open_roles, loaded, store),
                brief=loaded.brief,
                search=open_search(settings.search, folder=loaded.folder, fetcher=fetcher, cache=cache),
                fetcher=fetcher,
                prompts=PromptLibrary(loaded.prompts_folder),
                research=settings.research,
                write=settings.write,
                ledger=store.ledger(loaded.name),
            )
            yield OpenCampaign(context=context, policy=policy_of(context), store=store)
        finally:
            await fetcher.aclose()


def open_roles(loaded: LoadedCampaign, store: Store) -> dict[str, Backend]:
    """The backend of each role that the campaign fills; two roles that name one backend share it.

    A shadow is no role of its own to the graphs: it goes along with the writer.

    Raises:
        BackendError: a spec is wrong, or its model cannot be had.
        InputError: a budget in USD stands over a backend whose price is unknown.
    """
    named = loaded.campaign.roles.backend_names
    spent = store.spent(loaded.name)
    whole = _spending(loaded.campaign.budget, BudgetScope.CAMPAIGN, f"campaign {loaded.name}", spent.total)
    backends: dict[str, Backend] = {}
    for name in dict.fromkeys(named.values()):
        settings = loaded.campaign.backends[name]
        bare = open_backend(settings.use, settings)
        limit = Budget(usd=settings.budget_usd, tokens=settings.budget_tokens)
        before = spent.by_backend.get(str(bare.identity), Spent())
        own = _spending(limit, BudgetScope.BACKEND, f"backend {name}", before)
        backends[name] = dress(bare, settings=settings, spendings=(own, whole))
    models = {role: backends[name] for role, name in named.items()}
    shadow = models.pop(SHADOW, None)
    if shadow is not None:
        models["writer"] = ShadowBackend(models["writer"], shadow, PromptLibrary(loaded.prompts_folder))
    return models


def _spending(limit: Budget, scope: BudgetScope, owner: str, before: Spent) -> Spending:
    return Spending(limit, scope, owner, already_tokens=before.usage.total_tokens, already_usd=before.known_usd)


def policy_of(context: CampaignContext) -> str:
    """Hash of everything that decides what a prospect's result is: equal policies share results."""
    identities = {role: identity_of(model) for role, model in context.models.items()}
    prompts = {
        role: context.prompts.version(_TEMPLATES[role], profile_of(model)) for role, model in context.models.items()
    }
    return content_hash(
        {
            "brief": context.brief.version,
            "backends": identities,
            "prompts": prompts,
            "research": context.research,
            "write": context.write,
        }
    )[:16]


_TEMPLATES = {
    "researcher": "researcher",
    "writer": "writer",
    "fallback": "writer",
    "verifier": "verifier",
    "planner": "planner",
}
