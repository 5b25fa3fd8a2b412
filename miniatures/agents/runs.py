"""From a campaign file to a run: opens the backends, the tools and the store that it names, and closes them again."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from miniatures.agents.arms import ArmsProgress, left_out, loaded_arms, never_opened, run_side_by_side, summary_of_test
from miniatures.agents.campaign import CampaignRunner
from miniatures.agents.campaign_backends import CampaignBackends
from miniatures.agents.context import CampaignContext, utc_now
from miniatures.agents.enrolment import enrol, require_as_settled, settled_test
from miniatures.agents.gateways import GatewayOf, noting_gateways
from miniatures.agents.run_events import OnEvent, RunSummary, ignore_event
from miniatures.agents.seats import Seats
from miniatures.agents.tools.fetch.http import HttpFetcher
from miniatures.agents.tools.search.open import open_search
from miniatures.backends.cards import KIND, find
from miniatures.backends.errors import BackendError
from miniatures.checks.risk import least_risk, risk_bound
from miniatures.datamodel.campaign import Campaign
from miniatures.datamodel.errors import ExitCode, InputError
from miniatures.datamodel.miniature import SureReading
from miniatures.datamodel.prospect import BadRow, Prospect, prospect_key
from miniatures.datamodel.trace import new_id
from miniatures.inputs.campaign import LoadedCampaign
from miniatures.inputs.prospects import Suppressed, nobody_suppressed
from miniatures.prompts.library import PromptLibrary
from miniatures.store.open import open_store
from miniatures.store.store import Store
from miniatures.store.suppressed import suppression_of


@dataclass(frozen=True)
class OpenCampaign:
    """A campaign, or an arm of it, that is ready to run: this process holds its lock and its backends are open."""

    context: CampaignContext
    store: Store
    run_id: str


@dataclass(frozen=True)
class OpenArms:
    """A campaign with all its arms; one that is no test has a single arm, without a name.

    `closed` are the arms with a backend that cannot be opened, each with why.
    """

    store: Store
    arms: Mapping[str, OpenCampaign]
    closed: Mapping[str, BackendError]

    def of(self, arm: str) -> OpenCampaign:
        """The arm that made a result.

        Raises:
            BackendError: it has a backend that cannot be opened.
            InputError: the campaign's file has no such arm any more.
        """
        if arm in self.closed:
            raise self.closed[arm]
        if arm not in self.arms:
            told = f"arm {arm}" if arm else "the campaign before it had arms"
            raise InputError(f"this was made by {told}, which its file no longer has", hint="Run the campaign again.")
        return self.arms[arm]


async def run_campaign(
    loaded: LoadedCampaign,
    *,
    limit: int | None = None,
    redo: frozenset[str] = frozenset(),
    on_event: OnEvent = ignore_event,
    stop: asyncio.Event | None = None,
    hosts: Mapping[str, str] | None = None,
    gateway_of: GatewayOf | None = None,
    now: Callable[[], datetime] = utc_now,
) -> RunSummary:
    """Run a campaign file to its end, or to where `stop`, a budget or the first `limit` prospects end it.

    `redo` names addresses whose finished work is forgotten first; `hosts` adds to the campaign's own map;
    `now` is the time that news is old or fresh by. Of an A/B test all arms are run, each to its own end, and
    `gateway_of` tells who takes its people's mail; nobody is asked if none is given.

    Raises:
        CampaignBusy: another process runs it.
        BackendError: a backend cannot be opened; of a test, only if a spec is wrong.
        InputError: the file says something else of the test than when it began.
        StoreError: the database cannot be opened or written.
    """
    async with open_arms(loaded, hosts=hosts or {}, now=now) as opened:
        again = frozenset(prospect_key(email) for email in redo)
        for key in again:
            await opened.store.forget_stages(loaded.name, key)
        runner = partial(
            CampaignRunner,
            campaign=loaded.name,
            store=opened.store,
            prospect_budget=loaded.campaign.prospect_budget,
            again=again,
            stop=stop,
        )
        suppressed = await asyncio.to_thread(suppression_of, opened.store, loaded.name)
        rows = partial(first_prospects, loaded, limit, suppressed)
        if loaded.campaign.arms:
            return await _run_test(
                loaded, opened, runner, rows=rows, on_event=on_event, gateway_of=gateway_of, now=now()
            )
        require_as_settled(opened.store.mail.enrolments.test(loaded.name), loaded.campaign)
        total = await asyncio.to_thread(count_prospects, loaded, limit, suppressed)
        single = opened.arms[""]
        only = runner(
            context=single.context,
            run_id=single.run_id,
            concurrency=loaded.campaign.concurrency,
            on_event=on_event,
        )
        return await only.run(rows(), total)


async def _run_test(
    loaded: LoadedCampaign,
    opened: OpenArms,
    runner: Callable[..., CampaignRunner],
    *,
    rows: Callable[[], Iterator[Prospect | BadRow]],
    on_event: OnEvent,
    gateway_of: GatewayOf | None,
    now: datetime,
) -> RunSummary:
    """Enrol everybody, then run the arms that were not stopped. Each has as many prospects in flight as is its share of
    them."""
    test = await settled_test(opened.store, loaded.campaign, salt=new_id(), now=now)
    enrolled = await enrol(opened.store, test, rows(), now)
    stopped = opened.store.mail.decisions.of_stopped(loaded.name)
    going_on = {arm: one for arm, one in opened.arms.items() if arm not in stopped}
    progress = ArmsProgress(sum(enrolled.people[arm] for arm in going_on), on_event)
    runners = {
        arm: runner(
            context=one.context,
            run_id=one.run_id,
            concurrency=math.ceil(loaded.campaign.concurrency * test.shares[arm]),
            on_event=progress.listener(arm),
        )
        for arm, one in going_on.items()
    }
    async with noting_gateways(opened.store, loaded.name, enrolled.without_gateway, gateway_of):
        ended = await run_side_by_side(runners, enrolled, rows)
    ends = ended | {arm: never_opened(loaded.name, error) for arm, error in opened.closed.items()}
    ends |= {arm: left_out(opened.store, one, enrolled.rows_of(arm, rows())) for arm, one in stopped.items()}
    return summary_of_test(loaded.name, {arm: ends[arm] for arm in loaded.campaign.arms}, enrolled)


def first_prospects(
    loaded: LoadedCampaign, limit: int | None, suppressed: Suppressed = nobody_suppressed
) -> Iterator[Prospect | BadRow]:
    """The list up to its `limit`th prospect; bad rows, and who is suppressed, are told on the way and not counted."""
    seen = 0
    for row in loaded.prospects(suppressed):
        if seen == limit:
            return
        seen += isinstance(row, Prospect)
        yield row


def count_prospects(
    loaded: LoadedCampaign, limit: int | None = None, suppressed: Suppressed = nobody_suppressed
) -> int:
    """How many prospects a run of the first `limit` has."""
    return sum(isinstance(row, Prospect) for row in first_prospects(loaded, limit, suppressed))


@asynccontextmanager
async def open_campaign(
    loaded: LoadedCampaign, *, hosts: Mapping[str, str], now: Callable[[], datetime] = utc_now
) -> AsyncIterator[OpenCampaign]:
    """Open everything that the campaign file names, for one policy.

    Raises:
        InputError: it is an A/B test, whose arms have a policy each.
    """
    if loaded.campaign.arms:
        raise InputError(
            f"campaign {loaded.name} is an A/B test: each of its arms has a policy of its own",
            hint="Run it with `miniatures run`, or give a campaign without `arms`.",
        )
    async with open_arms(loaded, hosts=hosts, now=now) as opened:
        yield opened.arms[""]


@asynccontextmanager
async def open_arms(
    loaded: LoadedCampaign, *, hosts: Mapping[str, str], now: Callable[[], datetime] = utc_now
) -> AsyncIterator[OpenArms]:
    """Open everything that the campaign file names, for each of its arms."""
    async with AsyncExitStack() as held:
        yield await asyncio.to_thread(_open, loaded, hosts, held, now)


def _open(
    loaded: LoadedCampaign, hosts: Mapping[str, str], held: AsyncExitStack, now: Callable[[], datetime]
) -> OpenArms:
    """Open it in a thread, because files and weights are waited for; what is open is left to `held` to close."""
    store = held.enter_context(open_store(loaded.store_url))
    held.enter_context(store.campaign_lock(loaded.name))
    tools = replace(open_tools(loaded, held, hosts=hosts), ledger=store.ledger(loaded.name), now=now)
    run_ids = {name: new_id() for name in loaded.campaign.arms or ("",)}
    backends = CampaignBackends(loaded, store, min(run_ids.values()))
    arms, closed = {}, {}
    for name, one in loaded_arms(loaded).items():
        try:
            arms[name] = OpenCampaign(_context(one, tools, backends), store, run_ids[name])
        except BackendError as error:
            if not loaded.campaign.arms or error.exit_code is ExitCode.BAD_INPUT:
                raise
            closed[name] = error
    return OpenArms(store, arms, closed)


def _context(arm: LoadedCampaign, tools: CampaignContext, backends: CampaignBackends) -> CampaignContext:
    return replace(
        tools,
        models=backends.seats(arm.campaign.roles),
        prompts=PromptLibrary(arm.prompts_folder),
        sure_bound=sure_bound(arm.campaign),
    )


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
    """The backends behind each role that the campaign fills, as `CampaignBackends.seats` has them."""
    return CampaignBackends(loaded, store, run_id).seats(loaded.campaign.roles)
